//! Programs out of Debian's packages, unpacked beside the other tools: the machine itself is left as it is.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Downloads `package` and unpacks it; gives the folder that stands for `/`.
pub(super) fn unpack(dir: &Path, package: &str) -> Result<PathBuf> {
    one(dir, package).or_else(|_| {
        // A fresh machine has no package lists yet, and only root may fetch them.
        let _ = apt_get(dir, &["update"]);
        one(dir, package)
    })
}

/// Installs `package` on the machine itself, with all that it needs: only for root, who on a machine of tests may.
pub(super) fn install(package: &str) -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("only root may install packages");
    }
    let dir = std::env::temp_dir();
    let install = || apt_get(&dir, &["install", "--yes", "--no-install-recommends", package]);
    install().or_else(|_| {
        apt_get(&dir, &["update"])?;
        install()
    })
}

fn one(dir: &Path, package: &str) -> Result<PathBuf> {
    apt_get(dir, &["download", package])?;
    let files = std::fs::read_dir(dir)?.flatten().map(|entry| entry.path());
    let deb = files.into_iter().find(|file| file.extension().is_some_and(|extension| extension == "deb"));
    let deb = deb.with_context(|| format!("apt-get download {package} left no package"))?;
    let tree = dir.join("tree");
    let unpacked = run(Command::new("dpkg-deb").arg("--extract").arg(&deb).arg(&tree));
    std::fs::remove_file(&deb)?;
    unpacked.map(|()| tree)
}

fn apt_get(dir: &Path, arguments: &[&str]) -> Result<()> {
    // Root downloads into folders of root's alone without the note that the sandbox user cannot read them.
    run(Command::new("apt-get")
        .args(["--quiet", "--quiet", "--option", "APT::Sandbox::User=root"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
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
