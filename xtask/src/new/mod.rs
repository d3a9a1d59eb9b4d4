//! `new`: a small complete project, in a folder of its own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

mod name;
mod place;
mod templates;

pub use name::check as check_name;
pub use place::{Place, checkout, place};
pub use templates::{Start, files};

/// Where a new project gets anyfn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wiring {
    /// A checkout of anyfn's repository, by its path.
    Checkout(PathBuf),
    /// The registry, at this version.
    Published,
}

/// What to write.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The package's name.
    pub name: String,
    /// What runs the function.
    pub start: Start,
    /// Where anyfn comes from.
    pub wiring: Wiring,
}

/// Writes the project into `folder`, which is new or empty, and gives the names of its files.
///
/// # Errors
/// When the name is no good, something stands in the folder, or it cannot be written to.
pub fn write(plan: &Plan, folder: &Path) -> Result<Vec<String>> {
    check_name(&plan.name)?;
    vacant(folder)?;
    let files = files(plan)?;
    for (name, text) in &files {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {}", parent.display()))?;
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(files.into_iter().map(|(name, _)| name.to_owned()).collect())
}

/// Refuses a place where something stands: nothing of anybody's is overwritten.
fn vacant(folder: &Path) -> Result<()> {
    if folder.is_file() {
        bail!("{} is a file: say another folder with --path", folder.display());
    }
    let mut entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("cannot look into {}", folder.display())),
    };
    let Some(entry) = entries.next() else { return Ok(()) };
    let found = entry.map(|entry| entry.file_name().to_string_lossy().into_owned()).unwrap_or_default();
    bail!(
        "the folder {} exists and is not empty (it holds `{found}`): take another name, or say another folder with \
         --path",
        folder.display()
    )
}

#[cfg(test)]
mod tests;
