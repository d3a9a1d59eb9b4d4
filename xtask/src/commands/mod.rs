//! The command line: one file a command, flags declared once, their doc comments are the help.

pub mod build;
pub mod demo;
pub mod run;
pub mod test;

use clap::{Parser, Subcommand};

/// Write one function, run it on every serverless platform.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Build(build::Args),
    Run(run::Args),
    Demo(demo::Args),
    Test(test::Args),
}

/// Parses the process's arguments and runs the command that they name.
pub(crate) fn dispatch() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Build(args) => build::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Test(args) => test::run(&args),
    }
}
