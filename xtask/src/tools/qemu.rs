//! qemu's user mode: runs 64-bit ARM executables on another kind of Linux machine.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{debian, stamp};
use crate::ui;

const PROGRAM: &str = "qemu-aarch64-static";
/// Debian's package; the later ones have the static programs, without the suffix, in the second.
const PACKAGES: [&str; 2] = ["qemu-user-static", "qemu-user"];

/// A `qemu-aarch64` that needs nothing of the machine: the machine's own, or one unpacked from Debian's package.
///
/// The package is unpacked into the tools' folder: the machine itself is left as it is.
///
/// # Errors
/// When there is none and apt cannot bring it; the message says what to install.
pub fn qemu_aarch64() -> Result<PathBuf> {
    if let Some(found) = super::on_path(PROGRAM) {
        return Ok(found);
    }
    let dir = stamp::once("qemu", &PACKAGES, |dir| {
        ui::step("Installing", format_args!("{PROGRAM}, out of Debian's package {}", PACKAGES[0]));
        install(dir).with_context(|| {
            format!(
                "`{PROGRAM}` is missing: install it (Debian, Ubuntu: apt-get install {}) and try again",
                PACKAGES[0]
            )
        })
    })?;
    Ok(dir.join(PROGRAM))
}

fn install(dir: &Path) -> Result<()> {
    let [first, second] = PACKAGES;
    install_from(dir, first).or_else(|_| install_from(dir, second))
}

/// Keeps the package's one program, at `dir/qemu-aarch64-static`.
fn install_from(dir: &Path, package: &str) -> Result<()> {
    let tree = debian::unpack(dir, package)?;
    let programs = [PROGRAM, "qemu-aarch64"].map(|name| tree.join("usr/bin").join(name));
    let program = programs.iter().find(|file| file.is_file());
    let kept = program.map(|program| std::fs::rename(program, dir.join(PROGRAM)));
    std::fs::remove_dir_all(&tree)?;
    kept.with_context(|| format!("{package} has no {PROGRAM}"))?.context("cannot move qemu into place")
}
