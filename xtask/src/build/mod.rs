//! `build`: one function, packed as each vendor's own deploy command wants it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyfn_core::manifest::Declared;
use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

pub(crate) mod cargo;
pub mod cloudflare;
pub mod cron;
pub(crate) mod elf;
pub mod lambda;
pub(crate) mod manifest;
pub(crate) mod native;
pub(crate) mod section;
pub mod server;
pub mod vercel;
pub(crate) mod wiring;
pub(crate) mod zip;

use self::manifest::Gate;
use self::native::Executable;
use self::wiring::Wiring;
use crate::project::{Function, Project, home};
use crate::ui;

/// A platform to build for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Target {
    /// AWS Lambda, as a custom runtime.
    Lambda,
    /// Cloudflare Workers.
    Cloudflare,
    /// Vercel, as an executable.
    Vercel,
    /// A plain HTTP server, also for containers.
    Server,
}

impl Target {
    /// Every target, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Lambda, Self::Cloudflare, Self::Vercel, Self::Server];

    /// The target's name on the command line, in folders and in cargo features.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lambda => "lambda",
            Self::Cloudflare => "cloudflare",
            Self::Vercel => "vercel",
            Self::Server => "server",
        }
    }

    /// Whether it runs an executable, not WebAssembly.
    #[must_use]
    pub fn is_native(self) -> bool {
        self != Self::Cloudflare
    }

    /// Whether a function can be built for it: anyfn has an adapter that speaks to the platform.
    #[must_use]
    pub fn has_adapter(self) -> bool {
        matches!(self, Self::Lambda | Self::Cloudflare | Self::Vercel | Self::Server)
    }
}

/// How much work the compiler puts in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Profile {
    /// Small and fast artefacts: fat LTO, one codegen unit, stripped.
    #[default]
    Dist,
    /// Quickly built ones: a little optimised, incremental, no LTO.
    Quick,
    /// As `cargo run` builds: what that has compiled is not compiled again. Native targets only; each is built by itself.
    Dev,
}

/// What to build.
#[derive(Debug, Clone)]
pub struct BuildOptions {
    /// The platforms to build for.
    pub targets: Vec<Target>,
    /// The package; without it the one that can be meant, see [`Project::function`].
    pub package: Option<String>,
    /// Build native artefacts for 64-bit ARM instead of x86-64.
    pub arm64: bool,
    /// How much work the compiler puts in.
    pub profile: Profile,
    /// For this machine's own use: written to `.anyfn/local/` instead of `dist/`, for this machine's architecture and C
    /// library, and not checked against the vendors' machines.
    pub local: bool,
    /// The folder that takes `dist`'s place.
    pub out: Option<PathBuf>,
}

impl BuildOptions {
    /// A quick build for this machine's own use, as `run`, `demo` and the conformance suite want it.
    #[must_use]
    pub fn local(targets: &[Target], package: Option<&str>) -> Self {
        Self {
            targets: targets.to_vec(),
            package: package.map(str::to_owned),
            arm64: false,
            profile: Profile::Quick,
            local: true,
            out: None,
        }
    }
}

/// What was built; a target that was not asked for is `None`.
#[derive(Debug, Clone)]
pub struct Artefacts {
    /// The function that was built.
    pub function: Function,
    /// `dist/lambda/<package>`.
    pub lambda: Option<lambda::Artefact>,
    /// `dist/cloudflare/<package>`.
    pub cloudflare: Option<cloudflare::Artefact>,
    /// `dist/vercel/<package>`.
    pub vercel: Option<vercel::Artefact>,
    /// `dist/server/<package>`.
    pub server: Option<server::Artefact>,
    /// What triggers it, as its artefacts say.
    pub triggers: Vec<Declared>,
}

/// Builds a function of the workspace around the current folder.
///
/// Progress goes to the error stream. The artefacts replace what an earlier build of the same target left.
///
/// # Errors
/// When the function cannot be told, does not compile, or would not run on the vendor's machines.
pub fn build(options: &BuildOptions) -> Result<Artefacts> {
    build_in(&Project::load()?, options)
}

/// [`build`], in a workspace that is loaded already.
///
/// # Errors
/// As [`build`].
pub fn build_in(project: &Project, options: &BuildOptions) -> Result<Artefacts> {
    let function = project.function(options.package.as_deref())?;
    if let Some(target) = options.targets.iter().find(|target| !target.has_adapter()) {
        bail!("anyfn has no adapter for {} yet\nbuild it as a plain server: --target server", target.name());
    }
    let out = match &options.out {
        Some(out) => std::path::absolute(out).with_context(|| format!("`{}` is no folder", out.display()))?,
        None if options.local => home(&project.root)?.join("local"),
        None => project.root.join("dist"),
    };
    let dir = |target: Target| out.join(target.name()).join(&function.package);
    let natives = native::Builder::new(project, &function, options);
    let mut artefacts = Artefacts {
        function: function.clone(),
        lambda: None,
        cloudflare: None,
        vercel: None,
        server: None,
        triggers: Vec::new(),
    };
    let mut gate = Gate::new(&function, options.local);
    for target in Target::ALL.into_iter().filter(|t| options.targets.contains(t)) {
        match target {
            Target::Lambda => {
                artefacts.lambda = Some(lambda::pack(&function, &natives.build(target, &mut gate)?, &dir(target))?);
            }
            Target::Vercel => {
                artefacts.vercel = Some(vercel::pack(&function, &natives.build(target, &mut gate)?, &dir(target))?);
            }
            Target::Server => {
                artefacts.server = Some(server::pack(&function, &natives.build(target, &mut gate)?, &dir(target))?);
            }
            Target::Cloudflare => {
                let module = cargo::build_worker(project, &function, options.profile)?;
                let manifest = manifest::read(&function, &module)?;
                gate.admit(target, &manifest)?;
                let wiring = Wiring::new(&function, &manifest.triggers);
                artefacts.cloudflare = Some(cloudflare::pack(project, &wiring, &function, &module, &dir(target))?);
            }
        }
    }
    artefacts.triggers = gate.triggers();
    Ok(artefacts)
}

/// An empty folder at `path`, whatever stood there before.
pub(crate) fn fresh_dir(path: &Path) -> Result<()> {
    if path.exists() {
        std::fs::remove_dir_all(path).with_context(|| format!("cannot clear {}", path.display()))?;
    }
    std::fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))
}

/// Writes a file and gives its path back.
pub(crate) fn write(path: PathBuf, bytes: impl AsRef<[u8]>) -> Result<PathBuf> {
    std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Copies an executable, mode 0755, and gives its new path back.
pub(crate) fn install(from: &Path, to: PathBuf) -> Result<PathBuf> {
    std::fs::copy(from, &to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o755))
            .with_context(|| format!("cannot make {} executable", to.display()))?;
    }
    Ok(to)
}

/// What the person does with an artefact.
#[derive(Debug)]
pub(crate) struct NextStep {
    /// Where it goes, and with which program.
    pub(crate) with: &'static str,
    /// The program and its arguments, for the folder that this was called in.
    pub(crate) command: Vec<String>,
    /// What to know before.
    pub(crate) note: Option<&'static str>,
}

/// A command out of its words.
pub(crate) fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

/// What an executable weighs, and, where it is deployed, how much of that is left when it is compressed.
pub(crate) fn sizes(executable: &Executable) -> Result<String> {
    let path = &executable.path;
    let data = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let raw = ui::size(data.len() as u64);
    Ok(if executable.local { raw } else { format!("{raw}, gzipped {}", ui::size(gzipped(&data)?)) })
}

/// How many bytes of gzip hold `data`.
pub(crate) fn gzipped(data: &[u8]) -> Result<u64> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data)?;
    Ok(encoder.finish()?.len() as u64)
}

/// The line that says what a target's artefact weighs.
pub(crate) fn report(target: Target, dir: &Path, sizes: &str) {
    ui::step("Built", format_args!("{} → {} ({sizes})", target.name(), ui::path(dir)));
}
