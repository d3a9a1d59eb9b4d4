//! `vercel build` writes what we write.

use std::path::Path;
use std::process::Command;

use anyfn_xtask::build::vercel::vc_config;
use anyfn_xtask::project::Function;
use anyfn_xtask::settings::Settings;
use anyfn_xtask::tools;
use serde_json::{Value, json};

use crate::folder::{Folder, run};

/// The smallest project that Vercel's own builder compiles as it does one over its runtime.
fn project(name: &str, vercel_json: &Value) -> Folder {
    let folder = Folder::new(name);
    folder.write(
        "Cargo.toml",
        "[package]\nname = \"parity\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [[bin]]\nname = \"index\"\npath = \"api/index.rs\"\n",
    );
    folder.write("api/index.rs", "fn main() {}\n");
    folder.write("vercel.json", &vercel_json.to_string());
    folder.write(
        ".vercel/project.json",
        &json!({
            "projectId": "prj_local", "orgId": "team_local",
            "settings": {
                "framework": null, "buildCommand": null, "devCommand": null, "installCommand": null,
                "outputDirectory": null, "rootDirectory": null, "directoryListing": false, "nodeVersion": "24.x",
            },
        })
        .to_string(),
    );
    folder
}

/// The Vercel CLI, called in `folder`, where it keeps its own settings too.
fn vercel(folder: &Path) -> Command {
    let mut vercel = tools::npm().unwrap().vercel();
    vercel.arg("--global-config").arg(folder.join("global")).arg("--cwd").arg(folder).env("NO_COLOR", "1");
    vercel
}

/// What Vercel's own builder writes for this `vercel.json`.
fn theirs(name: &str, vercel_json: &Value) -> String {
    let folder = project(name, vercel_json);
    let zig = tools::cargo_zigbuild().unwrap();
    tools::rust_target("x86_64-unknown-linux-gnu").unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(std::iter::once(zig.clone()).chain(std::env::split_paths(&path))).unwrap();
    run(vercel(folder.path())
        .args(["build", "--standalone", "--yes"])
        .env("PATH", path)
        .env("PYTHONPATH", zig.parent().unwrap())
        .env("CARGO_TARGET_DIR", folder.path().join("target")));
    let func = folder.path().join(".vercel/output/functions/api/index.func");
    std::fs::read_to_string(func.join(".vc-config.json")).unwrap()
}

/// What ours writes for these settings.
fn ours(anyfn: &Value) -> String {
    let settings = Settings::from_metadata("parity", &json!({ "anyfn": anyfn })).unwrap();
    let (package, bin, facade) = ("parity".to_owned(), "index".to_owned(), "anyfn".to_owned());
    vc_config(&Function { package, description: None, bin, facade, settings }, false)
}

#[test]
fn vercels_own_builder_writes_the_same_configuration() {
    let bare = theirs("parity", &json!({}));
    assert_eq!(ours(&json!({})), bare);
}

#[test]
fn vercels_own_builder_writes_memory_duration_and_regions_alike() {
    let functions = json!({ "api/index.rs": { "memory": 512, "maxDuration": 20, "regions": ["fra1", "iad1"] } });
    let set = theirs("parity-set", &json!({ "functions": functions }));
    assert_eq!(ours(&json!({ "memory": 512, "timeout": 20, "vercel": { "regions": ["fra1", "iad1"] } })), set);
}
