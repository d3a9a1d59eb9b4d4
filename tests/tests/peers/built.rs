//! Builds the programs of `tests/peers`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyfn_xtask::build::cloudflare;
use anyhow::{Context as _, Result, ensure};

use crate::Peer;

/// What was built.
pub(crate) struct Built(Vec<(&'static str, Platform, PathBuf)>);

/// What a program is built for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Platform {
    Lambda,
    Vercel,
    Workers,
}

impl Built {
    /// The program that a peer is on its runtime.
    pub(crate) fn program(&self, peer: &Peer) -> &Path {
        let of = |(crates, platform, _): &&(&str, Platform, PathBuf)| {
            *crates == peer.crates && *platform == platform_of(peer)
        };
        self.0.iter().find(of).map_or(Path::new(""), |(_, _, program)| program)
    }

    /// The programs for Lambda, with their crates.
    pub(crate) fn lambdas(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.0
            .iter()
            .filter(|(_, platform, _)| *platform == Platform::Lambda)
            .map(|(crates, _, program)| (*crates, &**program))
    }
}

fn platform_of(peer: &Peer) -> Platform {
    match peer.runtime {
        "cloudflare" => Platform::Workers,
        "vercel" => Platform::Vercel,
        _ => Platform::Lambda,
    }
}

/// The Worker's entry, which does what `worker-build`'s does: after a panic, the next request finds a fresh instance.
const WORKER_JS: &str = r#"import * as glue from "./index.js";
let broken = false;
export default {
  async fetch(request, env, ctx) {
    if (broken) { glue.__wbg_reset_state(); broken = false; }
    try {
      return await glue.fetch(request, env, ctx);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) broken = true;
      throw error;
    }
  },
};
"#;

const WRANGLER: &str = r#"{ "compatibility_date": "2026-04-01" }"#;

/// The packages of `tests/peers`.
const PACKAGES: &[(&str, Platform, &str)] = &[
    ("lambda_http", Platform::Lambda, "echo-lambda-http"),
    ("worker", Platform::Workers, "echo-workers"),
    ("vercel_runtime", Platform::Vercel, "echo-vercel"),
    ("ohkami", Platform::Lambda, "echo-ohkami-lambda"),
    ("ohkami", Platform::Workers, "echo-ohkami-workers"),
];

pub(crate) fn build(chosen: &[&Peer]) -> Result<Built> {
    let mut built = Vec::new();
    for (crates, platform, package) in PACKAGES {
        if chosen.iter().any(|peer| peer.crates == *crates && platform_of(peer) == *platform) {
            let program = match platform {
                Platform::Workers => worker(package)?,
                _ => cargo(package, None)?.join(package),
            };
            built.push((*crates, *platform, program));
        }
    }
    Ok(Built(built))
}

/// Builds a Worker; gives the folder of its modules.
fn worker(package: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers").join(package);
    let modules = folder.join("dist");
    std::fs::create_dir_all(&modules)?;
    let module = cargo(package, Some("wasm32-unknown-unknown"))?.join(format!("{}.wasm", package.replace('-', "_")));
    let glue = cloudflare::glue(&module, &modules)?;
    // workerd's parser does not know source phase imports.
    std::fs::write(modules.join("index.js"), glue.replace("import source ", "import "))?;
    std::fs::write(modules.join("worker.js"), WORKER_JS)?;
    std::fs::write(folder.join("wrangler.jsonc"), WRANGLER)?;
    Ok(modules)
}

/// Builds a package; gives the folder of what came out.
fn cargo(package: &str, target: Option<&str>) -> Result<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers/target");
    println!("building {package}");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--locked", "--package", package]).current_dir(workspace);
    cargo.env("CARGO_TARGET_DIR", &out).env_remove("CARGO_ENCODED_RUSTFLAGS");
    if let Some(target) = target {
        cargo.args(["--target", target]);
    }
    let status = cargo.status().context("cargo does not start")?;
    ensure!(status.success(), "{package} does not compile: what is wrong stands above");
    Ok(target.map_or(out.clone(), |target| out.join(target)).join("release"))
}
