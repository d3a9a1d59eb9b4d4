//! `cargo xtask invoke`.

use std::path::Path;
use std::time::{Instant, SystemTime};

use anstream::println;
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::build::Target;
use crate::local::events::{Event, Told};
use crate::local::running::{Served, served};
use crate::project::Project;
use crate::ui;

/// Send an event to a function that `run` serves, as its platform would, and say what became of it
///
/// A sample is sent under the name that the program declares for its kind; a file is sent as it is, in the platform's own
/// JSON. The function's log is where it runs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask invoke --list                                 the samples
  cargo xtask invoke queue                                  to the one function that runs
  cargo xtask invoke queue --data '{\"id\": 7}' --data '{\"id\": 8}'
  cargo xtask invoke schedule --target lambda
  cargo xtask invoke event.json --target lambda             an event of AWS' own

First, in another terminal:
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

/// The samples: what each is called, the manifest's kind, and what it is.
const SAMPLES: &[(&[&str], &str, &str)] = &[
    (&["schedule"], "schedule", "a schedule is due, now"),
    (&["queue", "sqs"], "queue", "a queue's message: {\"id\":1}"),
    (&["object-created", "s3-put"], "object_created", "the object `sample.txt` of 12 bytes was stored"),
    (&["object-removed", "s3-delete"], "object_removed", "the object `sample.txt` was removed"),
    (&["change-insert", "dynamodb"], "change", "the row {\"id\":1} was inserted"),
    (&["change-update"], "change", "the row {\"id\":1} became {\"id\":1,\"changed\":true}"),
    (&["change-remove"], "change", "the row {\"id\":1} was removed"),
    (&["message", "sns"], "message", "a message was published: {\"id\":1}"),
    (&["custom"], "custom", "somebody invokes the function with {\"id\":1}"),
];

/// Runs the command.
///
/// # Errors
/// No function runs, the event is unknown or fails.
pub fn run(args: &Args) -> Result<()> {
    if args.list {
        for (names, _, what) in SAMPLES {
            println!("{:<28} {what}", names.join(", "));
        }
        return Ok(());
    }
    let wanted = args.event.as_deref().unwrap_or_default();
    let served = served(&Project::load()?.root, args.target)?;
    let receiver = served.receiver();
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    let start = Instant::now();
    let sample = SAMPLES.iter().find(|(names, ..)| names.contains(&wanted));
    let told = match sample {
        Some((_, kind, _)) => runtime.block_on(receiver.send(&event(wanted, kind, args, &served)?))?,
        None if Path::new(wanted).exists() => {
            let json = std::fs::read_to_string(wanted).with_context(|| format!("cannot read {wanted}"))?;
            match runtime.block_on(receiver.raw(&json)) {
                Ok(text) => Told::Json(text),
                Err(error) => Told::Failed(format!("{error:#}")),
            }
        }
        None => bail!("`{wanted}` is neither a sample nor a file here\n`cargo xtask invoke --list` shows the samples"),
    };
    let took = format!("{} ms", start.elapsed().as_millis());
    let what = format!("{wanted} on {}", served.target.name());
    match told {
        Told::Again(items) if items.is_empty() => ui::step("Done", format_args!("{what} in {took}")),
        Told::Again(items) => {
            let items: Vec<_> = items.iter().map(|item| (item + 1).to_string()).collect();
            bail!("{what}: item {} failed and comes again (the function's log says why)", items.join(", "));
        }
        Told::Json(text) => {
            ui::step("Done", format_args!("{what} in {took}"));
            if !text.is_empty() {
                println!("{text}");
            }
        }
        Told::Failed(why) => bail!("{what}: it failed: {why}"),
    }
    Ok(())
}

fn event(sample: &str, kind: &str, args: &Args, served: &Served) -> Result<Event> {
    let declared: Vec<&str> = served.declared(kind).collect();
    let name = match (&args.name, declared.as_slice()) {
        (Some(name), _) => name.clone(),
        (None, [name]) => (*name).to_owned(),
        (None, []) if kind == "custom" => String::new(),
        (None, []) => {
            bail!("{} declares no {}\nsend it nevertheless with --name", served.package, kind.replace('_', " "))
        }
        (None, several) => bail!("{} declares several: say one with --name: {}", served.package, several.join(", ")),
    };
    let mut data = args.data.clone();
    if data.len() > 1 && kind != "queue" {
        bail!("only a queue's event carries several messages: say --data once");
    }
    if data.is_empty() {
        data.push(r#"{"id":1}"#.to_owned());
    }
    let json = || -> Result<Value> {
        serde_json::from_str(&data[0]).with_context(|| format!("--data is no JSON: {}", data[0]))
    };
    Ok(match kind {
        "schedule" => {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
            Event::Schedule { cron: name, at: now - now % 60 }
        }
        "queue" => Event::Queue { name, bodies: data },
        "object_created" | "object_removed" => {
            let key = args.data.first().map_or("sample.txt", String::as_str).to_owned();
            let created = kind == "object_created";
            Event::Object { created, bucket: name, key, size: created.then_some(12) }
        }
        "change" => {
            let row = json()?;
            let mut changed = row.clone();
            if let Value::Object(changed) = &mut changed {
                changed.insert("changed".to_owned(), json!(true));
            }
            let (old, new) = match sample {
                "change-update" => (Some(row), Some(changed)),
                "change-remove" => (Some(row), None),
                _ => (None, Some(row)),
            };
            let kind = sample.strip_prefix("change-").unwrap_or("insert").to_owned();
            Event::Change { table: name, kind, old, new }
        }
        "message" => Event::Message { topic: name, attributes: Vec::new(), body: data.remove(0) },
        _ => Event::Custom(json()?),
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use serde_json::json;

    use super::{Args, event};
    use crate::local::events::Event;
    use crate::local::running::Served;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn args(line: &[&str]) -> Args {
        Line::try_parse_from([&["invoke"], line].concat()).unwrap().args
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
        let sent = event("queue", "queue", &args(&["queue", "--data", "1", "--data", "x"]), &shop).unwrap();
        assert_eq!(sent, Event::Queue { name: "orders".to_owned(), bodies: vec!["1".to_owned(), "x".to_owned()] });
        let named = event("queue", "queue", &args(&["queue", "--name", "other"]), &shop).unwrap();
        assert!(matches!(named, Event::Queue { name, .. } if name == "other"));
    }

    #[test]
    fn what_cannot_be_meant_is_an_error_that_says_what_to_do() {
        let shop = served(&[("queue", "a"), ("queue", "b"), ("change", "t")]);
        for (sample, kind, line, says) in [
            ("queue", "queue", &["queue"][..], "say one with --name: a, b"),
            ("message", "message", &["message"][..], "shop declares no message"),
            ("change-insert", "change", &["x", "--data", "no JSON"][..], "--data is no JSON"),
            ("change-insert", "change", &["x", "--data", "1", "--data", "2"][..], "say --data once"),
        ] {
            let error = format!("{:#}", event(sample, kind, &args(line), &shop).unwrap_err());
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn an_update_has_a_row_before_and_after() {
        let shop = served(&[("change", "orders")]);
        let sent = event("change-update", "change", &args(&["x", "--data", r#"{"id":3}"#]), &shop).unwrap();
        let Event::Change { old, new, kind, .. } = sent else { panic!("{sent:?}") };
        assert_eq!((old, kind.as_str()), (Some(json!({ "id": 3 })), "update"));
        assert_eq!(new, Some(json!({ "id": 3, "changed": true })));
    }
}
