//! `dist/cloudflare/<package>`: `wrangler.jsonc` and the finished modules, with no build step left for wrangler.

use std::path::{Path, PathBuf};

use anyfn_cloudflare::{WORKER_JS, instances};
use anyhow::{Context, Result, bail};
use serde_json::json;
use wasm_bindgen_cli_support::Bindgen;

use super::wiring::cloudflare::Wired;
use super::wiring::{self, Wiring, with_names};
use super::{NextStep, Target, fresh_dir, gzipped, report, words, write};
use crate::project::{Function, Project};
use crate::settings::Cloudflare;
use crate::ui;

/// The version that the glue is generated with; the crate's must be the same.
pub(crate) const WASM_BINDGEN: &str = "0.2.130";

/// What a Workers build wrote.
#[derive(Debug, Clone)]
pub struct Artefact {
    /// The folder to call `wrangler deploy` in.
    pub dir: PathBuf,
    /// wrangler's configuration.
    pub config: PathBuf,
    /// The folder of the modules: `worker.js`, `index.js`, `index_bg.wasm`.
    pub modules: PathBuf,
    /// What is to be done by hand for its triggers, once.
    pub by_hand: Vec<String>,
}

pub(crate) fn pack(
    project: &Project,
    wiring: &Wiring<'_>,
    function: &Function,
    module: &Path,
    dir: &Path,
) -> Result<Artefact> {
    let wired = wiring::cloudflare::wire(wiring)?;
    fresh_dir(dir)?;
    let modules = dir.join("dist");
    bindgen(project, module, &modules)?;
    write(modules.join("worker.js"), WORKER_JS)?;
    let config = write(dir.join("wrangler.jsonc"), config(function, &wired))?;
    let wasm = std::fs::read(modules.join("index_bg.wasm")).context("wasm-bindgen wrote no index_bg.wasm")?;
    let sizes = format!("wasm {}, gzipped {}", ui::size(wasm.len() as u64), ui::size(gzipped(&wasm)?));
    report(Target::Cloudflare, dir, &sizes);
    Ok(Artefact { dir: dir.to_path_buf(), config, modules, by_hand: wired.by_hand })
}

/// How to deploy what [`pack`] wrote.
pub(crate) fn next_step(dir: &Path) -> NextStep {
    NextStep {
        with: "Cloudflare Workers, with wrangler",
        command: words(["npx", "wrangler", "deploy", "--config", &ui::path(&dir.join("wrangler.jsonc"))]),
        note: None,
    }
}

/// Makes `index.js` and `index_bg.wasm` of the compiled module.
fn bindgen(project: &Project, module: &Path, out: &Path) -> Result<()> {
    if let Some(version) = project.locked_version("wasm-bindgen")?.filter(|version| version != WASM_BINDGEN) {
        bail!(
            "Cargo.lock has wasm-bindgen {version}, and this xtask generates glue for {WASM_BINDGEN}: they must agree\n\
             run `cargo update -p wasm-bindgen --precise {WASM_BINDGEN}`"
        );
    }
    let text = glue(module, out)?;
    write(out.join("index.js"), instances(&text)?)?;
    Ok(())
}

/// Makes `index.js` and `index_bg.wasm` of any module that `wasm-bindgen` 0.2.130 was compiled into, as it does by itself;
/// gives the text of the former.
///
/// # Errors
/// When the module is none, or of another version.
pub fn glue(module: &Path, out: &Path) -> Result<String> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .module(true)?
        .typescript(false)
        .out_name("index")
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(out)
        .with_context(|| format!("wasm-bindgen cannot make glue for {}", ui::path(module)))?;
    std::fs::read_to_string(out.join("index.js")).context("wasm-bindgen wrote no index.js")
}

fn config(function: &Function, wired: &Wired) -> String {
    let settings = &function.settings;
    let mut config = json!({
        "name": function.package,
        "main": "dist/worker.js",
        "compatibility_date": settings.cloudflare.compatibility_date,
        "no_bundle": true,
        "find_additional_modules": true,
        "base_dir": "dist",
        "rules": [{ "type": "ESModule", "globs": ["**/*.js"], "fallthrough": true }],
    });
    if !settings.cloudflare.compatibility_flags.is_empty() {
        config["compatibility_flags"] = json!(settings.cloudflare.compatibility_flags);
    }
    let variables = with_names(&settings.env, &wired.names);
    if !variables.is_empty() {
        config["vars"] = variables.into();
    }
    if !wired.crons.is_empty() {
        config["triggers"] = json!({ "crons": wired.crons });
    }
    if !wired.consumers.is_empty() {
        config["queues"] = json!({ "consumers": wired.consumers });
    }
    let Cloudflare { kv, d1, .. } = &settings.cloudflare;
    if !kv.is_empty() {
        let bound = kv.iter().map(|(binding, id)| json!({ "binding": binding, "id": id }));
        config["kv_namespaces"] = bound.collect();
    }
    if !d1.is_empty() {
        let bound = d1.iter().map(|(binding, id)| json!({ "binding": binding, "database_id": id }));
        config["d1_databases"] = bound.collect();
    }
    format!(
        "// Written by `cargo xtask build`; what to change stands in [package.metadata.anyfn] of Cargo.toml.\n{config:#}\n"
    )
}
