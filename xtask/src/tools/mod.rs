//! The vendors' own tools, installed when first needed into the workspace's ignored folder `.anyfn/`, at pinned versions.

use std::path::{Path, PathBuf};

use anyhow::Result;

mod npm;
mod python;
mod qemu;
mod rust;
mod stamp;

pub use npm::{NpmTools, npm};
pub use python::{CargoLambda, cargo_lambda, cargo_zigbuild, rie};
pub use qemu::qemu_aarch64;
pub use rust::rust_target;

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
