//! What an executable said about its invocations, held against what it did.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use crate::local::Report;
use crate::local::logs::Logs;

/// Messages and answers come on two sockets: what was sent last may be read first, on a busy machine by about so much.
const SKEW: Duration = Duration::from_millis(400);

/// How many invocations that are done are kept, to know a message about one of them that comes too late.
const KEPT: usize = 1000;

/// What a request and the messages about it have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) invocation: String,
    pub(super) request: u64,
}

impl Key {
    /// What the vendor's runtimes call the lines that belong to no request, such as those of the start.
    fn is_none(&self) -> bool {
        self.invocation == "0" && self.request == 0
    }
}

/// The invocations that are under way, and the last of those that are done.
pub(super) struct Ledger {
    entries: Mutex<Entries>,
    logs: Logs,
    violations: Logs,
}

#[derive(Default)]
struct Entries {
    all: HashMap<Key, Entry>,
    /// Those that are done, the oldest first.
    done: VecDeque<Key>,
}

impl Entries {
    /// Called when an entry has become answered, or ended: where it is both, it takes the place of the oldest that is.
    fn settle(&mut self, key: &Key) {
        if !self.all.get(key).is_some_and(|entry| entry.answered && entry.ended.is_some()) {
            return;
        }
        self.done.push_back(key.clone());
        if self.done.len() > KEPT
            && let Some(oldest) = self.done.pop_front()
        {
            self.all.remove(&oldest);
        }
    }
}

struct Entry {
    what: String,
    begun: Instant,
    answered: bool,
    ended: Option<Instant>,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "kebab-case")]
enum Message {
    #[serde(rename_all = "camelCase")]
    ServerStarted {
        init_duration: f64,
        http_port: u16,
    },
    End {
        context: Context,
        error: Option<serde_json::Value>,
    },
    Log {
        context: Option<Context>,
        message: String,
        level: Option<String>,
        stream: Option<String>,
    },
    Metric(serde::de::IgnoredAny),
    #[serde(rename_all = "camelCase")]
    UnrecoverableError {
        exit_code: i64,
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    invocation_id: String,
    request_id: u64,
}

impl Ledger {
    pub(super) fn new(logs: Logs, violations: Logs) -> Self {
        Self { entries: Mutex::default(), logs, violations }
    }

    /// A request is about to be sent.
    pub(super) fn begin(&self, key: &Key, what: &str) {
        let entry = Entry { what: what.to_owned(), begun: Instant::now(), answered: false, ended: None };
        self.entries().all.insert(key.clone(), entry);
    }

    /// All of its answer is there.
    pub(super) fn answered(&self, key: &Key) {
        let mut entries = self.entries();
        let Some(entry) = entries.all.get_mut(key) else { return };
        entry.answered = true;
        if let Some(early) = entry.ended.map(|ended| ended.elapsed()).filter(|early| *early > SKEW) {
            self.violation(&format!("{}: `end` came {early:?} before the end of the answer", entry.what));
        }
        entries.settle(key);
    }

    /// It has no whole answer.
    pub(super) fn broken(&self, key: &Key, why: &str) {
        let mut entries = self.entries();
        let Some(entry) = entries.all.get_mut(key) else { return };
        entry.answered = true;
        self.violation(&format!("{} {why}", entry.what));
        entries.settle(key);
    }

    /// Takes a message, and gives the port that a `server-started` tells.
    pub(super) fn message(&self, message: &[u8], started: bool) -> Option<u16> {
        match serde_json::from_slice(message) {
            Ok(Message::ServerStarted { init_duration, http_port }) => {
                if started {
                    self.violation("`server-started` came twice");
                }
                if init_duration.is_sign_negative() {
                    self.violation(&format!("`server-started` has an initDuration of {init_duration}"));
                }
                return Some(http_port);
            }
            Ok(Message::End { context, error }) => self.end(&context.into(), error.as_ref()),
            Ok(Message::Log { context, message, level, stream }) => {
                if !started {
                    self.violation("`log` came before `server-started`");
                }
                if level.is_some() == stream.is_some() {
                    self.violation("`log` needs either a level or a stream");
                }
                let unknown = |key: &Key| !key.is_none() && !self.entries().all.contains_key(key);
                if let Some(key) = context.map(Key::from).filter(unknown) {
                    self.violation(&format!("`log` names the unknown request {} of {}", key.request, key.invocation));
                }
                match BASE64_STANDARD.decode(&message) {
                    Ok(text) => self.logs.push(&String::from_utf8_lossy(&text)),
                    Err(_) => self.violation(&format!("`log` has a message that is no base64: {message}")),
                }
            }
            Ok(Message::Metric(_)) => {}
            Ok(Message::UnrecoverableError { exit_code, message }) => {
                self.logs.push(&format!("unrecoverable error, exit code {exit_code}: {message}"));
            }
            Err(error) => {
                self.violation(&format!("no message of the protocol ({error}): {}", String::from_utf8_lossy(message)));
            }
        }
        None
    }

    /// Nothing more will come: what has not ended never will.
    pub(super) fn close(&self) {
        for (_, entry) in std::mem::take(&mut *self.entries()).all {
            if entry.ended.is_none() {
                self.violation(&format!("{}: no `end` ever came", entry.what));
            }
        }
    }

    pub(super) fn violation(&self, what: &str) {
        self.violations.push(what);
    }

    fn end(&self, key: &Key, error: Option<&serde_json::Value>) {
        let mut entries = self.entries();
        let Some(entry) = entries.all.get_mut(key) else {
            self.violation(&format!("`end` names the unknown request {} of {}", key.request, key.invocation));
            return;
        };
        let again = entry.ended.replace(Instant::now()).is_some();
        if again {
            self.violation(&format!("{}: `end` came twice", entry.what));
        }
        let duration = entry.begun.elapsed();
        self.logs.report(&Report { request: Some(entry.what.clone()), duration, billed: None, init: None });
        if let Some(error) = error {
            self.logs.push(&format!("{} ended with an error: {error}", entry.what));
        }
        if !again {
            entries.settle(key);
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Context> for Key {
    fn from(context: Context) -> Self {
        Self { invocation: context.invocation_id, request: context.request_id }
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Ledger, Logs};

    const END: &str = r#"{"type":"end","payload":{"context":{"invocationId":"i","requestId":1},"error":null}}"#;

    /// What the ledger has against these messages about one answered request.
    fn against(messages: &[&str]) -> Vec<String> {
        let violations = Logs::default();
        let ledger = Ledger::new(Logs::default(), violations.clone());
        let key = Key { invocation: "i".to_owned(), request: 1 };
        ledger.begin(&key, "GET /");
        ledger.answered(&key);
        for message in messages {
            ledger.message(message.as_bytes(), true);
        }
        ledger.close();
        violations.lines()
    }

    #[test]
    fn exactly_one_end_is_right() {
        assert_eq!(against(&[END]), <[&str; 0]>::default());
        assert_eq!(against(&[]), ["GET /: no `end` ever came"]);
        assert_eq!(against(&[END, END]), ["GET /: `end` came twice"]);
    }

    fn end(request: usize) -> String {
        END.replace("\"requestId\":1", &format!("\"requestId\":{request}"))
    }

    #[test]
    fn what_is_done_is_forgotten_when_enough_others_are_done() {
        let violations = Logs::default();
        let ledger = Ledger::new(Logs::default(), violations.clone());
        let key = |request| Key { invocation: "i".to_owned(), request };
        ledger.begin(&key(0), "GET /under-way");
        let last = 3 * super::KEPT;
        for request in 1..=last {
            let (this, end) = (key(request as u64), end(request));
            ledger.begin(&this, "GET /");
            // Either may come first.
            if request % 2 == 0 {
                ledger.answered(&this);
                ledger.message(end.as_bytes(), true);
            } else {
                ledger.message(end.as_bytes(), true);
                ledger.answered(&this);
            }
        }
        assert_eq!(ledger.entries().all.len(), super::KEPT + 1);
        assert_eq!(violations.lines(), <[&str; 0]>::default());
        // What was done a moment ago is known still, and what goes on always.
        ledger.message(end(last).as_bytes(), true);
        ledger.close();
        assert_eq!(violations.lines(), ["GET /: `end` came twice", "GET /under-way: no `end` ever came"]);
    }

    #[test]
    fn an_end_must_come_after_the_answer() {
        let violations = Logs::default();
        let ledger = Ledger::new(Logs::default(), violations.clone());
        let key = Key { invocation: "i".to_owned(), request: 1 };
        ledger.begin(&key, "GET /");
        ledger.message(END.as_bytes(), true);
        std::thread::sleep(super::SKEW * 2);
        ledger.answered(&key);
        assert!(violations.lines()[0].contains("before the end of the answer"), "{:?}", violations.lines());
    }

    #[test]
    fn a_line_of_the_start_belongs_to_no_request() {
        let line =
            r#"{"type":"log","payload":{"context":{"invocationId":"0","requestId":0},"message":"","level":"info"}}"#;
        assert_eq!(against(&[line, END]), <[&str; 0]>::default());
        let other = line.replace(":0}", ":2}");
        assert!(against(&[&other, END])[0].contains("unknown request"));
    }

    #[test]
    fn messages_that_are_none_are_told() {
        for (message, expected) in [
            ("{}", "no message of the protocol"),
            (
                r#"{"type":"end","payload":{"context":{"invocationId":"x","requestId":1},"error":null}}"#,
                "unknown request",
            ),
            (r#"{"type":"end","payload":{"context":{"invocationId":"i","requestId":"1"}}}"#, "no message"),
            (r#"{"type":"server-started","payload":{"initDuration":1,"httpPort":1}}"#, "came twice"),
            (r#"{"type":"log","payload":{"message":"!","level":"info"}}"#, "no base64"),
            (r#"{"type":"log","payload":{"message":""}}"#, "either a level or a stream"),
        ] {
            let violations = against(&[message, END]);
            assert!(violations.len() == 1 && violations[0].contains(expected), "{message}: {violations:?}");
        }
    }
}
