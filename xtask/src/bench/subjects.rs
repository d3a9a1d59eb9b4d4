//! The programs that are compared.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use flate2::Compression;

use super::Bench;
use super::figures::{Figures, Unit};
use crate::build::{self, Artefacts, BuildOptions, Profile, Target};
use crate::project::{Project, home};
use crate::ui;

/// One of the programs.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<&'static str>,
    pub(crate) env: Vec<(&'static str, &'static str)>,
}

impl Subject {
    pub(crate) fn new(name: &'static str, program: PathBuf) -> Self {
        Self { name, program, arguments: Vec::new(), env: Vec::new() }
    }

    /// Notes what the program weighs: as it is, and in the archive that is uploaded, or compressed.
    pub(crate) fn weigh(&self, target: Bench, work: &str, figures: &mut Figures) -> Result<()> {
        let data = std::fs::read(&self.program).with_context(|| format!("cannot read {}", self.program.display()))?;
        figures.add(target, &format!("{work}, executable"), Unit::Bytes, self.name, data.len() as f64);
        let (packed, length) = if target == Bench::Lambda {
            let entry = build::zip::Entry { name: "bootstrap", mode: 0o755, data: &data };
            ("zip", build::zip::archive(&[entry], Compression::best())?.len() as u64)
        } else {
            ("gzipped", build::gzipped(&data)?)
        };
        figures.add(target, &format!("{work}, {packed}"), Unit::Bytes, self.name, length as f64);
        Ok(())
    }
}

/// Builds one of our own functions as it is deployed.
pub(crate) fn ours(project: &Project, package: &str, target: Target) -> Result<Artefacts> {
    let options = BuildOptions {
        targets: vec![target],
        package: Some(package.to_owned()),
        arm64: false,
        profile: Profile::Dist,
        local: false,
        out: Some(home(&project.root)?.join("bench")),
    };
    build::build_in(project, &options)
}

/// Builds peers, and gives the folder of their executables.
pub(crate) fn peers(project: &Project, packages: &[&str], triple: Option<&str>) -> Result<PathBuf> {
    let dir = project.root.join("benches/peers");
    ui::step("Building", format_args!("{}", packages.join(", ")));
    let profile = if triple.is_some() { "worker" } else { "release" };
    let mut cargo = cargo(&dir, profile);
    packages.iter().for_each(|package| _ = cargo.args(["--package", package]));
    triple.iter().for_each(|triple| _ = cargo.args(["--target", triple]));
    run(&mut cargo, "the peers in benches/peers do not compile")?;
    Ok(dir.join("target").join(triple.unwrap_or_default()).join(profile))
}

/// Builds a program of the workspace that is no function, as functions are built; each feature in a folder of its own.
pub(crate) fn plain(project: &Project, package: &str, feature: Option<&str>) -> Result<PathBuf> {
    let mut cargo = cargo(&project.root, "release");
    cargo.args(["--package", package]);
    cargo.args(["--config", "profile.release.lto=\"fat\"", "--config", "profile.release.codegen-units=1"]);
    cargo.args(feature.into_iter().flat_map(|feature| ["--features", feature]));
    // In a folder of its own: the settings differ from those that others build with.
    let target = home(&project.root)?.join("bench").join(feature.unwrap_or("target"));
    run(cargo.arg("--target-dir").arg(&target), "it does not compile")?;
    Ok(target.join("release").join(package))
}

fn cargo(dir: &Path, profile: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build::cargo::without_own_variables(&mut cargo).current_dir(dir).args(["build", "--locked", "--profile", profile]);
    cargo
}

fn run(command: &mut Command, otherwise: &'static str) -> Result<()> {
    let status = command.status().context("`cargo` does not start: install Rust, with its cargo on the PATH")?;
    if !status.success() {
        bail!("{otherwise}: cargo's messages are above");
    }
    Ok(())
}
