//! `dist/vercel/<package>/.vercel/output`: Vercel's Build Output API, version 3.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::native::Executable;
use super::wiring::{self, Wiring, with_names};
use super::{NextStep, Target, fresh_dir, install, report, sizes, words, write};
use crate::project::Function;
use crate::ui;

/// Tells the adapter that a function is a queue's alone, wherever the platform delivers.
const QUEUE: &str = "ANYFN_QUEUE";

/// What a Vercel build wrote.
#[derive(Debug, Clone)]
pub struct Artefact {
    /// The folder to call `vercel deploy --prebuilt` in.
    pub dir: PathBuf,
    /// The executable, inside its `.func` folder.
    pub executable: PathBuf,
    /// The function's configuration.
    pub vc_config: PathBuf,
    /// The deployment's configuration.
    pub config: PathBuf,
    /// What is to be done by hand for its triggers, once.
    pub by_hand: Vec<String>,
}

pub(crate) fn pack(function: &Function, executable: &Executable, dir: &Path) -> Result<Artefact> {
    let wired = wiring::vercel::wire(&Wiring::new(function, &executable.manifest.triggers))?;
    let output = dir.join(".vercel/output");
    let func = output.join("functions/index.func");
    // The folder above stays: after a first deployment it holds `.vercel/project.json`, the link to the project.
    fresh_dir(&output)?;
    std::fs::create_dir_all(&func).with_context(|| format!("cannot make {}", func.display()))?;
    let environment = with_names(&function.settings.env, &wired.names);
    let arm64 = executable.arm64;
    for (path, triggers) in &wired.functions {
        let func = output.join(format!("functions/{path}.func"));
        std::fs::create_dir_all(&func).with_context(|| format!("cannot make {}", func.display()))?;
        install(&executable.path, func.join("executable"))?;
        let mut environment = environment.clone();
        environment.insert(QUEUE.to_owned(), json!("1"));
        write(func.join(".vc-config.json"), configured(function, arm64, environment, Some(triggers)))?;
    }
    let artefact = Artefact {
        executable: install(&executable.path, func.join("executable"))?,
        vc_config: write(func.join(".vc-config.json"), configured(function, arm64, environment, None))?,
        config: write(output.join("config.json"), pretty(&config(&wired.crons)))?,
        dir: dir.to_path_buf(),
        by_hand: wired.by_hand,
    };
    report(Target::Vercel, dir, &sizes(executable)?);
    Ok(artefact)
}

/// How to deploy what [`pack`] wrote.
pub(crate) fn next_step(dir: &Path) -> NextStep {
    NextStep {
        with: "Vercel, with its CLI",
        command: words(["npx", "vercel", "deploy", "--prebuilt", "--cwd", &ui::path(dir)]),
        note: Some("the first time it asks which project this is; `--prod` deploys to production"),
    }
}

/// The text of a function's `.vc-config.json`: byte for byte what `vercel build` writes for the same settings.
#[must_use]
pub fn vc_config(function: &Function, arm64: bool) -> String {
    configured(function, arm64, with_names(&function.settings.env, &BTreeMap::new()), None)
}

fn configured(function: &Function, arm64: bool, environment: Map<String, Value>, triggers: Option<&Value>) -> String {
    let settings = &function.settings;
    let mut config = Map::new();
    let mut set = |key: &str, value: Value| config.insert(key.to_owned(), value);
    set("handler", json!("executable"));
    set("runtime", json!("executable"));
    set("runtimeLanguage", json!("rust"));
    set("architecture", json!(if arm64 { "arm64" } else { "x86_64" }));
    if let Some(memory) = settings.memory {
        set("memory", json!(memory));
    }
    if let Some(timeout) = settings.timeout {
        set("maxDuration", json!(timeout));
    }
    set("environment", environment.into());
    if !settings.vercel.regions.is_empty() {
        set("regions", json!(settings.vercel.regions));
    }
    set("supportsResponseStreaming", json!(true));
    if let Some(triggers) = triggers {
        set("experimentalTriggers", triggers.clone());
    }
    pretty(&config.into())
}

/// Every path goes to the one function, as it was sent.
fn config(crons: &[Value]) -> Value {
    json!({
        "version": 3,
        "routes": [
            { "handle": "filesystem" },
            {
                "src": "/(.*)",
                "dest": "/index",
                "transforms": [{ "type": "request.path", "op": "set", "args": "/$1" }],
            },
        ],
        "crons": crons,
    })
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
