//! `doctor`: what keeps a function from being built, run or deployed, and what to do about it.

use std::path::Path;

use anyhow::{Error, Result};
use serde::Serialize;

use crate::build::Target;
use crate::project::{Function, Project};

mod artefacts;
mod edit;
mod graph;
mod lock;
mod machine;
mod program;
mod workers;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// As it should be.
    Good,
    /// Nothing is wrong; somebody may want to know.
    Note,
    /// It works, but for something.
    Warning,
    /// It does not work.
    Broken,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, in a word: `rustc`, `lock`, `dependencies`.
    pub check: &'static str,
    /// How it is.
    pub state: State,
    /// What was found.
    pub what: String,
    /// For a dependency: the packages from the function down to it, with the features that matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    /// What to do, one step a line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<String>,
}

impl Finding {
    fn new(check: &'static str, state: State, what: impl Into<String>) -> Self {
        Self { check, state, what: what.into(), path: Vec::new(), next: Vec::new() }
    }

    fn good(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(check, State::Good, what)
    }

    fn next(mut self, step: impl Into<String>) -> Self {
        self.next.push(step.into());
        self
    }
}

/// Looks at the machine alone, where there is no function to look at.
#[must_use]
pub fn machine(target: Option<Target>) -> Vec<Finding> {
    machine::examine(&machine::Shell, target, crate::settings::Libc::Auto)
}

/// What keeps cargo from reading the manifest that stands in this folder or above it, by the error of that reading; `None`
/// where there is none.
#[must_use]
pub fn unreadable(folder: &Path, error: &Error) -> Option<Finding> {
    let manifest = folder.ancestors().map(|folder| folder.join("Cargo.toml")).find(|path| path.is_file())?;
    Some(Finding::new("manifest", State::Broken, format!("{}\n{error}", crate::ui::path(&manifest))))
}

/// What the function depends on that cannot go to Workers.
///
/// # Errors
/// When cargo cannot tell what the function depends on.
pub(crate) fn obstacles(project: &Project, function: &Function) -> Result<Vec<Finding>> {
    let mut found = workers::examine(project, function)?;
    found.retain(|finding| finding.state == State::Broken);
    Ok(found)
}

/// Looks at the machine, the versions in `Cargo.lock`, the function's settings and dependencies, and what was built of it.
///
/// With a `target`, what stands in its way is broken; without one, it is a warning, since another may be meant.
///
/// # Errors
/// When cargo cannot tell what the function depends on.
pub fn examine(project: &Project, function: &Function, target: Option<Target>) -> Result<Vec<Finding>> {
    let mut found = machine::examine(&machine::Shell, target, function.settings.libc);
    found.extend(lock::examine(project)?);
    found.extend(program::examine(project, function, target)?);
    if target.is_none_or(|target| target == Target::Cloudflare) {
        let mut workers = workers::examine(project, function)?;
        if target.is_none() {
            for finding in workers.iter_mut().filter(|finding| finding.state == State::Broken) {
                finding.state = State::Warning;
            }
        }
        found.extend(workers);
    }
    found.extend(artefacts::examine(project, function, target)?);
    Ok(found)
}
