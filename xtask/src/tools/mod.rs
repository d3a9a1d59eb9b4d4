//! The vendors' own tools, installed when first needed into the workspace's ignored folder `.anyfn/`, at pinned versions.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::build::Target;
use crate::local::lambda::Api;

mod chromium;
mod debian;
mod npm;
mod python;
mod qemu;
mod rust;
mod stamp;
mod valgrind;

pub use chromium::{Chromium, Visit, chromium};
pub use npm::{NpmTools, npm};
pub use python::{CargoLambda, cargo_lambda, cargo_zigbuild, moto, rie, sam, sam_cli};
pub use qemu::qemu_aarch64;
pub(crate) use rust::has_rust_target;
pub use rust::rust_target;
pub use valgrind::{Valgrind, valgrind};

/// Whether what installs the tools for these targets' local runtimes is on this machine: to be asked before a build, so
/// that nobody waits for one in vain. Tools that are installed already need nothing.
///
/// # Errors
/// When it is not; the message says what to install.
pub fn ready(targets: &[Target]) -> Result<()> {
    for target in targets {
        let (tool, program, advice) = match target {
            Target::Cloudflare => ("npm", "npm", npm::ADVICE),
            Target::Lambda => ("rie", "python3", python::ADVICE),
            Target::Vercel | Target::Server => continue,
        };
        if !stamp::is_there(tool)? && on_path(program).is_none() {
            bail!("`{program}` is missing, and {} does not run without it: {advice}", target.name());
        }
    }
    Ok(())
}

/// Installs what the local runtime of `target` needs, where it is not there yet.
///
/// # Errors
/// When it cannot be installed; the message says why.
pub(crate) fn installed(target: Target, api: Api) -> Result<()> {
    match target {
        Target::Cloudflare => npm().map(drop),
        Target::Lambda if api == Api::Emulator => rie().map(drop),
        Target::Lambda | Target::Vercel | Target::Server => Ok(()),
    }
}

/// The file that `program` is.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// The folder that tools are installed into: `ANYFN_TOOLS` where it is set (a cache shared by several checkouts),
/// otherwise `.anyfn/` of the workspace around the current folder.
///
/// # Errors
/// When there is no workspace here, or the folder cannot be made.
pub fn dir() -> Result<PathBuf> {
    if let Some(dir) = std::env::var_os("ANYFN_TOOLS").filter(|dir| !dir.is_empty()) {
        return Ok(Path::new(&dir).to_path_buf());
    }
    crate::project::home(&crate::project::Project::load()?.root)
}
