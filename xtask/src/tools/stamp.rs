//! Installing once: a stamp file says what a folder holds, a lock keeps two processes from filling it together.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Makes sure that `<tools>/<name>` holds what `recipe` describes, and gives its path.
///
/// `install` is called with an empty folder unless a stamp of the same recipe is there. An install that fails leaves no
/// stamp, so the next call starts over.
pub(super) fn once(name: &str, recipe: &[&str], install: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let tools = super::dir()?;
    once_in(&tools, name, recipe, install)
}

/// Whether something is installed in `<tools>/<name>`, of this recipe or another.
pub(super) fn is_there(name: &str) -> Result<bool> {
    Ok(super::dir()?.join(name).join(".stamp").exists())
}

fn once_in(tools: &Path, name: &str, recipe: &[&str], install: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let dir = tools.join(name);
    let stamp = dir.join(".stamp");
    let wanted = hash(recipe);
    let fresh = || fs::read_to_string(&stamp).is_ok_and(|found| found == wanted);
    if fresh() {
        return Ok(dir);
    }
    fs::create_dir_all(tools).with_context(|| format!("cannot make {}", tools.display()))?;
    let lock = File::create(tools.join(format!("{name}.lock"))).context("cannot make a lock file")?;
    lock.lock().context("cannot lock the tools' folder")?;
    if !fresh() {
        crate::build::fresh_dir(&dir)?;
        install(&dir)?;
        fs::write(&stamp, &wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    }
    Ok(dir)
}

fn hash(recipe: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in recipe {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::once_in;

    #[test]
    fn an_unchanged_recipe_installs_once_and_a_changed_one_again() {
        let tools = std::env::temp_dir().join(format!("anyfn-stamp-{}", std::process::id()));
        let mut installs = 0;
        let mut install = |recipe: &[&str]| {
            once_in(&tools, "tool", recipe, |dir| {
                installs += 1;
                assert_eq!(fs::read_dir(dir)?.count(), 0, "an install starts with an empty folder");
                Ok(fs::write(dir.join("file"), "x")?)
            })
        };
        install(&["1"]).unwrap();
        install(&["1"]).unwrap();
        install(&["2"]).unwrap();
        install(&["2", ""]).unwrap();
        assert_eq!(installs, 3);
        once_in(&tools, "tool", &["3"], |_| anyhow::bail!("no network")).unwrap_err();
        once_in(&tools, "tool", &["3"], |_| Ok(())).unwrap();
        fs::remove_dir_all(&tools).unwrap();
    }
}
