//! Tools that ship inside Python wheels: AWS's Runtime Interface Emulator, cargo-lambda, cargo-zigbuild.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::stamp;
use crate::ui;

const REQUIREMENTS: &str = include_str!("../../tools/requirements.txt");

/// AWS's Lambda Runtime Interface Emulator for this machine's architecture, installed when it is not there yet.
///
/// Its address flags are no option: without them it listens on every interface.
///
/// # Errors
/// When Python's pip is missing or fails, or this is no Linux machine.
pub fn rie() -> Result<PathBuf> {
    if !cfg!(target_os = "linux") {
        bail!("AWS's Runtime Interface Emulator runs on Linux only: use `--target server` here, or a Linux container");
    }
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let dir = wheels("rie", "AWS's Runtime Interface Emulator, out of the aws-sam-cli wheel", &["aws-sam-cli"])?;
    let rie = dir.join("samcli/local/rapid").join(format!("aws-lambda-rie-{arch}"));
    make_executable(&rie)?;
    Ok(rie)
}

/// cargo-lambda.
#[derive(Debug, Clone)]
pub struct CargoLambda {
    /// The program; its first argument is `lambda`.
    pub program: PathBuf,
}

/// cargo-lambda, installed when it is not there yet.
///
/// # Errors
/// When Python's pip is missing or fails.
pub fn cargo_lambda() -> Result<CargoLambda> {
    let dir = wheels("cargo-lambda", "cargo-lambda", &["cargo-lambda"])?;
    Ok(CargoLambda { program: dir.join("bin/cargo-lambda") })
}

/// The folder that holds `cargo-zigbuild` and its zig, for `PATH`; installed when it is not there yet.
///
/// # Errors
/// When Python's pip is missing or fails.
pub fn cargo_zigbuild() -> Result<PathBuf> {
    let dir = wheels("cargo-zigbuild", "cargo-zigbuild and zig (about 100 MB)", &["cargo-zigbuild", "ziglang"])?;
    Ok(dir.join("bin"))
}

/// Installs the wheels of `packages`, at the versions of `tools/requirements.txt` and without their dependencies.
fn wheels(name: &str, what: &str, packages: &[&str]) -> Result<PathBuf> {
    let pins: Vec<&str> = packages.iter().map(|package| pin(package)).collect::<Result<_>>()?;
    stamp::once(name, &pins, |dir| {
        ui::step("Installing", format_args!("{what} ({})", pins.join(", ")));
        let output = Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--disable-pip-version-check"])
            .args(["--only-binary", ":all:", "--target"])
            .arg(dir)
            .args(&pins)
            .stdin(Stdio::null())
            .output()
            .context("`python3` does not start: install Python 3 with pip and try again")?;
        if !output.status.success() {
            bail!("`python3 -m pip install {}` failed:\n{}", pins.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    })
}

/// The line of `tools/requirements.txt` that pins `package`.
fn pin(package: &str) -> Result<&'static str> {
    REQUIREMENTS
        .lines()
        .find(|line| line.split("==").next() == Some(package))
        .with_context(|| format!("tools/requirements.txt pins no version of {package}"))
}

fn make_executable(path: &std::path::Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
            .with_context(|| format!("cannot make {} executable", path.display()))?;
    }
    Ok(())
}
