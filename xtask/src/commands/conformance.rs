//! `cargo xtask conformance`.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::project::Project;
use crate::ui;

/// The package of the table, in anyfn's own repository.
const PACKAGE: &str = "anyfn-conformance";

/// Run the table of cases on every runtime, or on others' crates
///
/// For anyfn's own repository: someone else's adapter gets the table from the crate `anyfn-conformance`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask conformance                        every row on every runtime; writes docs/conformance.md
  cargo xtask conformance lambda-v2 cookies/     these rows on that runtime
  cargo xtask conformance --peers                lambda_http, worker, vercel_runtime and Ohkami; writes docs/peers.md
  cargo xtask conformance --peers vercel         the one on that runtime, with all it fails; or of that crate: ohkami

Runtimes: memory, server, lambda-v1, lambda-v2, lambda-url, lambda-alb, lambda-alb-multi, lambda-stream,
cloudflare, vercel.")]
pub struct Args {
    /// Ask the vendors' own crates for HTTP and Ohkami instead, with the same echo function on them
    #[arg(long)]
    pub peers: bool,
    /// Runtimes; without --peers also the beginnings of rows' names, with it crates
    #[arg(value_name = "RUNTIME|ROW")]
    pub filters: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// When a row fails, or, with `--peers`, when a peer does not compile or start.
pub fn run(args: &Args) -> Result<()> {
    let project = Project::load()?;
    if !project.has_package(PACKAGE) {
        bail!(
            "the table is in anyfn's own repository: https://github.com/anyfn/anyfn, or the crate {PACKAGE} for an adapter of yours"
        );
    }
    let test = if args.peers { "peers" } else { "conformance" };
    ui::step("Running", format_args!("cargo test --package {PACKAGE} --test {test}"));
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let status = crate::build::cargo::without_own_variables(&mut cargo)
        .args(["test", "--package", PACKAGE, "--test", test, "--"])
        .args(&args.filters)
        .current_dir(&project.root)
        .status()
        .context("`cargo` does not start: install Rust, with its cargo on the PATH")?;
    if !status.success() {
        bail!("the table is not green: what failed stands above");
    }
    Ok(())
}
