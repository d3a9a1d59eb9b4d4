//! Where a new project goes: never into anyfn's own repository.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Where a new project goes.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// Its folder.
    pub folder: PathBuf,
    /// Nobody named it, and it is not below the current folder.
    pub beside: bool,
    /// A cargo workspace that the folder lies in.
    pub around: Option<PathBuf>,
}

/// The folder for a project `name`, seen from `here`: `path` where it is said, otherwise `name` in the current folder, or
/// beside anyfn's repository where this is called inside of it.
///
/// # Errors
/// When `path` lies in anyfn's repository.
pub fn place(name: &str, path: Option<&Path>, here: &Path, checkout: Option<&Path>) -> Result<Place> {
    let checkout = checkout.map(resolved).transpose()?;
    let here = resolved(here)?;
    let inside = |path: &Path| checkout.as_ref().is_some_and(|checkout| path.starts_with(checkout));
    let (folder, beside) = match (path, &checkout) {
        (Some(path), _) => (resolved(&here.join(path))?, false),
        (None, Some(checkout)) if inside(&here) => (checkout.parent().unwrap_or(checkout).join(name), true),
        (None, _) => (here.join(name), false),
    };
    if inside(&folder) {
        bail!(
            "{} lies in anyfn's own repository: a new project is a repository of its own\nleave out --path, or say a \
             folder outside of {}",
            folder.display(),
            checkout.unwrap_or_default().display()
        );
    }
    let around = folder.ancestors().skip(1).find(|dir| is_workspace(dir)).map(Path::to_path_buf);
    Ok(Place { folder, beside, around })
}

/// The checkout of anyfn's repository that this program was built in, if it still stands.
#[must_use]
pub fn checkout() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let manifest = manifest(folder)?;
    let name = manifest.get("package")?.get("name")?.as_str()?;
    (name == "anyfn" && folder.join("xtask/Cargo.toml").is_file()).then(|| folder.to_path_buf())
}

/// An absolute path without links and dots, also of what does not exist yet.
fn resolved(path: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(path).with_context(|| format!("`{}` is no folder", path.display()))?;
    let mut resolved = PathBuf::new();
    for part in absolute.components() {
        match part {
            // After the links of what stands before it, as the system does it.
            std::path::Component::ParentDir => {
                resolved.pop();
            }
            part => resolved.push(part),
        }
        if let Ok(real) = resolved.canonicalize() {
            resolved = real;
        }
    }
    Ok(resolved)
}

fn manifest(folder: &Path) -> Option<toml::Table> {
    std::fs::read_to_string(folder.join("Cargo.toml")).ok()?.parse().ok()
}

fn is_workspace(folder: &Path) -> bool {
    manifest(folder).is_some_and(|manifest| manifest.contains_key("workspace"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{checkout, place};

    #[test]
    fn a_project_goes_into_the_current_folder_or_the_one_that_is_said() {
        let here = std::env::temp_dir().canonicalize().unwrap();
        let found = place("shop", None, &here, None).unwrap();
        assert_eq!((found.folder, found.beside), (here.join("shop"), false));
        let found = place("shop", Some(Path::new("x/../y")), &here, None).unwrap();
        assert_eq!(found.folder, here.join("y"));
    }

    #[test]
    fn inside_of_anyfns_repository_it_goes_beside_it_and_nowhere_else() {
        let own = checkout().unwrap();
        for here in [own.clone(), own.join("xtask/src")] {
            let found = place("shop", None, &here, Some(&own)).unwrap();
            assert_eq!((found.folder.as_path(), found.beside), (own.parent().unwrap().join("shop").as_path(), true));
            let error = place("shop", Some(Path::new("shop")), &here, Some(&own)).unwrap_err().to_string();
            assert!(error.contains("anyfn's own repository"), "{error}");
        }
    }

    #[test]
    fn a_workspace_around_it_is_seen() {
        let own = checkout().unwrap();
        // As somebody else's workspace.
        let found = place("shop", None, &own.join("xtask"), None).unwrap();
        assert_eq!(found.around.as_deref(), Some(own.canonicalize().unwrap().as_path()));
    }
}
