//! User instructions, counted by valgrind's callgrind.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// What to do where it is missing.
pub(crate) const ADVICE: &str = "instructions are counted by valgrind, which is not installed: `apt-get install valgrind`, or your system's own way";

/// Whether instructions can be counted here.
pub(crate) fn is_installed() -> bool {
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// A command that counts the instructions of `program`; [`collected`] reads how many.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--"]).arg(program).stderr(Stdio::piped());
    command
}

/// The instructions of a process that has ended, or was told to.
pub(crate) fn collected(child: &mut Child) -> Result<u64> {
    let mut told = String::new();
    child.stderr.take().context("its words are not piped")?.read_to_string(&mut told)?;
    child.wait()?;
    let collected = told.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    let Some(collected) = collected else { bail!("callgrind counted nothing; it said:\n{told}") };
    Ok(collected)
}
