//! Calls of cargo: one package each, with build profiles that the user's `Cargo.toml` need not name.

use std::io::BufReader;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use cargo_metadata::{Message, TargetKind};

use super::{Profile, Target, native};
use crate::local::guard;
use crate::project::{Function, Project};
use crate::{doctor, tools, ui};

/// The triple of Workers.
const WORKER: &str = "wasm32-unknown-unknown";

/// Compiles for Workers and gives the path of the raw module.
pub(crate) fn build_worker(project: &Project, function: &Function, profile: Profile) -> Result<PathBuf> {
    tools::rust_target(WORKER)?;
    ui::step("Building", format_args!("{} for cloudflare ({WORKER}, {})", function.package, describe(profile)));
    // Unoptimised WebAssembly is beyond Workers' limits.
    let profile = if profile == Profile::Dev { Profile::Quick } else { profile };
    let mut cargo = command(project, function, profile);
    // A panic cannot unwind through wasm here, and stripping would drop the section that tells wasm-bindgen the features.
    let own: &[(&str, &str)] = match profile {
        Profile::Dist => &[("opt-level", "\"z\""), ("panic", "\"abort\""), ("strip", "\"none\"")],
        Profile::Quick | Profile::Dev => &[("opt-level", "1"), ("panic", "\"abort\""), ("strip", "\"none\"")],
    };
    set_profile(&mut cargo, profile, own);
    cargo.args(["--target", WORKER]);
    executable(project, cargo, function).map_err(|error| with_obstacles(project, function, error))
}

/// Dozens of errors in somebody else's crate say little; which line of `Cargo.toml` brings it says what to do.
fn with_obstacles(project: &Project, function: &Function, error: anyhow::Error) -> anyhow::Error {
    let found = doctor::obstacles(project, function).unwrap_or_default();
    let told: Vec<_> = found.iter().map(|finding| format!("{} ({})", finding.what, finding.path.join(" → "))).collect();
    if told.is_empty() {
        return error;
    }
    anyhow!(
        "{error}\nwhat cannot go to Workers, and may be why: {}\n`doctor --target cloudflare --package {}` says which line to change",
        told.join("; "),
        function.package
    )
}

/// Compiles natively with `adapters` and gives the executable's path; without a `triple`, for this machine.
pub(crate) fn build_native(
    project: &Project,
    function: &Function,
    profile: Profile,
    triple: Option<&str>,
    adapters: &[Target],
) -> Result<PathBuf> {
    let names: Vec<_> = adapters.iter().map(|target| target.name()).collect();
    let machine = triple.unwrap_or("this machine");
    ui::step(
        "Building",
        format_args!("{} for {} ({machine}, {})", function.package, names.join(" + "), describe(profile)),
    );
    let mut cargo = command(project, function, profile);
    // Unwinding is what makes a panic cost one answer instead of the instance.
    let own: &[(&str, &str)] = match profile {
        Profile::Dist => &[("opt-level", "3"), ("panic", "\"unwind\""), ("strip", "\"symbols\"")],
        Profile::Quick => &[("opt-level", "1"), ("panic", "\"unwind\""), ("strip", "\"none\"")],
        Profile::Dev => &[],
    };
    set_profile(&mut cargo, profile, own);
    let features: Vec<_> = names.iter().map(|name| format!("{}/{name}", function.facade)).collect();
    cargo.arg("--features").arg(features.join(","));
    if let Some(triple) = triple {
        cargo.args(["--target", triple]);
        if native::needs_bundled_linker(triple, &project.root) {
            cargo.arg("--config").arg(format!("target.{triple}.linker=\"rust-lld\""));
        }
    }
    executable(project, cargo, function)
}

fn describe(profile: Profile) -> &'static str {
    match profile {
        Profile::Dist => "optimised",
        Profile::Quick => "quick",
        Profile::Dev => "debug",
    }
}

fn command(project: &Project, function: &Function, profile: Profile) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    without_own_variables(&mut cargo)
        .current_dir(&project.root)
        .arg("build")
        .args(["--package", &function.package, "--bin", &function.bin])
        .args(["--profile", name(profile), "--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    cargo
}

/// Called through `cargo run`, this process carries variables about itself: build scripts would see them, and cargo
/// would build again what depends on them.
pub(crate) fn without_own_variables(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "CARGO_BIN_NAME" {
            command.env_remove(&name);
        }
    }
    command
}

fn name(profile: Profile) -> &'static str {
    match profile {
        Profile::Dist => "anyfn-dist",
        Profile::Quick => "anyfn-quick",
        Profile::Dev => "dev",
    }
}

/// Defines the profile on the command line, where it outranks every `Cargo.toml`.
fn set_profile(cargo: &mut Command, profile: Profile, own: &[(&str, &str)]) {
    let common: &[(&str, &str)] = match profile {
        Profile::Dist => &[("inherits", "\"release\""), ("lto", "\"fat\""), ("codegen-units", "1"), ("debug", "false")],
        Profile::Quick => &[("inherits", "\"dev\""), ("debug", "false"), ("incremental", "true")],
        Profile::Dev => &[],
    };
    for (key, value) in common.iter().chain(own) {
        cargo.arg("--config").arg(format!("profile.{}.{key}={value}", name(profile)));
    }
}

/// Runs cargo, its own progress shown, and finds the one executable among its messages.
fn executable(project: &Project, mut cargo: Command, function: &Function) -> Result<PathBuf> {
    if project.messages.is_some() {
        // A group of its own, so that it can be ended together with what it starts, by whoever ends us.
        cargo.arg("--color=always").stderr(Stdio::piped()).process_group(0);
    }
    let mut child = cargo.spawn().context("`cargo` does not start: install Rust, with its cargo on the PATH")?;
    let group = i32::try_from(child.id()).ok().filter(|_| project.messages.is_some());
    group.into_iter().for_each(guard::watch);
    let passed_on = child.stderr.take().zip(project.messages.clone()).map(|(from, to)| to.pass_on(from));
    let messages = BufReader::new(child.stdout.take().context("cargo's output is not piped")?);
    let mut found = None;
    for message in Message::parse_stream(messages) {
        if let Message::CompilerArtifact(artifact) = message.context("cannot read cargo's messages")?
            && artifact.target.name == function.bin
            && artifact.target.kind.contains(&TargetKind::Bin)
        {
            let wasm = || artifact.filenames.iter().find(|file| file.extension() == Some("wasm")).cloned();
            found = artifact.executable.clone().or_else(wasm).or(found);
        }
    }
    let status = child.wait().context("cannot wait for cargo")?;
    if let Some(passed_on) = passed_on {
        let _ = passed_on.join();
    }
    group.into_iter().for_each(guard::unwatch);
    match found {
        Some(path) if status.success() => Ok(path.into_std_path_buf()),
        None if status.success() => bail!("cargo built no binary `{}` of `{}`", function.bin, function.package),
        _ => bail!("`{}` does not compile: cargo's messages are above", function.package),
    }
}

/// Whether a cargo configuration file on the way up from `root`, or cargo's home, names a linker for `triple`.
pub(crate) fn configures_linker(triple: &str, root: &Path) -> bool {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let folders = root.ancestors().map(|dir| dir.join(".cargo")).chain(home);
    folders.flat_map(|dir| [dir.join("config.toml"), dir.join("config")]).any(|file| {
        let config = std::fs::read_to_string(file).ok().and_then(|text| text.parse::<toml::Table>().ok());
        config.is_some_and(|config| config.get("target").and_then(|t| t.get(triple)?.get("linker")).is_some())
    })
}
