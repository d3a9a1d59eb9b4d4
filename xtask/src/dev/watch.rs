//! Which files a function is made of, and being told when one changes.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cargo_metadata::MetadataCommand;
use notify::event::{EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

/// Folders that cargo, npm and we write to.
const OUTPUT: &[&str] = &["target", "dist", "node_modules"];

/// What a function is made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    /// The folders of the package and of the packages that it takes by their path.
    packages: Vec<PathBuf>,
    /// Files outside of `src` that the last build read, as cargo tells.
    read: HashSet<PathBuf>,
    root: PathBuf,
}

impl Sources {
    /// The package, and all that it depends on by path, directly or not.
    pub(super) fn of(root: &Path, package: &str) -> Result<Self> {
        let metadata = MetadataCommand::new().current_dir(root).exec().context("cargo cannot tell the dependencies")?;
        let nodes = metadata.resolve.as_ref().map(|resolve| resolve.nodes.as_slice()).unwrap_or_default();
        let local = |id| metadata.packages.iter().find(|package| package.id == id && package.source.is_none());
        let is_it = |id: &&_| metadata.packages.iter().any(|p| p.id == **id && p.name.as_str() == package);
        let mut found: Vec<_> = metadata.workspace_members.iter().filter(is_it).cloned().collect();
        let mut at = 0;
        while let Some(id) = found.get(at).cloned() {
            at += 1;
            let dependencies = nodes.iter().filter(|node| node.id == id).flat_map(|node| &node.dependencies);
            for dependency in dependencies {
                if !found.contains(dependency) && local(dependency.clone()).is_some() {
                    found.push(dependency.clone());
                }
            }
        }
        let folder = |id| Some(local(id)?.manifest_path.parent()?.as_std_path().to_path_buf());
        let packages = found.into_iter().filter_map(folder).collect();
        Ok(Self { packages, read: HashSet::new(), root: root.to_path_buf() })
    }

    /// Takes over what a build has read, out of the file that cargo writes beside what it built.
    pub(super) fn read_in(&mut self, dep_info: &Path) {
        let Ok(text) = std::fs::read_to_string(dep_info) else { return };
        self.read = dependencies(&text);
    }

    /// Whether a change of this file may change the function.
    pub(super) fn has(&self, path: &Path) -> bool {
        if self.read.contains(path) {
            return true;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Editors' own files.
        if name.starts_with('.') || name.starts_with('#') || name.ends_with('~') {
            return false;
        }
        let made = |folder: &Path| {
            let below = path.strip_prefix(folder).ok()?;
            let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
            (!parts.iter().any(|part| OUTPUT.contains(&part.as_ref()))).then_some(parts.first()? == "src")
        };
        let inside: Vec<bool> = self.packages.iter().filter_map(|folder| made(folder)).collect();
        let rust = path.extension().is_some_and(|extension| extension == "rs");
        inside.contains(&true)
            || (!inside.is_empty() && (rust || name == "Cargo.toml"))
            || ["Cargo.toml", "Cargo.lock", ".cargo/config.toml"].iter().any(|name| path == self.root.join(name))
    }

    /// The folders to be watched, each by itself.
    pub(super) fn folders(&self) -> BTreeSet<PathBuf> {
        let mut folders = BTreeSet::from([self.root.clone(), self.root.join(".cargo")]);
        folders.extend(self.read.iter().filter_map(|file| Some(file.parent()?.to_path_buf())));
        let mut open = self.packages.clone();
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                let other =
                    OUTPUT.contains(&name.as_str()) || name.starts_with('.') || path.join("Cargo.toml").exists();
                if is_folder && !other {
                    open.push(path);
                }
            }
            folders.insert(folder);
        }
        folders.retain(|folder| folder.is_dir());
        folders
    }
}

/// The files after the colon of each rule; a space in a name is escaped.
fn dependencies(text: &str) -> HashSet<PathBuf> {
    let lists = text.lines().filter_map(|line| line.split_once(": ").map(|(_, list)| list));
    let names = lists.flat_map(|list| {
        let list = list.replace("\\ ", "\0");
        list.split(' ').map(|name| PathBuf::from(name.replace('\0', " "))).collect::<Vec<_>>()
    });
    names.filter(|path| path.is_absolute()).collect()
}

/// The paths whose content an event tells to have changed; `None` for any.
fn touched(event: &notify::Event) -> Option<&[PathBuf]> {
    match event.kind {
        _ if event.need_rescan() => None,
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) | EventKind::Other => Some(&[]),
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) => Some(&event.paths),
    }
}

/// Tells of changes in some folders.
pub(super) struct Watcher {
    inner: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
}

impl Watcher {
    /// Calls `changed` on a thread of its own with the paths that were written, made or removed; with `None` where the system
    /// has lost count of them.
    pub(super) fn new(changed: impl Fn(Option<&[PathBuf]>) + Send + 'static) -> Result<Self> {
        let inner = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if let Ok(event) = event {
                changed(touched(&event));
            }
        });
        let inner = inner.context("this machine does not tell of changed files")?;
        Ok(Self { inner, folders: BTreeSet::new() })
    }

    /// Watches these folders, and no others any more.
    pub(super) fn watch(&mut self, folders: BTreeSet<PathBuf>) -> Result<()> {
        for gone in self.folders.difference(&folders) {
            // One that was removed is not watched any more anyway.
            let _ = self.inner.unwatch(gone);
        }
        let known = std::mem::take(&mut self.folders);
        for folder in &folders {
            // Watching twice is once; one that was removed and made again is another folder of the same name.
            let watched = self.inner.watch(folder, RecursiveMode::NonRecursive);
            if folder.is_dir() && !known.contains(folder) {
                watched.with_context(|| {
                    let folder = folder.display();
                    format!("cannot watch {folder}: raise fs.inotify.max_user_watches if the system has too few")
                })?;
            }
        }
        self.folders = folders;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::{Path, PathBuf};

    use notify::Event;
    use notify::event::{EventKind, Flag, ModifyKind};

    use super::{Sources, dependencies, touched};

    #[test]
    fn what_a_build_reads_is_told_by_cargo() {
        let text = "/t/debug/my-fn: /p/a\\ b/src/main.rs /p/text.html\n\n/p/text.html:\n";
        let expected: HashSet<_> = ["/p/a b/src/main.rs", "/p/text.html"].map(PathBuf::from).into();
        assert_eq!(dependencies(text), expected);
    }

    #[test]
    fn a_change_counts_when_it_may_change_the_function() {
        let sources = Sources {
            packages: vec!["/w".into(), "/w/lib".into(), "/elsewhere".into()],
            read: HashSet::from(["/w/pages/index.html".into(), "/w/pages/.well-known.json".into()]),
            root: "/w".into(),
        };
        for path in [
            "/w/src/main.rs",
            "/w/src/page.html",
            "/w/build.rs",
            "/w/Cargo.toml",
            "/w/Cargo.lock",
            "/w/.cargo/config.toml",
            "/w/pages/index.html",
            "/w/pages/.well-known.json",
            "/w/lib/src/a/b.rs",
            "/elsewhere/Cargo.toml",
        ] {
            assert!(sources.has(Path::new(path)), "{path}");
        }
        for path in [
            "/w/target/debug/build/x/out/a.rs",
            "/w/dist/src/main.rs",
            "/w/src/.main.rs.swp",
            "/w/src/main.rs~",
            "/w/src/.#main.rs",
            "/w/data.db",
            "/w/README.md",
            "/other/src/main.rs",
        ] {
            assert!(!sources.has(Path::new(path)), "{path}");
        }
    }

    /// A queue of the kernel's that overflows, as when many files are checked out at once.
    #[test]
    fn where_events_were_lost_anything_may_have_changed() {
        let path = PathBuf::from("/w/src/main.rs");
        let event = |kind| Event::new(kind).add_path(path.clone());
        assert_eq!(touched(&Event::new(EventKind::Other).set_flag(Flag::Rescan)), None);
        assert_eq!(touched(&event(EventKind::Modify(ModifyKind::Any))), Some(&[path.clone()][..]));
        assert_eq!(touched(&event(EventKind::Other)), Some(&[][..]));
    }
}
