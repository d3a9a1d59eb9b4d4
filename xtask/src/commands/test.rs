//! `cargo xtask test`.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::bench::Bench;
use crate::commands::bench;
use crate::project::Project;
use crate::{tools, ui};

/// The package of the conformance suite, in anyfn's own repository.
const CONFORMANCE: &str = "anyfn-conformance";
/// The package and the test of the vendors' command line tools, in anyfn's own repository.
const ACCEPTANCE: (&str, &str) = ("anyfn-xtask", "acceptance");

/// Run every test: unit, UI and documentation tests, the vendors' own tools, then every platform's runtime
///
/// Installs what it needs (npm packages, Python wheels, Rust targets; about 1.3 GB, once) into `.anyfn/` of the
/// workspace's folder, and says so. A step that fails does not keep the later ones from running.
#[derive(Debug, clap::Args)]
#[command(after_help = "Needs: Rust with rustup, Node.js 20 or newer with npm, Python 3 with pip, a C compiler.

Steps can be run by themselves, with cargo:
  cargo test --workspace --exclude anyfn-conformance
  cargo test -p anyfn-xtask --test acceptance
  cargo xtask bench --check --target core --target lambda
  cargo test -p anyfn-conformance --test conformance -- lambda-v2 server")]
pub struct Args {}

/// The package of what is measured, in anyfn's own repository.
const BENCHMARKS: &str = "bench-work";

/// One thing to do, and what it is called.
struct Step {
    name: &'static str,
    run: Box<dyn FnOnce() -> Result<()>>,
}

/// Runs the command.
///
/// # Errors
/// When a test fails or a tool cannot be installed; the message names the steps.
pub fn run(_args: &Args) -> Result<()> {
    let project = Project::load()?;
    let start = Instant::now();
    let steps = steps(&project);
    let count = steps.len();
    let mut failed = Vec::new();
    for (index, step) in steps.into_iter().enumerate() {
        let began = Instant::now();
        ui::step("Step", format_args!("{}/{count}: {} ({} so far)", index + 1, step.name, elapsed(start)));
        match (step.run)() {
            Ok(()) => ui::step("Passed", format_args!("{} in {}", step.name, elapsed(began))),
            Err(error) => {
                ui::error(&error.context(format!("{} failed after {}", step.name, elapsed(began))));
                failed.push(step.name);
            }
        }
    }
    if failed.is_empty() {
        ui::step("Passed", format_args!("all {count} steps in {}", elapsed(start)));
        return Ok(());
    }
    bail!("{} of {count} steps failed after {}: {}", failed.len(), elapsed(start), failed.join("; "))
}

fn steps(project: &Project) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut add = |name, run: Box<dyn FnOnce() -> Result<()>>| steps.push(Step { name, run });
    let conformance = project.has_package(CONFORMANCE);
    let acceptance = project.has_test(ACCEPTANCE.0, ACCEPTANCE.1);
    if acceptance {
        add("tools", Box::new(move || install(acceptance)));
    }
    let mut arguments = vec!["--workspace", "--no-fail-fast"];
    if conformance {
        arguments.extend(["--exclude", CONFORMANCE]);
    }
    add("unit, UI and documentation tests", cargo_test(project, arguments));
    if acceptance {
        add(
            "the vendors' command line tools",
            cargo_test(project, vec!["--package", ACCEPTANCE.0, "--test", ACCEPTANCE.1]),
        );
    }
    if project.has_package(BENCHMARKS) {
        add("what anyfn costs", Box::new(costs));
    }
    if conformance {
        add("every platform's runtime", cargo_test(project, vec!["--package", CONFORMANCE, "--no-fail-fast"]));
    }
    steps
}

/// Fetches everything first, so that a missing tool is told at once and not after minutes of compiling.
fn install(acceptance: bool) -> Result<()> {
    tools::npm()?;
    tools::rie()?;
    if let Err(error) = tools::chromium() {
        ui::warn(format_args!("the examples' pages will not be tried in a browser: {error:#}"));
    }
    tools::rust_target("wasm32-unknown-unknown")?;
    if acceptance {
        tools::sam()?;
        tools::moto()?;
        tools::cargo_lambda()?;
        tools::cargo_zigbuild()?;
        tools::rust_target("aarch64-unknown-linux-musl")?;
        if !cfg!(target_arch = "aarch64") {
            tools::qemu_aarch64()?;
        }
    }
    ui::detail(format_args!("everything is in {}", ui::path(&tools::dir()?)));
    Ok(())
}

/// Instructions, allocations and sizes of what is quick to measure, against what is committed.
fn costs() -> Result<()> {
    if let Err(error) = tools::valgrind()
        && std::env::var_os("CI").is_none()
    {
        ui::warn(format_args!("not checked is what an invocation costs: {error:#}"));
        return Ok(());
    }
    let check =
        bench::Args { target: vec![Bench::Core, Bench::Lambda], quick: true, json: false, check: true, commit: false };
    bench::run(&check).context("see `cargo xtask bench --help`")
}

fn cargo_test(project: &Project, arguments: Vec<&'static str>) -> Box<dyn FnOnce() -> Result<()>> {
    let root = project.root.clone();
    Box::new(move || {
        let line = format!("cargo test {}", arguments.join(" "));
        ui::step("Running", &line);
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let status = crate::build::cargo::without_own_variables(&mut cargo)
            .arg("test")
            .args(&arguments)
            .current_dir(&root)
            .status()
            .context("`cargo` does not start: install Rust, with its cargo on the PATH")?;
        if !status.success() {
            bail!("`{line}`: what failed stands above; run the line by itself to see only that");
        }
        Ok(())
    })
}

fn elapsed(since: Instant) -> String {
    duration(since.elapsed())
}

/// `42 s`, `3 min 07 s`.
fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::duration;

    #[test]
    fn times_are_said_in_minutes_and_seconds() {
        let said = [0, 59, 60, 187, 3600].map(|seconds| duration(Duration::from_secs(seconds)));
        assert_eq!(said, ["0 s", "59 s", "1 min 00 s", "3 min 07 s", "60 min 00 s"]);
    }
}
