//! The workspace that the command is called in, and the function in it that is meant.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use anyhow::{Context, Result, anyhow, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, TargetKind};

use crate::settings::Settings;

/// The facade's package name; what a user's package calls it may differ.
const FACADE: &str = "anyfn";

/// A cargo workspace.
#[derive(Debug)]
pub struct Project {
    /// The workspace's folder: `dist/` and `.anyfn/` are made here.
    pub root: PathBuf,
    pub(crate) messages: Option<Messages>,
    metadata: Metadata,
}

/// What cargo says while it builds, in colours, kept besides being shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Messages(Arc<Mutex<String>>);

impl Messages {
    /// All that was said so far.
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows and keeps what comes `from` cargo, until its end.
    pub(crate) fn pass_on(self, from: impl Read + Send + 'static) -> JoinHandle<()> {
        std::thread::spawn(move || {
            for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line);
                anstream::eprintln!("{line}");
                let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                text.push_str(&line);
                text.push('\n');
            }
        })
    }
}

/// A bin package that depends on anyfn: what gets built.
#[derive(Debug, Clone)]
pub struct Function {
    /// The package's name, which names its folders and its deployment.
    pub package: String,
    /// The package's description, for the vendors' configuration files.
    pub description: Option<String>,
    /// The bin target to build.
    pub bin: String,
    /// The name under which the package depends on anyfn, for `--features <name>/lambda`.
    pub facade: String,
    /// `[package.metadata.anyfn]`.
    pub settings: Settings,
}

impl Project {
    /// The workspace around the current folder.
    ///
    /// # Errors
    /// When there is none, or its manifest is broken.
    pub fn load() -> Result<Self> {
        Self::load_from(&std::env::current_dir()?)
    }

    /// The workspace around `dir`.
    ///
    /// # Errors
    /// When there is none, or its manifest is broken.
    pub fn load_from(dir: &Path) -> Result<Self> {
        let metadata = MetadataCommand::new().current_dir(dir).no_deps().exec().map_err(|error| {
            anyhow!(
                "no cargo workspace can be read at {}: call this inside of one, with cargo on the PATH\n{}",
                dir.display(),
                error.to_string().trim()
            )
        })?;
        Ok(Self { root: metadata.workspace_root.clone().into_std_path_buf(), messages: None, metadata })
    }

    /// Keeps what cargo says in builds of this project.
    pub(crate) fn keep_messages(&mut self) -> Messages {
        self.messages.get_or_insert_default().clone()
    }

    /// Where cargo builds.
    pub(crate) fn target_directory(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// The function called `name`, or without a name the one that can be meant: the package around the current folder,
    /// else the workspace's only function.
    ///
    /// # Errors
    /// When no function or more than one fits; the message lists the candidates.
    pub fn function(&self, name: Option<&str>) -> Result<Function> {
        let functions: Vec<_> = self.metadata.workspace_packages().into_iter().filter(|p| is_function(p)).collect();
        let names = || functions.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ");
        let package = match name {
            Some(name) => match functions.iter().find(|p| p.name.as_str() == name) {
                Some(package) => package,
                None if self.metadata.packages.iter().any(|p| p.name.as_str() == name) => bail!(
                    "the package `{name}` is no function: it needs a `src/main.rs` and `anyfn` among its \
                     [dependencies]\nfunctions here: {}",
                    or_none(names())
                ),
                None => bail!(
                    "there is no package `{name}` in the workspace {}\nfunctions here: {}",
                    self.root.display(),
                    or_none(names())
                ),
            },
            None => {
                let here = std::env::current_dir()?;
                let around = functions.iter().filter(|p| here.starts_with(package_dir(p)));
                match (around.max_by_key(|p| package_dir(p).as_os_str().len()), functions.as_slice()) {
                    (Some(package), _) | (None, [package]) => package,
                    (None, []) => bail!(
                        "the workspace {} has no function: a package with a `src/main.rs` and `anyfn` among its \
                         [dependencies]",
                        self.root.display()
                    ),
                    (None, _) => {
                        bail!("which function? The workspace has several: {}\nsay one with --package NAME", names())
                    }
                }
            }
        };
        function_of(package)
    }

    /// Whether the workspace has a package of this name.
    #[must_use]
    pub fn has_package(&self, name: &str) -> bool {
        self.package(name).is_some()
    }

    /// Whether the workspace's package of this name has this integration test.
    #[must_use]
    pub fn has_test(&self, package: &str, test: &str) -> bool {
        let targets = self.package(package).into_iter().flat_map(|package| &package.targets);
        targets.into_iter().any(|target| target.name == test && target.kind.contains(&TargetKind::Test))
    }

    /// The workspace's package of this name.
    pub(crate) fn package(&self, name: &str) -> Option<&Package> {
        self.metadata.packages.iter().find(|package| package.name.as_str() == name)
    }

    /// A version out of the workspace's `Cargo.lock`.
    ///
    /// # Errors
    /// When the lock file is absent or unreadable.
    pub fn locked_version(&self, package: &str) -> Result<Option<String>> {
        let path = self.root.join("Cargo.lock");
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let lock: toml::Table = text.parse().with_context(|| format!("{} is no TOML", path.display()))?;
        let packages = lock.get("package").and_then(toml::Value::as_array);
        let found =
            packages.into_iter().flatten().find(|p| p.get("name").and_then(toml::Value::as_str) == Some(package));
        Ok(found.and_then(|p| Some(p.get("version")?.as_str()?.to_owned())))
    }
}

/// A folder of `project`'s own, below `.anyfn/`, that git does not see: `.anyfn` carries a `.gitignore` for itself.
pub(crate) fn home(root: &Path) -> Result<PathBuf> {
    let home = root.join(".anyfn");
    let ignore = home.join(".gitignore");
    if !ignore.exists() {
        std::fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
        std::fs::write(&ignore, "*\n").with_context(|| format!("cannot write {}", ignore.display()))?;
    }
    Ok(home)
}

fn or_none(names: String) -> String {
    if names.is_empty() { "none".to_owned() } else { names }
}

fn package_dir(package: &Package) -> &Path {
    package.manifest_path.parent().expect("a manifest lies in a folder").as_std_path()
}

fn facade_name(package: &Package) -> Option<&str> {
    let mut normal = package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal);
    let facade = normal.find(|d| d.name == FACADE)?;
    Some(facade.rename.as_deref().unwrap_or(&facade.name))
}

fn bins(package: &Package) -> Vec<&str> {
    package.targets.iter().filter(|t| t.kind.contains(&TargetKind::Bin)).map(|t| t.name.as_str()).collect()
}

fn is_function(package: &Package) -> bool {
    facade_name(package).is_some() && !bins(package).is_empty()
}

fn function_of(package: &Package) -> Result<Function> {
    let facade = facade_name(package).ok_or_else(|| anyhow!("`{}` does not depend on anyfn", package.name))?;
    let bins = bins(package);
    let bin = match (&package.default_run, bins.as_slice()) {
        (Some(name), _) => name.as_str(),
        (None, [only]) => only,
        (None, several) => several.iter().copied().find(|bin| *bin == package.name.as_str()).ok_or_else(|| {
            anyhow!(
                "the package `{}` has several binaries ({}): name the function's with `default-run` in its Cargo.toml",
                package.name,
                several.join(", ")
            )
        })?,
    };
    Ok(Function {
        package: package.name.to_string(),
        description: package.description.clone(),
        bin: bin.to_owned(),
        facade: facade.to_owned(),
        settings: Settings::from_metadata(&package.name, &package.metadata)?,
    })
}
