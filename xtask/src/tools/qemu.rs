//! qemu's user mode: runs 64-bit ARM executables on another kind of Linux machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::stamp;
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
        let mut problem = unpack(dir).err();
        if problem.is_some() {
            // A fresh machine has no package lists yet, and only root may fetch them.
            let _ = apt_get(dir, &["update"]);
            problem = unpack(dir).err();
        }
        problem.map_or(Ok(()), Err).with_context(|| {
            format!(
                "`{PROGRAM}` is missing: install it (Debian, Ubuntu: apt-get install {}) and try again",
                PACKAGES[0]
            )
        })
    })?;
    Ok(dir.join(PROGRAM))
}

fn unpack(dir: &Path) -> Result<()> {
    let mut problem = None;
    for package in PACKAGES {
        match unpack_one(dir, package) {
            Ok(()) => return Ok(()),
            Err(error) => problem = Some(error),
        }
    }
    problem.map_or(Ok(()), Err)
}

/// Downloads `package` and keeps its one program, at `dir/qemu-aarch64-static`.
fn unpack_one(dir: &Path, package: &str) -> Result<()> {
    apt_get(dir, &["download", package])?;
    let files = std::fs::read_dir(dir)?.flatten().map(|entry| entry.path());
    let deb = files.into_iter().find(|file| file.extension().is_some_and(|extension| extension == "deb"));
    let deb = deb.with_context(|| format!("apt-get download {package} left no package"))?;
    let tree = dir.join("tree");
    let unpacked = run(Command::new("dpkg-deb").arg("--extract").arg(&deb).arg(&tree));
    std::fs::remove_file(&deb)?;
    unpacked?;
    let programs = [PROGRAM, "qemu-aarch64"].map(|name| tree.join("usr/bin").join(name));
    let program = programs.iter().find(|file| file.is_file());
    let kept = program.map(|program| std::fs::rename(program, dir.join(PROGRAM)));
    std::fs::remove_dir_all(&tree)?;
    kept.with_context(|| format!("{package} has no {PROGRAM}"))?.context("cannot move qemu into place")
}

fn apt_get(dir: &Path, arguments: &[&str]) -> Result<()> {
    // Root downloads into folders of root's alone without the note that the sandbox user cannot read them.
    run(Command::new("apt-get")
        .args(["--quiet", "--quiet", "--option", "APT::Sandbox::User=root"])
        .args(arguments)
        .current_dir(dir))
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("`{program}` does not start"))?;
    if !output.status.success() {
        bail!("`{program}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
