//! What a row expects of one runtime, once a forced difference has taken the place of what it replaces.

use crate::{Answer, Case, Forced, Seen};

/// The expectation of one row for one runtime.
pub(crate) struct Expect {
    pub(crate) echoes: bool,
    pub(crate) seen: Vec<Seen>,
    pub(crate) answer: Vec<Answer>,
}

impl Expect {
    pub(crate) fn of(case: &Case, forced: Option<&Forced>) -> Self {
        let mut expect = Self { echoes: case.echoes, seen: case.seen.to_vec(), answer: case.answer.to_vec() };
        if let Some(forced) = forced {
            if forced.refused {
                expect = Self { echoes: false, seen: Vec::new(), answer: Vec::new() };
            }
            for seen in forced.seen {
                expect.seen.retain(|other| other.subject() != seen.subject());
            }
            for answer in forced.answer {
                expect.answer.retain(|other| other.subject() != answer.subject());
            }
            expect.seen.extend(forced.seen);
            expect.answer.extend(forced.answer);
        }
        if !expect.answer.iter().any(|answer| matches!(answer, Answer::Status(_) | Answer::Problem(_))) {
            expect.answer.push(Answer::Status(200));
        }
        expect
    }

    pub(crate) fn method(&self) -> Option<&'static str> {
        self.seen.iter().find_map(|seen| if let Seen::Method(method) = seen { Some(*method) } else { None })
    }

    pub(crate) fn path(&self) -> Option<&'static str> {
        self.seen.iter().find_map(|seen| if let Seen::Path(path) = seen { Some(*path) } else { None })
    }

    pub(crate) fn query(&self) -> Option<Option<&'static str>> {
        self.seen.iter().find_map(|seen| if let Seen::Query(query) = seen { Some(*query) } else { None })
    }

    pub(crate) fn origin(&self) -> Option<&'static str> {
        self.seen.iter().find_map(|seen| if let Seen::Origin(origin) = seen { Some(*origin) } else { None })
    }

    pub(crate) fn cookies(&self) -> Option<&'static str> {
        self.seen.iter().find_map(|seen| if let Seen::Cookies(cookies) = seen { Some(*cookies) } else { None })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&'static [&'static str]> {
        self.seen.iter().find_map(|seen| match seen {
            Seen::Header(named, values) if named.eq_ignore_ascii_case(name) => Some(*values),
            _ => None,
        })
    }
}

impl Seen {
    fn subject(&self) -> String {
        match self {
            Self::Method(_) => "method".to_owned(),
            Self::Path(_) => "path".to_owned(),
            Self::Query(_) => "query".to_owned(),
            Self::Header(name, _) => format!("header {name}"),
            Self::Cookies(_) => "header cookie".to_owned(),
            Self::Origin(_) => "origin".to_owned(),
            Self::Body(_) => "body".to_owned(),
        }
    }
}

impl Answer {
    fn subject(&self) -> String {
        match self {
            Self::Status(_) | Self::Problem(_) => "status".to_owned(),
            Self::Header(name, _) => format!("header {name}"),
            Self::Body(_) => "body".to_owned(),
            Self::Json(pointer, _) => format!("json {pointer}"),
            Self::Broken => "end".to_owned(),
            Self::Without(text) => format!("without {text}"),
            Self::Streamed(..) => "streamed".to_owned(),
            Self::Slow(_) => "slow".to_owned(),
            Self::Logs(_) | Self::LogsAfter(_) | Self::LogsBefore(_) => "log".to_owned(),
            Self::Again(_) | Self::Replied(_) => "told".to_owned(),
            Self::Event(_) => "event".to_owned(),
        }
    }
}
