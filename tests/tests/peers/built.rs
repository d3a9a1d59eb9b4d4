//! Builds the programs of `tests/peers`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyfn_xtask::build::cloudflare;
use anyhow::{Context as _, Result, ensure};

use crate::Peer;

/// What was built; a path that was not asked for is empty.
#[derive(Default)]
pub(crate) struct Built {
    pub(crate) lambda: PathBuf,
    pub(crate) vercel: PathBuf,
    pub(crate) worker: PathBuf,
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

pub(crate) fn build(chosen: &[&Peer]) -> Result<Built> {
    let has = |name: &str| chosen.iter().any(|peer| peer.crates == name);
    let mut built = Built::default();
    if has("lambda_http") {
        built.lambda = cargo("echo-lambda-http", None)?.join("echo-lambda-http");
    }
    if has("vercel_runtime") {
        built.vercel = cargo("echo-vercel", None)?.join("echo-vercel");
    }
    if has("worker") {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers/worker");
        let modules = folder.join("dist");
        std::fs::create_dir_all(&modules)?;
        let module = cargo("echo-workers", Some("wasm32-unknown-unknown"))?.join("echo_workers.wasm");
        let glue = cloudflare::glue(&module, &modules)?;
        // workerd's parser does not know source phase imports.
        std::fs::write(modules.join("index.js"), glue.replace("import source ", "import "))?;
        std::fs::write(modules.join("worker.js"), WORKER_JS)?;
        std::fs::write(folder.join("wrangler.jsonc"), WRANGLER)?;
        built.worker = modules;
    }
    Ok(built)
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
