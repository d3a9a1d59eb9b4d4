//! Artefacts as they are deployed, built once for all tests.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyfn_xtask::build::{Artefacts, BuildOptions, Profile, Target, build};

/// What one build is told apart by.
type Key = (Target, &'static str, bool);

/// The function `package`, built to be deployed to `target`.
pub(crate) fn built(target: Target, package: &'static str) -> Artefacts {
    once((target, package, false))
}

/// The same for 64-bit ARM.
pub(crate) fn built_for_arm64(target: Target, package: &'static str) -> Artefacts {
    once((target, package, true))
}

/// The same once more, from compiling to packing, into a folder of its own.
pub(crate) fn build_again(target: Target, package: &'static str) -> Artefacts {
    build(&BuildOptions { out: Some(out(false).join("again")), ..options((target, package, false)) }).unwrap()
}

/// Where all of this is written: not to `dist/`, which belongs to whoever works here.
fn out(arm64: bool) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(if arm64 { "acceptance-arm64" } else { "acceptance" })
}

/// Cargo builds one thing at a time anyway.
fn once(key: Key) -> Artefacts {
    static DONE: Mutex<Vec<(Key, Artefacts)>> = Mutex::new(Vec::new());
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, artefacts)) = done.iter().find(|(other, _)| *other == key) {
        return artefacts.clone();
    }
    let artefacts = build(&options(key)).unwrap();
    done.push((key, artefacts.clone()));
    artefacts
}

fn options((target, package, arm64): Key) -> BuildOptions {
    BuildOptions {
        targets: vec![target],
        package: Some(package.to_owned()),
        arm64,
        profile: Profile::Dist,
        local: false,
        out: Some(out(arm64)),
    }
}
