//! Native executables: which triple, which features, and one build for several targets where that is right.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use anyfn_core::manifest::Manifest;
use anyhow::{Result, bail};

use super::manifest::Gate;
use super::{BuildOptions, Profile, Target, cargo, elf, manifest};
use crate::project::{Function, Project};
use crate::settings::Libc;
use crate::tools;

/// An executable, and what the vendors' files must know about it.
#[derive(Debug, Clone)]
pub(crate) struct Executable {
    /// Where cargo put it.
    pub(crate) path: PathBuf,
    /// 64-bit ARM, otherwise x86-64.
    pub(crate) arm64: bool,
    /// Needs no C library of the machine it runs on.
    pub(crate) is_static: bool,
    /// For this machine alone: nobody pays for its size, and somebody waits for it.
    pub(crate) local: bool,
    /// What triggers it.
    pub(crate) manifest: Manifest,
}

/// Builds the native targets of one `build` call.
#[derive(Debug)]
pub(crate) struct Builder<'a> {
    project: &'a Project,
    function: &'a Function,
    options: &'a BuildOptions,
    /// The local build that all native targets share.
    shared: OnceCell<Executable>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(project: &'a Project, function: &'a Function, options: &'a BuildOptions) -> Self {
        Self { project, function, options, shared: OnceCell::new() }
    }

    /// The executable for `target`.
    ///
    /// One to deploy has one adapter: it is smaller, a wrongly started one says so, and `--target lambda` gives the same
    /// bytes as `--target all`. A local one has every native adapter whatever was asked for, and recognises its platform
    /// when it starts: going from one target to the next compiles nothing.
    pub(crate) fn build(&self, target: Target, gate: &mut Gate<'_>) -> Result<Executable> {
        let executable = match self.shared.get() {
            Some(shared) => shared.clone(),
            None if self.options.local && self.options.profile != Profile::Dev => {
                let natives = Target::ALL.into_iter().filter(|target| target.is_native() && target.has_adapter());
                let executable = self.compile(&natives.collect::<Vec<_>>())?;
                self.shared.get_or_init(|| executable).clone()
            }
            None => self.compile(&[target])?,
        };
        gate.admit(target, &executable.manifest)?;
        Ok(executable)
    }

    fn compile(&self, adapters: &[Target]) -> Result<Executable> {
        let triple =
            if self.options.local { None } else { Some(triple(self.function.settings.libc, self.options.arm64)?) };
        if let Some(triple) = triple {
            tools::rust_target(triple)?;
        }
        let path = cargo::build_native(self.project, self.function, self.options.profile, triple, adapters)?;
        let facts = elf::inspect(&path)?;
        if !self.options.local {
            elf::check(&path, facts.as_ref(), self.options.arm64)?;
        }
        Ok(Executable {
            manifest: manifest::read(self.function, &path)?,
            local: self.options.local,
            path,
            arm64: facts.as_ref().map_or(cfg!(target_arch = "aarch64"), |facts| facts.arm64),
            is_static: facts.is_some_and(|facts| facts.is_static()),
        })
    }
}

/// What to compile for.
///
/// glibc where this machine can link it: its allocator is faster than musl's, under threads above all, and C
/// dependencies compile with the compiler at hand; [`elf::check`] keeps it to what the vendors' machines have.
/// Otherwise static musl, which Rust links with the linker that it brings.
pub(crate) fn triple(libc: Libc, arm64: bool) -> Result<&'static str> {
    let host = cfg!(target_os = "linux") && cfg!(target_arch = "aarch64") == arm64;
    let gnu = match libc {
        Libc::Auto => host,
        Libc::Musl => false,
        Libc::Gnu if host => true,
        Libc::Gnu => bail!(
            "`libc = \"gnu\"` in [package.metadata.anyfn] cannot be linked from this machine for another kind of \
             machine: say `libc = \"musl\"`, or build on Linux of that architecture"
        ),
    };
    Ok(match (gnu, arm64) {
        (true, false) => "x86_64-unknown-linux-gnu",
        (true, true) => "aarch64-unknown-linux-gnu",
        (false, false) => "x86_64-unknown-linux-musl",
        (false, true) => "aarch64-unknown-linux-musl",
    })
}

/// Whether linking for `triple` needs the linker that Rust brings, because this machine's own makes another kind of code.
pub(crate) fn needs_bundled_linker(triple: &str, root: &Path) -> bool {
    let own = cfg!(target_os = "linux") && triple.starts_with(std::env::consts::ARCH);
    let variable = format!("CARGO_TARGET_{}_LINKER", triple.to_uppercase().replace('-', "_"));
    triple.ends_with("-musl") && !own && std::env::var_os(variable).is_none() && !cargo::configures_linker(triple, root)
}
