//! `cargo xtask coldstart`.

use std::path::PathBuf;

use anstream::println;
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::build::TargetChoice;
use crate::build::{BuildOptions, Profile, Target, build_in, write};
use crate::coldstart::{Measured, Question, Spread, WARM, measure, subjects, svg, table};
use crate::project::{Project, home};
use crate::{tools, ui};

/// Start a function again and again, and say how long its first answer takes beside its later ones
///
/// The function is built as for deployment, for this machine, and each start is a new process on the platform's local
/// runtime. The clock starts before the process does. "takes events" is when the process has asked for its first event
/// (Lambda), reported its port (Vercel) or opened it (Workers, server; looked at each millisecond); "first answer" is when the whole answer to a
/// first request has come back, counted from the process's start; a "warm answer" is counted from its own request,
/// to the same process, over a connection of its own. "cold costs" is the difference of the two medians.
///
/// What is in these times: starting the process, the program's state, the function itself, and the small gateway that
/// stands in for the platform's, on this machine. What is not: fetching the artefact, starting a sandbox or a micro VM,
/// a network. So they say what the function adds to a platform's cold start, and compare builds of one function; they
/// are no platform's cold start.
///
/// Lambda runs on a Runtime API of our own (AWS's emulator would add a shell), Workers on workerd itself, without
/// Miniflare. On Cloudflare's machines workerd runs already: the row "workerd, empty" is a Worker that does nothing, and
/// what the function adds is the difference to it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask coldstart                                    every target, 20 starts of each
  cargo xtask coldstart --target lambda --starts 100
  cargo xtask coldstart --package hello --request '/?name=Ada' --svg coldstart.svg
  cargo xtask coldstart --request /orders --data '{\"id\": 7}'  a POST request
  cargo xtask coldstart --json | jq '.targets[] | {name, first: .first.median}'

Figures are medians in milliseconds, the middle half of the values in brackets; the picture's thin lines go from the
least to the most. Rounds alternate their order, and one start of each before them is not counted.")]
pub struct Args {
    /// The platform to start it on
    #[arg(
        long,
        value_enum,
        value_name = "lambda|cloudflare|vercel|server|all",
        default_value = "all",
        hide_possible_values = true
    )]
    pub target: TargetChoice,
    /// The package to start; may be left out where only one can be meant
    #[arg(long, short, value_name = "NAME")]
    pub package: Option<String>,
    /// How often each is started
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub starts: u16,
    /// What to ask it for: a path, and a query
    #[arg(long, value_name = "TARGET", default_value = "/")]
    pub request: String,
    /// The method of the requests; without it GET, with --data POST
    #[arg(long, value_name = "METHOD", value_parser = method)]
    pub method: Option<String>,
    /// What the requests carry: JSON where it is some, text otherwise
    #[arg(long, value_name = "TEXT")]
    pub data: Option<String>,
    /// Write the picture to this file instead of `.anyfn/coldstart/PACKAGE.svg`
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Print JSON, with every single value, for another program
    #[arg(long)]
    pub json: bool,
}

fn method(text: &str) -> Result<String, String> {
    let method = text.to_ascii_uppercase();
    let plain = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    if plain { Ok(method) } else { Err("a method is a word of letters, such as PUT".to_owned()) }
}

impl Args {
    fn question(&self) -> Question {
        let usual = if self.data.is_some() { "POST" } else { "GET" };
        Question {
            method: self.method.clone().unwrap_or_else(|| usual.to_owned()),
            target: self.request.clone(),
            data: self.data.clone(),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// When the function does not compile, start or answer well.
pub fn run(args: &Args) -> Result<()> {
    if !args.request.starts_with('/') {
        bail!("`{}` is no request target: one starts with `/`, such as --request '/?name=Ada'", args.request);
    }
    let project = Project::load()?;
    let targets = args.target.targets();
    tools::ready(&targets)?;
    let options = BuildOptions { profile: Profile::Dist, ..BuildOptions::local(&targets, args.package.as_deref()) };
    let built = build_in(&project, &options)?;
    let package = &built.function.package;
    if !built.triggers.iter().any(|trigger| trigger.kind == "http") {
        bail!("`{package}` declares no `http` trigger, and a cold start is measured by the answer to a request");
    }
    if targets.contains(&Target::Cloudflare) {
        tools::npm()?;
    }
    let scratch = home(&project.root)?.join("coldstart");
    let subjects = subjects(&built, &scratch)?;
    let starts = usize::from(args.starts);
    let question = args.question();
    ui::step(
        "Measuring",
        format_args!("{package}: {question}, {starts} starts of each, {WARM} warm answers of each start"),
    );
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    let measured = runtime.block_on(measure(&subjects, starts, &question))?;
    let title = format!("{package}: {question}, from the process's start, {starts} starts");
    let picture = match &args.svg {
        Some(path) => path.clone(),
        None => scratch.join(format!("{package}.svg")),
    };
    let picture = write(picture, svg(&title, &measured))?;
    if args.json {
        let targets: Vec<_> = measured.iter().map(as_json).collect();
        let Question { method, target, data } = &question;
        let report = json!({ "package": package, "method": method, "request": target, "data": data, "starts": starts,
                             "unit": "ms", "targets": targets });
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{}", table(&measured));
        println!("\nms from the process's start (warm: from the request) on this machine's local runtimes;");
        println!("without the fetch, the sandbox and the network of a platform. `--help` says what is in them.");
    }
    ui::step("Drew", ui::path(&picture));
    Ok(())
}

fn as_json(of: &Measured) -> Value {
    let part = |values: &[f64]| {
        let mut part = json!(Spread::of(values));
        part["values"] = json!(values);
        part
    };
    json!({ "name": of.name, "ready": part(&of.ready), "first": part(&of.first), "warm": part(&of.warm) })
}

#[cfg(test)]
mod tests {
    use super::{Args, Question};
    use crate::commands::parsed;

    #[test]
    fn what_carries_something_is_posted_where_no_method_is_said() {
        for (line, method, data) in [
            (&["coldstart"][..], "GET", None),
            (&["coldstart", "--data", "x"], "POST", Some("x")),
            (&["coldstart", "--method", "put", "--data", "x"], "PUT", Some("x")),
            (&["coldstart", "--method", "DELETE"], "DELETE", None),
        ] {
            let question = parsed::<Args>(line).unwrap().question();
            assert_eq!(
                question,
                Question { method: method.to_owned(), data: data.map(str::to_owned), ..Question::get("/") }
            );
        }
        assert!(parsed::<Args>(&["coldstart", "--method", "GET /"]).is_err());
    }
}
