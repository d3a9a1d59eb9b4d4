//! The loop that watches, builds and starts.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Error, Result};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch::Receiver;
use tokio::task::JoinSet;

use super::failure::Failure;
use super::generation::Generation;
use super::watch::{Sources, Watcher};
use super::{Shared, Stage};
use crate::build::{Artefacts, BuildOptions, Profile, Target, build_in};
use crate::local::running::{Note, Served};
use crate::local::{GRACE, patiently};
use crate::project::Project;
use crate::{tools, ui};

/// Editors write a file in several steps, and several files at once.
const SETTLE: Duration = Duration::from_millis(80);

/// Builds, and keeps the process of the last good build.
pub(super) struct Builder {
    shared: Arc<Shared>,
    watcher: Watcher,
    sources: Arc<Mutex<Sources>>,
    changes: Receiver<u64>,
    project: Option<Project>,
    /// What runs, and the artefact that it runs.
    current: Option<(Arc<Generation>, [u8; 32])>,
    /// Processes that give up their place.
    retiring: JoinSet<()>,
    /// For `invoke` in another terminal.
    note: Option<Note>,
}

impl Builder {
    pub(super) fn new(shared: Arc<Shared>, project: Project) -> Result<Self> {
        let sources = Arc::new(Mutex::new(Sources::default()));
        let (known, told) = (Arc::clone(&sources), Arc::clone(&shared));
        let watcher = Watcher::new(move |paths| {
            let counts = paths.is_none_or(|paths| {
                let known = known.lock().unwrap_or_else(PoisonError::into_inner);
                paths.iter().any(|path| known.has(path))
            });
            if counts {
                told.stale();
            }
        })?;
        let changes = shared.changes.subscribe();
        let project = Some(project);
        Ok(Self { shared, watcher, sources, changes, project, current: None, retiring: JoinSet::new(), note: None })
    }

    /// Goes on until something is wrong that no change of the sources can mend.
    pub(super) async fn run(&mut self) -> Error {
        loop {
            self.changes.borrow_and_update();
            let begin = Instant::now();
            if let Err(error) = self.watch() {
                return error;
            }
            let built = self.build().await;
            if self.settled().await {
                match self.take_over(built, begin).await {
                    Ok(()) => {}
                    Err(failure) => {
                        self.shared.say.broken(&super::ansi::plain(&failure.text));
                        self.shared.reached(Stage::Broken(Arc::new(failure)), &self.changes);
                    }
                }
                if self.changes.changed().await.is_err() {
                    return anyhow::anyhow!("nothing is watched any more");
                }
                tokio::time::sleep(SETTLE).await;
            }
            while !self.settled().await {}
        }
    }

    /// Ends all that runs.
    pub(super) async fn stop(&mut self) {
        self.note.take();
        self.shared.set(Stage::Broken(Arc::new(Failure::stopped())));
        let current = self.current.take();
        let current = async {
            if let Some((generation, _)) = &current {
                generation.running.stop().await;
            }
        };
        let ending = async { while self.retiring.join_next().await.is_some() {} };
        // All at once, so that five seconds are five.
        let _ = tokio::join!(current, tokio::time::timeout(GRACE, ending));
    }

    /// Whether nothing changes for a moment.
    async fn settled(&mut self) -> bool {
        if self.changes.has_changed().unwrap_or(false) {
            self.changes.borrow_and_update();
            tokio::time::sleep(SETTLE).await;
            return false;
        }
        true
    }

    fn watch(&mut self) -> Result<()> {
        let (root, package) = (&self.shared.root, &self.shared.function.package);
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        // Without a readable manifest the folders of before are watched on.
        if let Ok(mut fresh) = Sources::of(root, package) {
            fresh.read_in(&self.dep_info());
            *sources = fresh;
        }
        let folders = sources.folders();
        drop(sources);
        self.watcher.watch(folders)
    }

    /// Where cargo lists what the last build has read.
    fn dep_info(&self) -> PathBuf {
        let folder = match (self.shared.plan.target, &self.project) {
            (_, None) => return PathBuf::new(),
            (None, Some(project)) => project.target_directory().join("debug"),
            (Some(Target::Cloudflare), Some(project)) => {
                project.target_directory().join("wasm32-unknown-unknown/anyfn-quick")
            }
            (Some(_), Some(project)) => project.target_directory().join("anyfn-quick"),
        };
        folder.join(format!("{}.d", self.shared.function.bin))
    }

    /// Builds, on a thread where it may block.
    async fn build(&mut self) -> Result<(Artefacts, [u8; 32]), Failure> {
        let (shared, project) = (Arc::clone(&self.shared), self.project.take());
        let building = tokio::task::spawn_blocking(move || {
            // The manifest may be what has changed.
            let mut project = match Project::load_from(&shared.root) {
                Ok(project) => project,
                Err(error) => return (project, Err(failure("Cargo.toml cannot be read", &error, ""))),
            };
            let messages = project.keep_messages();
            let target = shared.target;
            let profile = if shared.plan.target.is_none() { Profile::Dev } else { Profile::Quick };
            let options = BuildOptions { profile, ..BuildOptions::local(&[target], Some(&shared.function.package)) };
            let built = build_in(&project, &options).and_then(|built| Ok((digest(&built)?, built)));
            let title = format!("{} does not compile", shared.function.package);
            let built = built.map(|(digest, built)| (built, digest));
            (Some(project), built.map_err(|error| failure(&title, &error, &messages.text())))
        });
        match building.await {
            Ok((project, built)) => {
                self.project = project;
                built
            }
            Err(error) => Err(failure("the build panicked", &error.into(), "")),
        }
    }

    /// Starts what was built in place of what runs; what runs stays where it is the same.
    async fn take_over(
        &mut self,
        built: Result<(Artefacts, [u8; 32]), Failure>,
        begin: Instant,
    ) -> Result<(), Failure> {
        let (built, digest) = built?;
        let same = |(generation, of): &&(Arc<Generation>, [u8; 32])| *of == digest && !generation.is_gone();
        if let Some((generation, _)) = self.current.as_ref().filter(same) {
            ui::step("Unchanged", format_args!("{} goes on ({} ms)", self.package(), begin.elapsed().as_millis()));
            self.shared.reached(Stage::Serving(Arc::clone(generation)), &self.changes);
            return Ok(());
        }
        let title = format!("{} does not start", self.package());
        // The first time this takes minutes, and says so itself.
        self.tools().await.map_err(|error| failure(&title, &error, ""))?;
        // Where it is changed before it serves, it never will: dropped, it is killed.
        let mut changes = self.changes.clone();
        let start = Generation::start(&self.shared, &built);
        let started = tokio::select! {
            started = patiently(self.package(), "a change of its sources ends it", start) => started,
            _ = changes.changed() => {
                ui::step("Ended", format_args!("{}: it had not started, and its sources have changed", self.package()));
                return Ok(());
            }
        };
        let generation = Arc::new(started.map_err(|error| failure(&title, &error, ""))?);
        self.leave_note(&generation).map_err(|error| failure("cannot leave a note", &error, ""))?;
        let address = format!("http://{}", self.shared.addr);
        ui::step("Ready", format_args!("{} in {} ms: {address}", self.package(), begin.elapsed().as_millis()));
        self.shared.say.ready(self.package(), self.shared.target.name(), &address);
        self.shared.reached(Stage::Serving(Arc::clone(&generation)), &self.changes);
        // After that: one that has ended already would not be seen to have.
        self.guard(&generation);
        if let Some((before, _)) = self.current.replace((generation, digest)) {
            self.retiring.spawn(async move { before.retire().await });
        }
        while self.retiring.try_join_next().is_some() {}
        Ok(())
    }

    /// Installs what the platform's runtime needs.
    async fn tools(&self) -> Result<()> {
        let (target, api) = (self.shared.target, self.shared.lambda().api);
        tokio::task::spawn_blocking(move || tools::installed(target, api)).await?
    }

    /// Says when it ends by itself.
    fn guard(&self, generation: &Arc<Generation>) {
        let (shared, generation) = (Arc::clone(&self.shared), Arc::downgrade(generation));
        tokio::spawn(async move {
            let Some(ended) = generation.upgrade() else { return };
            let status = ended.running.ended().await;
            let logs = ended.running.logs();
            let last = logs[logs.len().saturating_sub(20)..].join("\n");
            let failure = Arc::new(Failure {
                title: format!("{} ended by itself", shared.function.package),
                text: format!(
                    "{} ended ({status}); its last words:\n{last}\n\nThe next request starts it again.",
                    shared.function.package
                ),
                ended: true,
            });
            // Before the stage is looked at, so that whoever is about to serve it again sees it, or is seen.
            ended.gone();
            let was_serving = shared.stage.send_if_modified(|stage| {
                let this = matches!(stage, Stage::Serving(current) if Arc::ptr_eq(current, &ended));
                if this {
                    *stage = Stage::Broken(Arc::clone(&failure));
                }
                this
            });
            if was_serving {
                shared.records.changed();
                ui::warn(format_args!("{} ({status}): the next request starts it again", failure.title));
                shared.say.broken(&failure.text);
            }
        });
    }

    fn leave_note(&mut self, generation: &Generation) -> Result<()> {
        let triggers = generation.triggers.iter().map(|trigger| (trigger.kind.clone(), trigger.name.clone()));
        let served = Served::at(self.package(), triggers.collect(), self.shared.receiver());
        let note = Note::leave(&self.shared.root, &served.log(self.shared.log.clone()))?;
        // It has the same place as the one before, which must not take it away.
        if let Some(before) = self.note.replace(note) {
            before.keep();
        }
        Ok(())
    }

    fn package(&self) -> &str {
        &self.shared.function.package
    }
}

fn failure(title: &str, error: &Error, messages: &str) -> Failure {
    ui::error(error);
    let text = if messages.is_empty() { format!("{error:#}") } else { format!("{}\n\n{error:#}", messages.trim_end()) };
    Failure { title: title.to_owned(), text, ended: false }
}

/// What tells one artefact from another.
fn digest(built: &Artefacts) -> Result<[u8; 32]> {
    let mut files = Vec::new();
    files.extend(built.lambda.as_ref().map(|artefact| artefact.bootstrap.clone()));
    files.extend(built.vercel.as_ref().map(|artefact| artefact.executable.clone()));
    files.extend(built.server.as_ref().map(|artefact| artefact.executable.clone()));
    if let Some(artefact) = &built.cloudflare {
        collect(&artefact.modules, &mut files)?;
        files.push(artefact.config.clone());
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?);
        hash.update([0]);
    }
    // Settings of the manifest are no part of the artefact.
    hash.update(format!("{:?}", built.function.settings));
    Ok(hash.finalize().into())
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
