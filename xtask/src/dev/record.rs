//! What has happened so far: the last invocations, for the page and for the log.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::watch;

use super::bill::Price;
use crate::local::events::Event;
use crate::local::http1::Headers;

/// How many invocations are remembered.
const MOST: usize = 100;
/// How many lines of log are kept with one.
const MOST_LINES: usize = 200;
/// What is logged before an answer may be read after it.
const LATE: Duration = Duration::from_millis(150);

/// What was sent, so that it can be sent again.
#[derive(Debug, Clone)]
pub(super) enum Input {
    /// A request.
    Http { method: String, target: Vec<u8>, headers: Headers, body: Option<Bytes> },
    /// An event in portable words.
    Event(Event),
    /// An event in the platform's own JSON.
    Raw(String),
}

/// How an invocation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    /// It goes on.
    Running,
    /// It is done.
    Done,
    /// Some of its items come again.
    Again,
    /// It failed.
    Failed,
}

/// An invocation as the page and `--json` show it; times in milliseconds.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Invocation {
    pub(super) id: u64,
    /// `http`, or the kind of trigger.
    pub(super) kind: String,
    /// `GET /path`, or the trigger's kind and name.
    pub(super) title: String,
    /// What it carried, as far as it is text.
    pub(super) sent: String,
    /// When it came, in milliseconds since 1970.
    pub(super) at: u64,
    /// When it ended, on the same clock.
    pub(super) ended: Option<u64>,
    /// The build that it waited for.
    pub(super) waited: f64,
    /// The start of the instance, if this was its first invocation.
    pub(super) cold_start: Option<f64>,
    /// The instance was started for it, and how long that took is not told apart from the rest.
    pub(super) cold_within: bool,
    /// From the function's taking it to the beginning of its answer.
    pub(super) execute: Option<f64>,
    /// From there to the end of the answer.
    pub(super) respond: Option<f64>,
    /// What went on after the answer, where the platform tells.
    pub(super) background: Option<f64>,
    /// Time on the processor.
    pub(super) cpu: Option<f64>,
    /// Others ran meanwhile: the time on the processor is theirs too.
    pub(super) shared: bool,
    pub(super) outcome: Outcome,
    pub(super) status: Option<u16>,
    /// What came back: its type, and as much of it as is shown.
    pub(super) content_type: Option<String>,
    pub(super) answer: String,
    /// How many items it had, and the places of those that failed, from 0 as in the function's log.
    pub(super) items: usize,
    pub(super) failed: Vec<usize>,
    /// What was logged while it ran.
    pub(super) logs: Vec<String>,
    /// What its platform bills of it.
    pub(super) billed: Option<String>,
    /// What a million of these would cost.
    pub(super) million: Vec<Price>,
    /// Whether it can be sent again.
    pub(super) repeatable: bool,
}

struct Entry {
    view: Invocation,
    input: Option<Input>,
    begun: Instant,
    /// Whether the function has it; before, it waits for a build or for its turn.
    taken: bool,
    ended: Option<Instant>,
}

impl Entry {
    fn runs(&self) -> bool {
        self.taken && self.ended.is_none()
    }
}

/// The last invocations, the newest at the end.
pub(super) struct Records {
    entries: Mutex<(u64, VecDeque<Entry>)>,
    /// Counts changes, for those who wait for one.
    pub(super) version: watch::Sender<u64>,
}

/// Milliseconds, with three decimals.
pub(super) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Records {
    pub(super) fn new() -> Self {
        Self { entries: Mutex::default(), version: watch::Sender::new(0) }
    }

    /// Something begins; gives its number.
    pub(super) fn begin(&self, kind: &str, title: String, sent: String, items: usize, input: Option<Input>) -> u64 {
        let mut entries = self.entries();
        entries.0 += 1;
        let id = entries.0;
        let view = Invocation {
            id,
            kind: kind.to_owned(),
            title,
            sent,
            at: now(),
            ended: None,
            waited: 0.0,
            cold_start: None,
            cold_within: false,
            execute: None,
            respond: None,
            background: None,
            cpu: None,
            shared: false,
            outcome: Outcome::Running,
            status: None,
            content_type: None,
            answer: String::new(),
            items,
            failed: Vec::new(),
            logs: Vec::new(),
            billed: None,
            million: Vec::new(),
            repeatable: input.is_some(),
        };
        entries.1.push_back(Entry { view, input, begun: Instant::now(), taken: false, ended: None });
        if entries.1.len() > MOST {
            entries.1.pop_front();
        }
        drop(entries);
        self.changed();
        id
    }

    /// The function takes it.
    pub(super) fn take(&self, id: u64) {
        if let Some(entry) = self.entries().1.iter_mut().find(|entry| entry.view.id == id) {
            entry.taken = true;
        }
    }

    /// Changes what is known of an invocation.
    pub(super) fn update(&self, id: u64, change: impl FnOnce(&mut Invocation)) {
        if let Some(entry) = self.entries().1.iter_mut().find(|entry| entry.view.id == id) {
            change(&mut entry.view);
        }
        self.changed();
    }

    /// It has ended, and this is all that came of it: nobody sees a half of that.
    pub(super) fn end(&self, id: u64, change: impl FnOnce(&mut Invocation)) {
        if let Some(entry) = self.entries().1.iter_mut().find(|entry| entry.view.id == id) {
            change(&mut entry.view);
            entry.ended = Some(Instant::now());
            entry.view.ended = Some(now());
        }
        self.changed();
    }

    /// A line that was logged belongs to all that run; where none does, to the last that did; where that was long ago, to those
    /// that wait, for it is of the program's start.
    pub(super) fn log(&self, line: &str) {
        let mut entries = self.entries();
        let add = |entry: &mut Entry| {
            if entry.view.logs.len() < MOST_LINES {
                entry.view.logs.push(line.to_owned());
            }
        };
        let late = |entry: &&mut Entry| entry.ended.is_some_and(|ended| ended.elapsed() < LATE);
        if entries.1.iter().any(Entry::runs) {
            entries.1.iter_mut().filter(|entry| entry.runs()).for_each(add);
        } else if let Some(last) = entries.1.iter_mut().filter(late).max_by_key(|entry| entry.ended) {
            add(last);
        } else {
            entries.1.iter_mut().filter(|entry| entry.ended.is_none()).for_each(add);
        }
        drop(entries);
        self.changed();
    }

    /// The oldest that the platform has not told the duration of, with this title: and how long it has run.
    pub(super) fn unreported(&self, title: &str) -> Option<(u64, Duration)> {
        let entries = self.entries();
        // An event goes by its own title, and came as a request nevertheless.
        let is_event = title == "POST /_anyfn/events";
        let mut of_title =
            entries.1.iter().filter(|entry| entry.view.title == title || (is_event && entry.view.kind != "http"));
        let found = of_title.find(|entry| entry.view.background.is_none() && entry.view.outcome != Outcome::Failed)?;
        Some((found.view.id, found.begun.elapsed()))
    }

    /// How many run.
    pub(super) fn running(&self) -> usize {
        self.entries().1.iter().filter(|entry| entry.runs()).count()
    }

    /// One of them.
    pub(super) fn get(&self, id: u64) -> Option<(Invocation, Option<Input>)> {
        let entries = self.entries();
        let entry = entries.1.iter().find(|entry| entry.view.id == id)?;
        Some((entry.view.clone(), entry.input.clone()))
    }

    /// All of them, the newest first.
    pub(super) fn all(&self) -> Vec<Invocation> {
        self.entries().1.iter().rev().map(|entry| entry.view.clone()).collect()
    }

    pub(super) fn changed(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    fn entries(&self) -> MutexGuard<'_, (u64, VecDeque<Entry>)> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Outcome, Records};

    #[test]
    fn lines_belong_to_what_runs_and_the_oldest_are_forgotten() {
        let records = Records::new();
        let first = records.begin("http", "GET /".to_owned(), String::new(), 1, None);
        records.take(first);
        records.log("one");
        assert_eq!(records.running(), 1);
        records.end(first, |view| view.outcome = Outcome::Done);
        assert_eq!((records.running(), records.get(first).unwrap().0.logs), (0, vec!["one".to_owned()]));
        for _ in 0..MOST {
            records.begin("http", "GET /".to_owned(), String::new(), 1, None);
        }
        assert!(records.get(first).is_none());
        assert_eq!(records.all().len(), MOST);
        assert!(records.all()[0].id > records.all()[1].id);
    }

    /// On Lambda an instance has one event at a time, and a request may have to wait for a build.
    #[test]
    fn who_waits_gets_no_lines_but_those_of_a_start() {
        let records = Records::new();
        let begin = || records.begin("http", "GET /".to_owned(), String::new(), 1, None);
        let lines = |id| records.get(id).unwrap().0.logs;
        let (first, second) = (begin(), begin());
        records.log("starting");
        records.take(first);
        records.log("of the first");
        assert_eq!(records.running(), 1);
        records.end(first, |_| {});
        records.log("late");
        records.take(second);
        records.log("of the second");
        assert_eq!(lines(first), ["starting", "of the first", "late"]);
        assert_eq!(lines(second), ["starting", "of the second"]);
    }
}
