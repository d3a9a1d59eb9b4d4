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

/// Checks a configuration against the schema that wrangler's package has of it.
const CHECK: &str = r#"
import { readFileSync } from "node:fs";
import Ajv from "ajv";
const schema = JSON.parse(readFileSync("node_modules/wrangler/config-schema.json", "utf8"));
const check = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
if (!check(JSON.parse(process.argv.at(-1)))) { console.log(JSON.stringify(check.errors)); process.exit(1); }
"#;

/// What wrangler's own schema finds wrong.
fn wrong(config: &str) -> Option<String> {
    let tools = tools::npm().unwrap();
    let json: String = config.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let mut node = tools.node();
    node.current_dir(&tools.dir).args(["--input-type=module", "--eval", CHECK, &json]);
    let output = node.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() || !said.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (!output.status.success()).then_some(said)
}

#[test]
fn wranglers_own_schema_takes_the_configuration_and_no_mistake_in_it() {
    let config =
        |package| std::fs::read_to_string(built(Target::Cloudflare, package).cloudflare.unwrap().config).unwrap();
    assert_eq!(wrong(&config("hello")), None);
    let echo = config("echo");
    assert_eq!(wrong(&echo), None);
    for (right, mistake, says) in [
        ("\"crons\"", "\"cron\"", "cron"),
        ("\"consumers\"", "\"consumer\"", "consumer"),
        ("\"no_bundle\": true", "\"no_bundle\": \"yes\"", "no_bundle"),
        ("\"queue\": ", "\"queues\": ", "queue"),
    ] {
        assert!(echo.contains(right), "no {right} in {echo}");
        let found = wrong(&echo.replacen(right, mistake, 1)).unwrap_or_else(|| panic!("{mistake} passes"));
        assert!(found.contains(says), "{mistake}: {found}");
    }
}
