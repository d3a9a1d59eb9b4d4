//! User instructions, counted by valgrind's callgrind.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::tools::valgrind;

/// A command that counts the instructions of `program`; [`collected`] reads how many.
///
/// # Errors
/// When valgrind is missing and cannot be installed.
pub(crate) fn command(program: &Path) -> Result<Command> {
    let mut command = valgrind()?.command();
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--"]).arg(program).stderr(Stdio::piped());
    Ok(command)
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
