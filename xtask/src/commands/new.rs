//! `cargo xtask new`.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::new::{Place, Plan, Start, Wiring, check_name, checkout, place, write};
use crate::ui;

/// Write a new function: a small complete project, in a repository of its own
///
/// It has one function, tests that call it in memory, settings for every platform, `cargo xtask`, a CI workflow and a
/// README. Nothing that stands somewhere is overwritten.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask new my-fn                              answers HTTP requests
  cargo xtask new my-api --axum                      the same, with an axum router
  cargo xtask new worker --trigger queue             works through a queue
  cargo xtask new nightly --trigger schedule --path ~/code/nightly

Then:
  cd my-fn
  cargo test
  cargo run
  cargo xtask build --target all

Inside of anyfn's own repository the project goes beside it, since it is a repository of its own.
Until anyfn is on crates.io it names that checkout by its path; --published names the versions
that will be there.")]
pub struct Args {
    /// What to call it: small letters, digits and `-`
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What runs the function
    #[arg(
        long,
        value_enum,
        value_name = "http|schedule|queue|object|change",
        default_value = "http",
        hide_default_value = true
    )]
    pub trigger: TriggerChoice,
    /// Answer requests with an axum router
    #[arg(long)]
    pub axum: bool,
    /// Name anyfn by its version on crates.io, also where this comes from a checkout
    #[arg(long)]
    pub published: bool,
    /// The project's folder, in place of NAME in the current one
    #[arg(long, value_name = "DIR")]
    pub path: Option<PathBuf>,
}

/// What runs a new function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TriggerChoice {
    /// HTTP requests (without --trigger, this)
    Http,
    /// A schedule: every night at three
    Schedule,
    /// Messages of a queue
    Queue,
    /// Objects stored in a bucket
    Object,
    /// Changed rows of a table
    Change,
}

/// Runs the command.
///
/// # Errors
/// When the name is no good, something stands in the folder already, or it cannot be written to.
pub fn run(args: &Args) -> Result<()> {
    check_name(&args.name)?;
    let start = match (args.trigger, args.axum) {
        (TriggerChoice::Http, false) => Start::Http,
        (TriggerChoice::Http, true) => Start::Axum,
        (_, true) => bail!(
            "an axum router answers requests, and --trigger says something else\nleave one of the two out; `app!` puts \
             a router beside other triggers: `http => router()`"
        ),
        (TriggerChoice::Schedule, _) => Start::Schedule,
        (TriggerChoice::Queue, _) => Start::Queue,
        (TriggerChoice::Object, _) => Start::Object,
        (TriggerChoice::Change, _) => Start::Change,
    };
    let checkout = checkout();
    let here = std::env::current_dir()?;
    let Place { folder, beside, around } = place(&args.name, args.path.as_deref(), &here, checkout.as_deref())?;
    let wiring = match checkout {
        Some(checkout) if !args.published => Wiring::Checkout(checkout),
        _ => Wiring::Published,
    };
    let plan = Plan { name: args.name.clone(), start, wiring };
    let files = write(&plan, &folder)?;
    ui::step("Created", format_args!("{} in {} ({} files)", plan.name, ui::path(&folder), files.len()));
    if beside {
        ui::detail("beside anyfn's own repository, since it is one of its own");
    }
    match &plan.wiring {
        Wiring::Checkout(checkout) => ui::detail(format_args!(
            "it names anyfn by its path, {}: keep that checkout where it is",
            checkout.display()
        )),
        Wiring::Published => {
            ui::detail(format_args!("it names anyfn {} on crates.io", env!("CARGO_PKG_VERSION")));
        }
    }
    if let Some(around) = around {
        ui::warn(format_args!(
            "{} is a cargo workspace: where its `members` take this folder in, put it into its `exclude`",
            around.display()
        ));
    }
    ui::step("Next", format_args!("cd {}", ui::argument(&folder)));
    ui::detail("cargo test");
    ui::detail(match start {
        Start::Http | Start::Axum | Start::Schedule => "cargo run",
        Start::Queue | Start::Object | Start::Change => "cargo xtask run --target lambda",
    });
    ui::detail("cargo xtask build --target all");
    Ok(())
}
