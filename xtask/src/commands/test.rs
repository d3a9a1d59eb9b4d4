//! `cargo xtask test`.

/// Run every test: unit, documentation and UI tests, then the conformance suite on every platform's runtime
///
/// Installs what it needs into `.anyfn/` and says so.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// When a test fails or a tool cannot be installed.
pub fn run(_args: &Args) -> anyhow::Result<()> {
    crate::tools::npm()?;
    crate::tools::rie()?;
    Ok(())
}
