//! Tools that ship inside Python wheels: AWS's Runtime Interface Emulator, SAM, cargo-lambda, cargo-zigbuild.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::stamp;
use crate::ui;

/// What to do where Python or its pip is missing.
pub(super) const ADVICE: &str =
    "install Python 3.9 or newer with pip (Debian, Ubuntu: apt-get install python3-pip) and try again";

const REQUIREMENTS: &str = include_str!("../../tools/requirements.txt");
const SAM: &str = include_str!("../../tools/sam.txt");
const MOTO: &str = include_str!("../../tools/moto.txt");

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
    let rie = sam_cli()?.join("samcli/local/rapid").join(format!("aws-lambda-rie-{arch}"));
    make_executable(&rie)?;
    Ok(rie)
}

/// The folder of SAM's own Python modules, in which the emulator is; installed when it is not there yet.
///
/// # Errors
/// When Python's pip is missing or fails.
pub fn sam_cli() -> Result<PathBuf> {
    wheels("rie", "AWS's Runtime Interface Emulator, out of the aws-sam-cli wheel", &["aws-sam-cli"])
}

/// The folder of SAM's translator and of cfn-lint, for `PYTHONPATH`; installed when it is not there yet.
///
/// # Errors
/// When Python's pip is missing or fails, or Python is older than 3.10.
pub fn sam() -> Result<PathBuf> {
    install("sam", "SAM's translator and cfn-lint (about 130 MB)", &[SAM])
}

/// The folder of moto, AWS's APIs in memory, for `PYTHONPATH` beside that of [`sam`]; installed when it is not there yet.
///
/// # Errors
/// As [`sam`].
pub fn moto() -> Result<PathBuf> {
    install("moto", "moto, AWS's APIs in memory (about 50 MB)", &[MOTO])
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

/// Installs the wheels of `packages` as `tools/requirements.txt` pins them, hashes and all, without their dependencies.
fn wheels(name: &str, what: &str, packages: &[&str]) -> Result<PathBuf> {
    let pins: Vec<&str> = packages.iter().map(|package| pin(package)).collect::<Result<_>>()?;
    let versions: Vec<_> = pins.iter().filter_map(|pin| pin.split_whitespace().next()).collect();
    install(name, &format!("{what} ({})", versions.join(", ")), &pins)
}

/// Installs what `pins` say into the folder `name`.
fn install(name: &str, what: &str, pins: &[&str]) -> Result<PathBuf> {
    stamp::once(name, pins, |dir| {
        ui::step("Installing", what);
        let list = dir.join("requirements.txt");
        std::fs::write(&list, pins.concat()).with_context(|| format!("cannot write {}", list.display()))?;
        let output = Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--disable-pip-version-check"])
            .args(["--require-hashes", "--only-binary", ":all:", "--target"])
            .arg(dir)
            .arg("--requirement")
            .arg(&list)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("`python3` does not start: {ADVICE}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let advice = if said.contains("No module named pip") { format!("\n{ADVICE}") } else { String::new() };
            bail!("`python3 -m pip install` cannot install {what}: {}{advice}", said.trim());
        }
        Ok(())
    })
}

/// The lines of `tools/requirements.txt` that pin `package`: its version, and a hash for each of its wheels.
fn pin(package: &str) -> Result<&'static str> {
    let start = REQUIREMENTS.match_indices(package).map(|(start, _)| start).find(|start| {
        let (before, after) = (&REQUIREMENTS[..*start], &REQUIREMENTS[start + package.len()..]);
        (before.is_empty() || before.ends_with('\n')) && after.starts_with("==")
    });
    let rest =
        &REQUIREMENTS[start.with_context(|| format!("tools/requirements.txt pins no version of {package}"))?..];
    let mut end = 0;
    for line in rest.split_inclusive('\n') {
        end += line.len();
        if !line.trim_end().ends_with('\\') {
            break;
        }
    }
    Ok(&rest[..end])
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

#[cfg(test)]
mod tests {
    use super::pin;

    #[test]
    fn a_pin_has_a_version_and_the_hashes_of_its_wheels_and_of_no_other() {
        for package in ["aws-sam-cli", "cargo-lambda", "cargo-zigbuild", "ziglang"] {
            let pin = pin(package).unwrap();
            assert!(pin.starts_with(&format!("{package}==")) && pin.contains("--hash=sha256:"), "{pin}");
            assert_eq!(pin.matches("==").count(), 1, "{pin}");
        }
        assert!(pin("cargo").is_err() && pin("zig").is_err());
    }
}
