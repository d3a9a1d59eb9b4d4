//! `wrangler deploy --dry-run` takes the Workers folder as it is.

use anyfn_xtask::build::Target;
use anyfn_xtask::tools;

use crate::built::built;
use crate::folder::{Folder, run};

fn dry_run(package: &'static str) {
    let artefact = built(Target::Cloudflare, package).cloudflare.unwrap();
    let out = Folder::new(&format!("wrangler-{package}"));
    let mut wrangler = tools::npm().unwrap().wrangler();
    let said = run(wrangler
        .args(["deploy", "--dry-run", "--outdir"])
        .arg(out.path())
        .arg("--config")
        .arg(&artefact.config)
        .current_dir(out.path())
        .env("XDG_CONFIG_HOME", out.path().join("config"))
        .env("NO_COLOR", "1"));
    assert!(!said.contains("WARNING") && !said.contains("ERROR"), "{said}");
    assert!(!said.to_lowercase().contains("custom build"), "a build step is left:\n{said}");
    // What it would upload is what was built: nothing is bundled, renamed or left out.
    for module in ["worker.js", "index.js", "index_bg.wasm"] {
        let (ours, theirs) = (artefact.modules.join(module), out.path().join(module));
        assert!(said.contains(module) || module == "worker.js", "{module} is not listed:\n{said}");
        assert!(std::fs::read(ours).unwrap() == std::fs::read(theirs).unwrap(), "{module} was changed:\n{said}");
    }
}

#[test]
fn wrangler_deploys_hello_as_it_was_built() {
    dry_run("hello");
}

#[test]
fn wrangler_deploys_echo_as_it_was_built() {
    dry_run("echo");
}
