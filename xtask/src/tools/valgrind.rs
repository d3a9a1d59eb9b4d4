//! Valgrind's callgrind, which counts instructions.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{debian, stamp};
use crate::ui;

const PACKAGE: &str = "valgrind";

/// A valgrind that can count.
#[derive(Debug, Clone)]
pub struct Valgrind {
    program: PathBuf,
    /// Where its tools are, unless it knows.
    lib: Option<PathBuf>,
}

impl Valgrind {
    /// `valgrind`, whatever is done to the command's environment later.
    #[must_use]
    pub fn command(&self) -> Command {
        let Some(lib) = &self.lib else { return Command::new(&self.program) };
        let mut command = Command::new("/usr/bin/env");
        command.arg(format!("VALGRIND_LIB={}", lib.display())).arg(&self.program);
        command
    }

    /// What it says of itself.
    #[must_use]
    pub fn version(&self) -> String {
        let output = self.command().arg("--version").output();
        output.map_or_else(
            |_| "no valgrind".to_owned(),
            |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )
    }
}

/// The machine's own valgrind, or one unpacked from Debian's package into the tools' folder.
///
/// # Errors
/// When there is none and apt cannot bring it; the message says what to install.
pub fn valgrind() -> Result<Valgrind> {
    if let Some(program) = super::on_path("valgrind") {
        return Ok(Valgrind { program, lib: None });
    }
    unpacked(&stamp::once("valgrind", &[PACKAGE], |dir| {
        ui::step("Installing", "valgrind, out of Debian's package (once, 80 MB)");
        debian::unpack(dir, PACKAGE).map(drop).context(
            "valgrind, which counts instructions, is missing: install it (Debian, Ubuntu: apt-get install valgrind) and try again",
        )
    })?)
}

fn unpacked(dir: &Path) -> Result<Valgrind> {
    let usr = dir.join("tree/usr");
    // Older packages have the tools in `lib`.
    let lib = ["libexec/valgrind", "lib/valgrind", "lib/x86_64-linux-gnu/valgrind"].map(|lib| usr.join(lib));
    let lib = lib.into_iter().find(|lib| lib.is_dir()).context("Debian's package has no valgrind tools")?;
    Ok(Valgrind { program: usr.join("bin/valgrind.bin"), lib: Some(lib) })
}

#[cfg(test)]
mod tests {
    use super::unpacked;

    #[test]
    fn an_unpacked_valgrind_is_told_where_its_tools_are() {
        let dir = std::env::temp_dir().join(format!("anyfn-valgrind-{}", std::process::id()));
        assert!(unpacked(&dir).is_err());
        let tools = dir.join("tree/usr/libexec/valgrind");
        std::fs::create_dir_all(&tools).unwrap();
        let command = unpacked(&dir).unwrap().command();
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        let program = dir.join("tree/usr/bin/valgrind.bin");
        assert_eq!(arguments, [format!("VALGRIND_LIB={}", tools.display()), program.display().to_string()]);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
