//! Events to the function that runs, each of them recorded.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::bill::Measured;
use super::generation::Generation;
use super::platform::{outcome, recognised};
use super::record::{Input, Invocation, Outcome, millis};
use super::{Shared, ansi};
use crate::build::Target;
use crate::build::lambda::MEMORY;
use crate::local::Report;
use crate::local::events::{Event, Told};
use crate::local::http1::{Answer, Request};
use crate::local::lambda::Api;
use crate::local::origin;

/// The largest event that any platform takes.
const LARGEST: usize = 8 << 20;
/// As much of an answer as is shown.
const SHOWN: usize = 16 << 10;

/// The clock of one invocation.
pub(super) struct Clock {
    begin: Instant,
    /// Whether it is the first of its instance.
    first: bool,
    cold_start: Option<Duration>,
    cpu: Option<Duration>,
    shared: bool,
}

impl Clock {
    /// The function is about to take this invocation.
    pub(super) fn start(shared: &Shared, generation: &Generation, id: u64) -> Self {
        shared.records.take(id);
        let start = generation.cold_start();
        let first = start.is_some();
        // workerd and AWS' emulator make an instance inside of its first event.
        let within = match shared.target {
            Target::Cloudflare => true,
            Target::Lambda => shared.lambda().api == Api::Emulator,
            Target::Vercel | Target::Server => false,
        };
        let cold_start = start.filter(|_| !within);
        Self { begin: Instant::now(), first, cold_start, cpu: generation.cpu(), shared: shared.records.running() > 1 }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }
}

/// Writes down what became of an invocation, whose answer began after `execute` and ended after `whole`, and says it;
/// `came` writes what came back.
pub(super) fn finish(
    shared: &Shared,
    generation: &Generation,
    id: u64,
    clock: &Clock,
    (execute, whole): (Duration, Duration),
    report: Option<&Report>,
    came: impl FnOnce(&mut Invocation),
) {
    let cpu = generation.cpu().zip(clock.cpu).map(|(now, before)| now.saturating_sub(before));
    // AWS' emulator says that it took a few microseconds, which is not how long it took.
    let init = report.and_then(|report| report.init).filter(|init| *init >= Duration::from_millis(1));
    let cold_start = init.or(clock.cold_start);
    // The emulator starts the function inside of the first invocation.
    let started = init.unwrap_or_default();
    let execute = execute.saturating_sub(started);
    let respond = whole.saturating_sub(started).saturating_sub(execute);
    let duration = report.map_or(execute + respond, |report| report.duration);
    let memory = shared.function.settings.memory.unwrap_or(MEMORY);
    let measured = Measured { duration, billed: report.and_then(|report| report.billed), cpu, memory };
    let others = clock.shared || shared.records.running() > 1;
    shared.records.end(id, |view| {
        came(view);
        view.cold_start = cold_start.map(millis);
        view.cold_within = clock.first && cold_start.is_none();
        view.execute = Some(millis(execute));
        // An event is answered in one piece.
        view.respond = (!respond.is_zero()).then(|| millis(respond));
        if let Some(report) = report {
            view.background = Some(millis(report.duration.saturating_sub(execute + respond)));
        }
        view.cpu = cpu.map(millis);
        view.shared = others;
        view.billed = measured.words(shared.target);
        view.million = measured.million(shared.target);
    });
    if let Some((view, _)) = shared.records.get(id) {
        shared.say.invocation(&view);
    }
}

/// Sends an event of portable words; gives the number that it is recorded under.
pub(super) async fn event(shared: &Arc<Shared>, event: Event) -> u64 {
    let (kind, name, sent, items) = describe(&event);
    let title = format!("{kind} {name}");
    let input = Input::Event(event.clone());
    let id = shared.records.begin(kind, title.trim_end().to_owned(), sent, items, Some(input));
    let arrived = Instant::now();
    let generation = match shared.serving().await {
        Ok(generation) => generation,
        Err(failure) => {
            failed(shared, id, &format!("{}\n\n{}", failure.title, ansi::plain(&failure.text)));
            return id;
        }
    };
    let _turn = generation.turn().await;
    let waited = arrived.elapsed();
    let clock = Clock::start(shared, &generation, id);
    let told = generation.receiver.send(&event).await;
    let took = clock.elapsed();
    let report = generation.report().await;
    finish(shared, &generation, id, &clock, (took, took), report.as_ref(), |view| {
        view.waited = millis(waited);
        match told {
            Ok(Told::Again(again)) if again.is_empty() => view.outcome = Outcome::Done,
            Ok(Told::Again(again)) => {
                view.outcome = Outcome::Again;
                view.failed = again;
            }
            Ok(Told::Json(text)) => {
                view.outcome = Outcome::Done;
                view.answer = text;
            }
            Ok(Told::Failed(why)) => {
                view.outcome = Outcome::Failed;
                view.answer = why;
            }
            Err(error) => {
                view.outcome = Outcome::Failed;
                view.answer = format!("{error:#}");
            }
        }
    });
    id
}

/// An event in the platform's own JSON, as `invoke` sends it: passed on to the process that runs.
pub(super) async fn raw(shared: &Arc<Shared>, mut request: Request) -> Answer {
    if let Err(why) = origin::own(&request.headers, request.local.port()) {
        return Answer::typed(403, "text/plain", format!("{why}\n"));
    }
    let json = match request.body.collect(LARGEST).await {
        Ok(Some(body)) => String::from_utf8_lossy(&body).into_owned(),
        Ok(None) => return Answer::typed(413, "text/plain", "an event that is larger than any platform takes\n"),
        Err(error) => return Answer::typed(400, "text/plain", format!("{error}\n")),
    };
    match raw_json(shared, json).await.1 {
        Ok(text) => Answer::typed(200, "application/json", text),
        Err(why) => Answer::typed(500, "text/plain", why),
    }
}

/// Sends an event in the platform's own JSON, and gives what came back.
pub(super) async fn raw_json(shared: &Arc<Shared>, json: String) -> (u64, Result<String, String>) {
    let (kind, name, items) = recognised(&json);
    let title = format!("{kind} {name}").trim_end().to_owned();
    let id = shared.records.begin(&kind, title, shown(&json), items, Some(Input::Raw(json.clone())));
    let arrived = Instant::now();
    let generation = match shared.serving().await {
        Ok(generation) => generation,
        Err(failure) => {
            let why = format!("{}\n\n{}", failure.title, ansi::plain(&failure.text));
            failed(shared, id, &why);
            return (id, Err(why));
        }
    };
    let _turn = generation.turn().await;
    let waited = arrived.elapsed();
    let clock = Clock::start(shared, &generation, id);
    let result = generation.receiver.raw(&json).await.map_err(|error| format!("{error:#}"));
    let took = clock.elapsed();
    let report = generation.report().await;
    finish(shared, &generation, id, &clock, (took, took), report.as_ref(), |view| {
        view.waited = millis(waited);
        match &result {
            Ok(text) => {
                (view.outcome, view.failed) = outcome(&json, text);
                view.answer = shown(text);
            }
            Err(why) => {
                view.outcome = Outcome::Failed;
                view.answer = shown(why);
            }
        }
    });
    (id, result)
}

/// There was no function to take it.
fn failed(shared: &Shared, id: u64, why: &str) {
    shared.records.end(id, |view| {
        view.outcome = Outcome::Failed;
        view.answer = shown(why);
    });
    if let Some((view, _)) = shared.records.get(id) {
        shared.say.invocation(&view);
    }
}

/// As much of a text as is shown.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().find(|(at, _)| *at >= SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

/// The kind of an event, its trigger's name, what it carries as text, and how many items it has.
fn describe(event: &Event) -> (&'static str, String, String, usize) {
    match event {
        Event::Schedule { cron, .. } => ("schedule", cron.clone(), String::new(), 1),
        Event::Queue { name, bodies } => ("queue", name.clone(), bodies.join("\n"), bodies.len()),
        Event::Object { created: true, bucket, key, .. } => ("object_created", bucket.clone(), key.clone(), 1),
        Event::Object { bucket, key, .. } => ("object_removed", bucket.clone(), key.clone(), 1),
        Event::Change { table, old, new, .. } => {
            let row = new.as_ref().or(old.as_ref()).map(Value::to_string).unwrap_or_default();
            ("change", table.clone(), row, 1)
        }
        Event::Message { topic, body, .. } => ("message", topic.clone(), body.clone(), 1),
        Event::Custom(json) => ("custom", String::new(), json.to_string(), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn long_texts_are_cut_between_characters() {
        let cut = shown(&"ü".repeat(10_000));
        assert!(cut.ends_with("… (20000 bytes)") && cut.len() < 17_000, "{}", cut.len());
    }
}
