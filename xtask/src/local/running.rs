//! What runs now, for a second terminal: `run` leaves a note in the workspace's own folder.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::Running;
use super::events::Receiver;
use crate::build::Target;
use crate::project::home;

/// A function that `run` serves.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Served {
    /// The platform.
    #[serde(with = "target")]
    pub target: Target,
    /// The package.
    pub package: String,
    /// What triggers it: kind and name.
    pub triggers: Vec<(String, Option<String>)>,
    http: SocketAddr,
    events: Option<SocketAddr>,
    token: String,
    /// The file that its log is written to as it comes.
    #[serde(default)]
    pub log: Option<PathBuf>,
}

impl Served {
    /// What is served at `running`.
    #[must_use]
    pub fn new(
        target: Target,
        package: &str,
        triggers: Vec<(String, Option<String>)>,
        running: &Running,
        token: &str,
    ) -> Self {
        Self::at(package, triggers, running.receiver(target, token))
    }

    /// What takes its events at `receiver`.
    #[must_use]
    pub fn at(package: &str, triggers: Vec<(String, Option<String>)>, receiver: Receiver) -> Self {
        let Receiver { target, http, events, token } = receiver;
        Self { target, package: package.to_owned(), triggers, http, events, token, log: None }
    }

    /// And its log is in this file.
    #[must_use]
    pub fn log(mut self, path: PathBuf) -> Self {
        self.log = Some(path);
        self
    }

    /// Where it takes events.
    #[must_use]
    pub fn receiver(&self) -> Receiver {
        Receiver { target: self.target, http: self.http, events: self.events, token: self.token.clone() }
    }

    /// The names that the program declares for triggers of this kind.
    pub fn declared<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        self.triggers.iter().filter(move |(other, _)| other == kind).filter_map(|(_, name)| name.as_deref())
    }
}

/// The note of a running function; dropping it takes it away.
#[derive(Debug)]
pub struct Note(PathBuf);

impl Note {
    /// Leaves the note.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn leave(root: &Path, served: &Served) -> Result<Self> {
        let dir = home(root)?.join("running");
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let path = dir.join(format!("{}.json", served.target.name()));
        std::fs::write(&path, serde_json::to_vec(served)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Note {
    /// Lets the note stay, for another takes care of it.
    pub(crate) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            let _ = std::fs::remove_file(&self.0);
        }
    }
}

/// The one function that runs, on `target` if that is said.
///
/// # Errors
/// None runs, or several do.
pub fn served(root: &Path, target: Option<Target>) -> Result<Served> {
    let dir = home(root)?.join("running");
    let candidates = Target::ALL.into_iter().filter(|candidate| target.is_none_or(|target| target == *candidate));
    let mut found: Vec<Served> = candidates
        .filter_map(|candidate| std::fs::read(dir.join(format!("{}.json", candidate.name()))).ok())
        .filter_map(|note| serde_json::from_slice::<Served>(&note).ok())
        // A function that was killed left its note behind.
        .filter(|served| std::net::TcpStream::connect(served.http).is_ok())
        .collect();
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => {
            let target = target.map_or("lambda", Target::name);
            bail!(
                "no function runs here\nstart one in another terminal: cargo xtask dev, or cargo xtask run --target {target}"
            )
        }
        _ => {
            let targets: Vec<_> = found.iter().map(|served| served.target.name()).collect();
            bail!("functions run on several platforms: say one with --target: {}", targets.join(", "))
        }
    }
}

mod target {
    use clap::ValueEnum as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::build::Target;

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(target: &Target, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(target.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Target, D::Error> {
        let name = String::deserialize(deserializer)?;
        Target::from_str(&name, false).map_err(serde::de::Error::custom)
    }
}
