//! The command line: one file a command, flags declared once, their doc comments are the help.

pub mod build;
pub mod cost;
pub mod demo;
pub mod invoke;
pub mod run;
pub mod test;

use clap::{Parser, Subcommand};

/// Write one function, run it on every serverless platform.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "First steps:
  cargo run --package hello                            serve a function here, as any program
  cargo xtask demo                                     the same answers from every platform
  cargo xtask run --target cloudflare --package hello  serve it on one platform's own local runtime
  cargo xtask invoke queue                             send it an event
  cargo xtask build --target all --package hello       pack it, and say how each vendor deploys it

`cargo xtask help COMMAND` says more, with examples.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Build(build::Args),
    Cost(cost::Args),
    Run(run::Args),
    Invoke(invoke::Args),
    Demo(demo::Args),
    Test(test::Args),
}

/// Parses the process's arguments and runs the command that they name.
pub(crate) fn dispatch() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Build(args) => build::run(&args),
        Command::Cost(args) => cost::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Invoke(args) => invoke::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Test(args) => test::run(&args),
    }
}
