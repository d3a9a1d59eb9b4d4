//! `cargo xtask doctor`.

use anstream::println;
use anyhow::{Context as _, Result, bail};
use serde_json::json;

use crate::build::Target;
use crate::doctor::{Finding, State, examine, machine, unreadable};
use crate::project::Project;
use crate::ui;

/// Say what keeps a function from being built, run or deployed, and what to do about it
///
/// Looks at the toolchain and the programs that are called, at versions that must agree, at the function's settings and
/// dependencies, and at what was built of it: the C library that it needs, and its size against each platform's limits.
/// With --target cloudflare it says which dependency cannot go there, by which way it comes in, which line of Cargo.toml
/// to change, and what else there is. Nothing is changed, and nothing is compiled.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask doctor                        everything; what one platform alone minds is a warning
  cargo xtask doctor --target cloudflare    what stands in the way of Workers is an error
  cargo xtask doctor --target lambda --json | jq '.findings[] | select(.state == \"broken\")'

Exit codes: 0 nothing is broken, 1 something is, 2 the command line was wrong.")]
pub struct Args {
    /// The platform that is meant
    #[arg(long, value_enum, value_name = "lambda|cloudflare|vercel|server")]
    pub target: Option<Target>,
    /// The package to look at; may be left out where only one can be meant
    #[arg(long, short, value_name = "NAME")]
    pub package: Option<String>,
    /// Print JSON, for another program
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
///
/// # Errors
/// When something is broken, or cargo cannot tell what the function depends on.
pub fn run(args: &Args) -> Result<()> {
    let (package, found) = match Project::load() {
        Ok(project) => {
            let function = project.function(args.package.as_deref())?;
            ui::step("Looking", format_args!("at this machine and {}", function.package));
            let found = examine(&project, &function, args.target)?;
            (Some(function.package), found)
        }
        Err(error) if args.package.is_some() => return Err(error),
        Err(error) => {
            let unreadable = unreadable(&std::env::current_dir()?, &error);
            let why = if unreadable.is_some() { "cannot be read" } else { "is not there" };
            ui::step("Looking", format_args!("at this machine alone: a cargo workspace {why}"));
            let mut found = machine(args.target);
            found.extend(unreadable);
            (None, found)
        }
    };
    let count = |state| found.iter().filter(|finding| finding.state == state).count();
    let (broken, warnings) = (count(State::Broken), count(State::Warning));
    if args.json {
        let target = args.target.map(Target::name);
        let report = json!({ "ok": broken == 0, "package": package, "target": target, "findings": found });
        println!("{}", serde_json::to_string_pretty(&report).context("the report is no JSON")?);
    } else {
        found.iter().for_each(show);
    }
    match (broken, warnings) {
        (0, 0) => ui::step("Healthy", "nothing stands in the way"),
        (0, 1) => ui::step("Healthy", "with one warning, see above"),
        (0, warnings) => ui::step("Healthy", format_args!("with {warnings} warnings, see above")),
        (1, _) => bail!("one thing is broken: it says above what to do"),
        (broken, _) => bail!("{broken} things are broken: each says above what to do"),
    }
    Ok(())
}

fn show(finding: &Finding) {
    let Finding { check, state, what, path, next } = finding;
    let mut lines = what.lines();
    let first = format!("{check}: {}", lines.next().unwrap_or_default());
    match state {
        State::Good => ui::row(ui::Mark::Good, "good", first),
        State::Note => ui::row(ui::Mark::Plain, "note", first),
        State::Warning => ui::row(ui::Mark::Warning, "warning", first),
        State::Broken => ui::row(ui::Mark::Bad, "broken", first),
    }
    lines.for_each(|line| ui::row(ui::Mark::Plain, "", line));
    if !path.is_empty() {
        ui::row(ui::Mark::Plain, "", path.join(" → "));
    }
    next.iter().for_each(|step| ui::row(ui::Mark::Plain, "", format_args!("· {}", ui::named(step))));
}
