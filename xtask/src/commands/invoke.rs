//! `cargo xtask invoke`.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

use anstream::println;
use anyhow::{Context as _, Result, bail};

use crate::build::Target;
use crate::dev::platform::told;
use crate::dev::samples::{SAMPLES, Sample, named};
use crate::local::events::{Event, Told};
use crate::local::running::{Served, served};
use crate::project::Project;
use crate::ui::{self, Mark};

/// Send an event to a function that `dev` or `run` serves, as its platform would, and say what became of it
///
/// A sample is sent under the name that the program declares for its kind; a file is sent as it is, in the platform's own
/// JSON. What the function logs meanwhile is shown; items are counted from 0, as it counts them.
///
/// Exit code 0: all of it is done. 1: the invocation failed, or items of it did, and it says how many of how many and
/// which; the platform would send those again. An answer to a request is one whatever its status.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask invoke --list                                 the samples
  cargo xtask invoke queue                                  to the one function that runs
  cargo xtask invoke queue --data '{\"id\": 7}' --data '{\"id\": 8}'
  cargo xtask invoke schedule --target lambda
  cargo xtask invoke event.json --target lambda             an event of AWS' own

First, in another terminal:
  cargo xtask dev
  cargo xtask run --target lambda --package echo")]
pub struct Args {
    /// A sample, or a file of JSON
    #[arg(value_name = "SAMPLE|FILE", required_unless_present = "list")]
    pub event: Option<String>,
    /// The platform that the function runs on; may be left out where one runs
    #[arg(long, value_enum, value_name = "lambda|cloudflare|vercel|server")]
    pub target: Option<Target>,
    /// The name of the schedule, queue, bucket, table or topic, in place of the program's own
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// What it carries, in place of the sample's own; for a queue it may be repeated, once for each message
    #[arg(long, value_name = "TEXT")]
    pub data: Vec<String>,
    /// List the samples
    #[arg(long)]
    pub list: bool,
}

/// Runs the command.
///
/// # Errors
/// No function runs, the event is unknown or fails.
pub fn run(args: &Args) -> Result<()> {
    if args.list {
        for sample in SAMPLES {
            println!("{:<28} {}", sample.names.join(", "), sample.what);
        }
        return Ok(());
    }
    let wanted = args.event.as_deref().unwrap_or_default();
    // Said before anything is looked for.
    let sample = named(wanted);
    if sample.is_none() && !Path::new(wanted).exists() {
        let names: Vec<_> = SAMPLES.iter().map(|sample| sample.names[0]).collect();
        bail!("`{wanted}` is no file here and none of the samples: {}", names.join(", "));
    }
    let served = served(&Project::load()?.root, args.target)?;
    let receiver = served.receiver();
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    let log = Log::here(&served);
    let start = Instant::now();
    let (told, items) = if let Some(sample) = sample {
        let event = event(sample, args, &served)?;
        (runtime.block_on(receiver.send(&event))?, event.items())
    } else {
        let event = file(wanted, args)?;
        runtime
            .block_on(receiver.raw(&event))
            .map_or_else(|error| (Told::Failed(format!("{error:#}")), 1), |answer| told(&event, answer))
    };
    let took = format!("{} ms", start.elapsed().as_millis());
    let what = format!("{wanted} on {}", served.target.name());
    let logged = log.map(Log::read).unwrap_or_default();
    for line in logged.lines() {
        ui::row(Mark::Plain, "log", line);
    }
    match told {
        Told::Again(again) if again.is_empty() => ui::step("Done", format_args!("{what} in {took}")),
        Told::Again(again) => {
            // As the function's log counts them, from 0.
            let places: Vec<_> = again.iter().map(ToString::to_string).collect();
            bail!(
                "{what}: {} of {items} items failed: {}\nthe platform would send {} again; mend what the function's log \
                 says, and invoke it again",
                again.len(),
                places.join(", "),
                if again.len() == 1 { "it" } else { "them" }
            );
        }
        Told::Json(text) => {
            ui::step("Done", format_args!("{what} in {took}"));
            if !text.is_empty() {
                println!("{text}");
            }
        }
        Told::Failed(why) => {
            bail!("{what}: it failed: {}\nmend what the function's log says, and invoke it again", why.trim_end())
        }
    }
    Ok(())
}

/// The event that a file holds.
fn file(path: &str, args: &Args) -> Result<String> {
    if args.name.is_some() || !args.data.is_empty() {
        bail!("a file is sent as it is: leave out --name and --data, or say a sample in its place");
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    serde_json::from_str::<serde::de::IgnoredAny>(&text).with_context(|| format!("{path} is no JSON"))?;
    Ok(text)
}

/// The sample as an event, under the name that is said or, without one, that the program declares.
fn event(sample: &Sample, args: &Args, served: &Served) -> Result<Event> {
    let kind = sample.kind;
    let declared: Vec<&str> = served.declared(kind).collect();
    let name = match (&args.name, declared.as_slice()) {
        (Some(name), _) => name.clone(),
        (None, [name]) => (*name).to_owned(),
        (None, []) if kind == "custom" => String::new(),
        (None, []) => {
            let others: Vec<_> = served.triggers.iter().map(|(kind, _)| kind.replace('_', "-")).collect();
            bail!(
                "{} declares no {}, but: {}\nsend it nevertheless with --name NAME",
                served.package,
                kind.replace('_', " "),
                others.join(", ")
            )
        }
        (None, several) => bail!("{} declares several: say one with --name: {}", served.package, several.join(", ")),
    };
    sample.event(name, args.data.clone())
}

/// What the function logs from here on.
struct Log(File);

impl Log {
    /// Begins at the end of what is there; none where the function's log is in no file.
    fn here(served: &Served) -> Option<Self> {
        let mut file = File::open(served.log.as_ref()?).ok()?;
        file.seek(SeekFrom::End(0)).ok()?;
        Some(Self(file))
    }

    /// All of it, when for a moment nothing has been added.
    fn read(mut self) -> String {
        let mut bytes = Vec::new();
        for _ in 0..10 {
            std::thread::sleep(Duration::from_millis(50));
            // The last words may come after the answer.
            if matches!(self.0.read_to_end(&mut bytes), Ok(0) | Err(_)) {
                break;
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Args, event, file, named};
    use crate::commands::parsed;
    use crate::local::events::Event;
    use crate::local::running::Served;

    fn args(line: &[&str]) -> Args {
        parsed(&[&["invoke"], line].concat()).unwrap()
    }

    fn served(triggers: &[(&str, &str)]) -> Served {
        let triggers: Vec<_> = triggers.iter().map(|(kind, name)| json!([kind, name])).collect();
        let note = json!({ "target": "lambda", "package": "shop", "triggers": triggers, "http": "127.0.0.1:1",
                           "events": null, "token": "t" });
        serde_json::from_value(note).unwrap()
    }

    #[test]
    fn a_sample_takes_the_name_that_the_program_declares() {
        let shop = served(&[("http", "/"), ("queue", "orders")]);
        let sent = event(named("queue").unwrap(), &args(&["queue", "--data", "1", "--data", "x"]), &shop).unwrap();
        assert_eq!(sent, Event::Queue { name: "orders".to_owned(), bodies: vec!["1".to_owned(), "x".to_owned()] });
        let named = event(named("queue").unwrap(), &args(&["queue", "--name", "other"]), &shop).unwrap();
        assert!(matches!(named, Event::Queue { name, .. } if name == "other"));
    }

    #[test]
    fn what_cannot_be_meant_is_an_error_that_says_what_to_do() {
        let shop = served(&[("queue", "a"), ("queue", "b"), ("change", "t"), ("schedule", "0 3 * * *")]);
        for (sample, line, says) in [
            ("queue", &["queue"][..], "say one with --name: a, b"),
            ("message", &["message"][..], "shop declares no message, but: queue, queue, change, schedule"),
            ("change-insert", &["x", "--data", "no JSON"][..], "--data is no JSON"),
            ("change-insert", &["x", "--data", "1", "--data", "2"][..], "say --data once"),
            ("schedule", &["schedule", "--data", "1"][..], "leave out --data"),
        ] {
            let error = format!("{:#}", event(named(sample).unwrap(), &args(line), &shop).unwrap_err());
            assert!(error.contains(says), "{error}");
        }
        for line in [["Cargo.toml", "--data", "1"], ["Cargo.toml", "--name", "a"]] {
            assert!(file("Cargo.toml", &args(&line)).unwrap_err().to_string().contains("leave out"), "{line:?}");
        }
        let error = file("Cargo.toml", &args(&["Cargo.toml"])).unwrap_err();
        assert_eq!(error.to_string(), "Cargo.toml is no JSON");
    }
}
