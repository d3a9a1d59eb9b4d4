//! `cargo xtask demo`.

/// Placeholder until the local runtimes stand.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// When the command cannot be carried out; the message says what to do next.
pub fn run(_args: &Args) -> anyhow::Result<()> {
    anyhow::bail!("not there yet")
}
