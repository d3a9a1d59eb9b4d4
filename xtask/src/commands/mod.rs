//! The command line: one file a command, flags declared once, their doc comments are the help.

pub mod bench;
pub mod build;
pub mod coldstart;
pub mod conformance;
pub mod cost;
pub mod demo;
pub mod deploy;
pub mod dev;
pub mod doctor;
pub mod invoke;
pub mod new;
pub mod run;
pub mod test;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::ui;

/// Write one function, run it on every serverless platform.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "First steps:
  cargo xtask new my-fn                                write a new function, in its own repository
  cargo xtask dev --package my-fn                      serve it here, build it again on each change
  cargo xtask demo                                     the same answers from every platform
  cargo xtask run --target cloudflare --package my-fn  serve it on one platform's own local runtime
  cargo xtask invoke queue                             send it an event
  cargo xtask build --target all --package my-fn       pack it, and say how each vendor deploys it

`cargo xtask help COMMAND` says more, with examples. `conformance` and `bench` are for anyfn's own repository.

Exit codes: 0 it is done, 1 it failed and says what to do, 2 the command line was wrong. What is asked for goes to the
standard output, as JSON with --json; progress goes to the error stream. Colour only on a terminal, and not with NO_COLOR.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(new::Args),
    Dev(dev::Args),
    Run(run::Args),
    Invoke(invoke::Args),
    Build(build::Args),
    Deploy(deploy::Args),
    Doctor(doctor::Args),
    Cost(cost::Args),
    Coldstart(coldstart::Args),
    Demo(demo::Args),
    Test(test::Args),
    Conformance(conformance::Args),
    Bench(bench::Args),
}

/// The whole command line, for what checks or documents it.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Parses the process's arguments and runs the command that they name. cargo calls what is `installed` with its name as a
/// first argument.
pub(crate) fn dispatch(installed: bool) -> anyhow::Result<()> {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    let mut cli = Cli::command();
    if installed {
        if arguments.get(1).is_some_and(|argument| argument == "anyfn") {
            arguments.remove(1);
        }
        cli = named(cli.name(ui::INSTALLED).bin_name(ui::INSTALLED));
    }
    let parsed = cli.try_get_matches_from_mut(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed.unwrap_or_else(|error| error.exit()).command {
        Command::New(args) => new::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Build(args) => build::run(&args),
        Command::Coldstart(args) => coldstart::run(&args),
        Command::Conformance(args) => conformance::run(&args),
        Command::Cost(args) => cost::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Invoke(args) => invoke::run(&args),
        Command::Deploy(args) => deploy::run(&args),
        Command::Dev(args) => dev::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Test(args) => test::run(&args),
    }
}

/// The same command line, its help under the name that it is installed by.
fn named(mut command: clap::Command) -> clap::Command {
    if let Some(help) = command.get_after_help().map(ToString::to_string) {
        command = command.after_help(ui::as_installed(&help));
    }
    let names: Vec<_> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, named))
}

/// A command's arguments, as a test writes them after its name.
#[cfg(test)]
fn parsed<A: clap::Args>(line: &[&str]) -> Result<A, clap::Error> {
    #[derive(clap::Parser)]
    struct Line<A: clap::Args> {
        #[command(flatten)]
        args: A,
    }
    Line::try_parse_from(line).map(|line| line.args)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::{Cli, named};

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_names_the_program_that_was_called() {
        let mut installed = named(Cli::command());
        let help = installed.find_subcommand_mut("new").unwrap().render_long_help().to_string();
        assert!(help.contains("cargo anyfn new my-api --axum") && !help.contains("cargo xtask new"), "{help}");
    }
}
