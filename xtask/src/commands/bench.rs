//! `cargo xtask bench`.

use anstream::println;
use anyhow::{Result, bail};

use crate::bench::{Bench, Pace, committed, measure, report};
use crate::project::Project;

/// Compare the same function on anyfn and on what it replaces
///
/// For anyfn's own repository. Writes docs/performance.md when everything is measured.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask bench                   everything; writes docs/performance.md and its plots
  cargo xtask bench --quick           the same in less than 5 minutes, with fewer rounds; writes nothing
  cargo xtask bench --target lambda   one target; writes nothing
  cargo xtask bench --check           anyfn's own counts and sizes against benches/committed.json
  cargo xtask bench --commit          writes benches/committed.json anew

`cargo xtask test` checks core and Lambda, in a minute and a half. Everything takes some 20 minutes.

Instructions are counted by valgrind's callgrind: the machine's own, or Debian's package, unpacked into .anyfn/. They hardly
differ from run to run. What is timed (CPU time, requests a second, starts) wants a calm machine, and its spread is told.
The goals and what was reached come first; a ratio is anyfn's figure divided by the other's of the same round.")]
pub struct Args {
    /// What to measure; everything unless told
    #[arg(long, value_enum)]
    pub target: Vec<Bench>,
    /// Fewer rounds
    #[arg(long)]
    pub quick: bool,
    /// As JSON, for another program
    #[arg(long)]
    pub json: bool,
    /// Fail if an invocation or an artefact has grown by more than 5 %
    #[arg(long, conflicts_with_all = ["json", "commit"])]
    pub check: bool,
    /// Commit to what is measured now
    #[arg(long, conflicts_with = "json")]
    pub commit: bool,
}

/// Runs the command.
///
/// # Errors
/// When something does not compile or does not answer as it should, valgrind is missing, or a figure has grown.
pub fn run(args: &Args) -> Result<()> {
    let project = Project::load()?;
    if !project.has_package("bench-work") {
        bail!("the benchmarks are in anyfn's own repository: https://github.com/anyfn/anyfn");
    }
    let which = if args.target.is_empty() { Bench::ALL.to_vec() } else { args.target.clone() };
    let pace = Pace { quick: args.quick, own: args.check || args.commit };
    let figures = measure(&project, &which, pace)?;
    match args {
        Args { check: true, .. } => return committed::check(&project.root, &figures),
        Args { commit: true, .. } => return committed::write(&project.root, &figures),
        Args { json: true, .. } => println!("{}", serde_json::to_string_pretty(&figures)?),
        _ => println!("{}\n{}", report::goals(&figures), report::tables(&figures)),
    }
    if args.target.is_empty() && !args.quick {
        report::write(&project.root, &figures)?;
    }
    Ok(())
}
