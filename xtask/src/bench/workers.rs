//! Cloudflare Workers: each Worker in a workerd of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::events::Posted;
use super::figures::{Figures, OURS, Unit};
use super::served::{Server, Start, Work, gzipped, timed};
use super::server::request;
use super::subjects::{ours, peers};
use super::{Bench, Pace};
use crate::build::{Target, cloudflare};
use crate::project::{Project, home};
use crate::{tools, ui};

const TRIPLE: &str = "wasm32-unknown-unknown";

/// The entry of a Worker on `worker`, which does what `worker-build`'s does.
const ENTRY: &str = r#"import * as glue from "./index.js";
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

pub(super) fn measure(project: &Project, pace: Pace, figures: &mut Figures) -> Result<()> {
    tools::rust_target(TRIPLE)?;
    let own = |package| {
        Ok::<_, anyhow::Error>(ours(project, package, Target::Cloudflare)?.cloudflare.context("not built")?.modules)
    };
    weigh("the example hello", OURS, &own("hello")?, figures)?;
    let bench = own("bench-http")?;
    weigh("hello and echo", OURS, &bench, figures)?;
    if pace.own {
        return Ok(());
    }
    let built = peers(project, &["peer-workers-raw", "peer-workers-http", "peer-workers-axum"], Some(TRIPLE))?;
    let out = home(&project.root)?.join("bench/workers");
    let mut workers = vec![(OURS, bench)];
    for (name, module) in [
        ("worker", "peer_workers_raw"),
        ("worker with http", "peer_workers_http"),
        ("axum on worker", "peer_workers_axum"),
    ] {
        let modules = folder(&out, module)?;
        // workerd's parser does not know source phase imports.
        let glue = cloudflare::glue(&built.join(module).with_extension("wasm"), &modules)?;
        std::fs::write(modules.join("index.js"), glue.replace("import source ", "import "))?;
        std::fs::write(modules.join("worker.js"), ENTRY)?;
        workers.push((name, modules));
    }
    let sources = project.root.join("benches/peers/workers-js");
    workers.push(("Hono", hono(&sources, &out)?));
    let plain = folder(&out, "plain")?;
    std::fs::copy(sources.join("plain.js"), plain.join("worker.js"))?;
    workers.push(("JavaScript", plain));
    for (name, modules) in &workers[1..] {
        weigh("hello and echo", name, modules, figures)?;
    }

    let runtime = workerd()?;
    let server = |(name, modules): &(&'static str, PathBuf)| {
        let start = Start::Workerd { runtime: runtime.clone(), config: config(modules)? };
        Ok(Server { name, start })
    };
    let servers: Vec<_> = workers.iter().map(server).collect::<Result<_>>()?;
    let works = [
        Work {
            name: "GET hello",
            request: request("GET", "/hello?name=Ada", None),
            sign: "Hello, Ada!",
            times: 8_000,
            servers: &servers,
        },
        Work {
            name: "POST 100 KB of text",
            request: request("POST", "/echo", Some(Posted::Text(100 << 10))),
            sign: "[{",
            times: 2_400,
            servers: &servers,
        },
    ];
    for work in &works {
        ui::detail(format_args!("{}, timed", work.name));
        timed(Bench::Cloudflare, work, pace, figures)?;
    }
    Ok(())
}

fn folder(out: &Path, name: &str) -> Result<PathBuf> {
    let folder = out.join(name);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// Its files, the entry first.
fn modules(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "js" || kind == "wasm") {
                found.push(path);
            }
        }
    }
    let entry = dir.join("worker.js");
    found.sort_by_key(|path| (*path != entry, path.clone()));
    Ok(found)
}

fn weigh(work: &str, name: &str, dir: &Path, figures: &mut Figures) -> Result<()> {
    let all = modules(dir)?;
    let wasm: Vec<_> = all.iter().filter(|file| file.extension().is_some_and(|kind| kind == "wasm")).collect();
    let mut note = |what: &str, bytes| {
        figures.add(Bench::Cloudflare, &format!("{work}, {what} gzipped"), Unit::Bytes, name, bytes as f64);
    };
    if !wasm.is_empty() {
        note("module", gzipped(&wasm)?);
    }
    note("all files", gzipped(&all)?);
    Ok(())
}

/// What workerd is told: the modules and a socket.
fn config(dir: &Path) -> Result<PathBuf> {
    let module = |file: &PathBuf| {
        let name = file.strip_prefix(dir).unwrap_or(file).display();
        let kind = if file.extension().is_some_and(|kind| kind == "wasm") { "wasm" } else { "esModule" };
        format!("(name = \"{name}\", {kind} = embed \"{name}\")")
    };
    let modules: Vec<_> = modules(dir)?.iter().map(module).collect();
    let text = format!(
        "using Workerd = import \"/workerd/workerd.capnp\";\n\
         const config :Workerd.Config = (\n  services = [(name = \"main\", worker = .main)],\n  \
         sockets = [(name = \"http\", address = \"127.0.0.1:0\", http = (), service = \"main\")],\n);\n\
         const main :Workerd.Worker = (\n  modules = [{}],\n  compatibilityDate = \"2026-04-01\",\n);\n",
        modules.join(", ")
    );
    let path = dir.join("config.capnp");
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// The runtime that Miniflare runs too.
fn workerd() -> Result<PathBuf> {
    let tools = tools::npm()?;
    // The package's own way to say where its executable is.
    let script = "process.stdout.write(require(require.resolve('workerd', {paths: [process.argv[1]]})).default)";
    let output = tools.node().args(["--eval", script]).arg(&tools.dir).current_dir(&tools.dir).output()?;
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if !path.is_file() {
        bail!("npm's workerd has no executable here: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(path)
}

/// Hono and the function in one file, as wrangler bundles them.
fn hono(sources: &Path, out: &Path) -> Result<PathBuf> {
    let (bundled, folder) = (folder(out, "hono")?, folder(out, "hono-sources")?);
    for name in ["package.json", "package-lock.json", ".npmrc", "hono.js"] {
        std::fs::copy(sources.join(name), folder.join(name)).with_context(|| format!("cannot copy {name}"))?;
    }
    if !folder.join("node_modules/esbuild").exists() {
        ui::step("Installing", "npm packages: hono, esbuild (once)");
        let status = Command::new("npm")
            .args(["ci", "--loglevel=error", "--ignore-scripts"])
            .current_dir(&folder)
            .stdout(Stdio::null())
            .status()
            .context("`npm` does not start: install Node.js, which brings it")?;
        if !status.success() {
            bail!("`npm ci` failed in {}: its messages are above", folder.display());
        }
    }
    let esbuild = folder.join("node_modules/.bin/esbuild");
    let status = Command::new(esbuild)
        .args(["hono.js", "--bundle", "--format=esm", "--minify", "--outfile=../hono/worker.js", "--log-level=warning"])
        .current_dir(&folder)
        .status()?;
    if !status.success() {
        bail!("esbuild does not bundle Hono: its messages are above");
    }
    Ok(bundled)
}
