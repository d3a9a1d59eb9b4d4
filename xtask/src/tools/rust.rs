//! Rust's own parts: the standard library for other targets.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::ui;

/// Makes sure that the standard library for `triple` is installed, with rustup where it is not.
///
/// # Errors
/// When it is missing and rustup cannot bring it; the message ends with the command to run.
pub fn rust_target(triple: &str) -> Result<()> {
    if is_installed(triple)? {
        return Ok(());
    }
    let command = format!("rustup target add {triple}");
    ui::step("Installing", format_args!("Rust's standard library for {triple}: {command}"));
    let missing = format!("Rust's standard library for {triple} is missing");
    match Command::new("rustup").args(["target", "add", triple]).status() {
        Ok(status) if status.success() && is_installed(triple)? => Ok(()),
        Ok(status) if status.success() => bail!(
            "{missing}: rustup says that it is installed, and it is still not there for the `rustc` that builds here\n\
             is that rustup's own (`rustup which rustc`)? then:\n{command}"
        ),
        Ok(_) => bail!(
            "{missing}, and `rustup target add` failed: its message is above\nrun it again where there is a network:\n{command}"
        ),
        Err(_) => bail!(
            "{missing}, and there is no rustup to bring it\ninstall the package of your distribution that has it, or Rust \
             through rustup, and then:\n{command}"
        ),
    }
}

/// Whether the standard library for `triple` is installed; `false` too where there is no Rust to ask.
pub(crate) fn has_rust_target(triple: &str) -> bool {
    is_installed(triple).unwrap_or(false)
}

fn is_installed(triple: &str) -> Result<bool> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(&rustc)
        .args(["--print", "target-libdir", "--target", triple])
        .output()
        .with_context(|| format!("`{}` does not start: install Rust", rustc.display()))?;
    let libdir = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(output.status.success() && has_core(Path::new(&libdir)))
}

fn has_core(libdir: &Path) -> bool {
    let files = std::fs::read_dir(libdir).into_iter().flatten().flatten();
    files.into_iter().any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
}
