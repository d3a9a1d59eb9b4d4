//! Where a dependency is declared: the line that somebody is to change.

use std::path::{Path, PathBuf};

use cargo_metadata::DependencyKind;

use crate::project::Project;

/// A dependency's line in a `Cargo.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) file: PathBuf,
    /// From 1.
    pub(super) line: usize,
    pub(super) text: String,
    /// What the package calls it.
    pub(super) key: String,
    /// What is asked of the version.
    pub(super) version: String,
    pub(super) features: Vec<String>,
    pub(super) default_features: bool,
}

impl Declared {
    /// The same dependency with these features, and none by default.
    pub(super) fn written(&self, package: &str, mut features: Vec<String>) -> String {
        features.sort();
        features.dedup();
        let renamed = if self.key == package { String::new() } else { format!("package = {package:?}, ") };
        format!(
            "{} = {{ {renamed}version = {:?}, default-features = false, features = {features:?} }}",
            self.key, self.version
        )
    }
}

/// Where `package` declares that it depends on `name`; in the workspace's manifest where it inherits that.
pub(super) fn declared(project: &Project, package: &str, name: &str) -> Option<Declared> {
    let package = project.package(package)?;
    let dependency = package.dependencies.iter().find(|d| d.name == name && d.kind == DependencyKind::Normal)?;
    let key = dependency.rename.clone().unwrap_or_else(|| name.to_owned());
    let own = package.manifest_path.clone().into_std_path_buf();
    let (mut file, mut found) = (own.clone(), line(&own, &key)?);
    if found.1.contains("workspace") {
        let root = project.root.join("Cargo.toml");
        if let Some(inherited) = line_in(&root, &key, |table| table == "workspace.dependencies") {
            (file, found) = (root, inherited);
        }
    }
    let version = dependency.req.to_string();
    Some(Declared {
        file,
        line: found.0,
        text: found.1,
        key,
        version: version.trim_start_matches('^').to_owned(),
        features: dependency.features.clone(),
        default_features: dependency.uses_default_features,
    })
}

fn line(manifest: &Path, key: &str) -> Option<(usize, String)> {
    line_in(manifest, key, |table| {
        table.ends_with("dependencies")
            && !table.starts_with("workspace")
            && !table.contains("dev-")
            && !table.contains("build-")
    })
}

/// The first line that says `key` in a table that `fits`: `key = …`, `key.workspace = …`, or `[dependencies.key]`.
fn line_in(manifest: &Path, key: &str, fits: impl Fn(&str) -> bool) -> Option<(usize, String)> {
    let text = std::fs::read_to_string(manifest).ok()?;
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        let found = || Some((index + 1, trimmed.to_owned()));
        if let Some(table) = trimmed.strip_prefix('[') {
            let table = table.split(']').next().unwrap_or_default().trim();
            inside = fits(table);
            if table.rsplit_once('.').is_some_and(|(table, last)| fits(table) && last.trim_matches('"') == key) {
                return found();
            }
        } else if inside {
            let said = trimmed.split(['=', '.']).next().unwrap_or_default().trim().trim_matches('"');
            if said == key {
                return found();
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Declared, line};

    #[test]
    fn a_dependency_is_found_however_it_is_written() {
        let path = std::env::temp_dir().join(format!("anyfn-edit-{}.toml", std::process::id()));
        let text = "[package]\naxum = 1\n[dev-dependencies]\naxum = \"0.7\"\n[dependencies]\n# axum = \"0.1\"\naxum = \"0.8\"\n\
                    serde.workspace = true\n\"quoted\" = \"1\"\n[dependencies.tokio]\nversion = \"1\"\n\
                    [target.'cfg(unix)'.dependencies]\nring = \"0.17\"\n";
        std::fs::write(&path, text).unwrap();
        for (key, expected) in [("axum", 7), ("serde", 8), ("quoted", 9), ("tokio", 10), ("ring", 13)] {
            assert_eq!(line(&path, key).map(|found| found.0), Some(expected), "{key}");
        }
        assert_eq!(line(&path, "version"), None);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_line_is_written_anew_with_its_name_and_version() {
        let declared = Declared {
            file: "Cargo.toml".into(),
            line: 1,
            text: String::new(),
            key: "web".to_owned(),
            version: "0.8".to_owned(),
            features: Vec::new(),
            default_features: true,
        };
        assert_eq!(
            declared.written("axum", vec!["query".to_owned(), "json".to_owned(), "json".to_owned()]),
            r#"web = { package = "axum", version = "0.8", default-features = false, features = ["json", "query"] }"#
        );
    }
}
