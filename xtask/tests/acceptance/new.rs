//! What `cargo xtask new` writes is formatted, linted, tested, runs, and builds for every platform, from a folder that has
//! nothing to do with anyfn's own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyfn_xtask::build::{BuildOptions, Target, build_in};
use anyfn_xtask::new::{Plan, Start, Wiring, write};
use anyfn_xtask::project::Project;

use crate::folder::{Folder, run};

pub(crate) fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A folder around new projects, which compile into this workspace's own target folder: what they share with it is there.
pub(crate) fn around(name: &str) -> Folder {
    let folder = Folder::new(name);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    folder.write(".cargo/config.toml", &format!("[build]\ntarget-dir = {:?}\n", target.to_str().unwrap()));
    // Default settings, whatever stands further up.
    folder.write("rustfmt.toml", "");
    folder
}

/// A new project in `around`, with the versions that this workspace is tested with.
pub(crate) fn project(around: &Folder, name: &str, start: Start) -> PathBuf {
    let folder = around.path().join(name);
    let plan = Plan { name: name.to_owned(), start, wiring: Wiring::Checkout(checkout()) };
    write(&plan, &folder).unwrap();
    std::fs::copy(checkout().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    folder
}

pub(crate) fn cargo(folder: &Path, arguments: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments).current_dir(folder).env_remove("CARGO_TARGET_DIR");
    cargo
}

/// As a person's own shell would start it, in `folder`, the tests of a new project and its builds.
fn works(start: Start) {
    let name = format!("new-{}", format!("{start:?}").to_lowercase());
    let around = around(&name);
    let folder = project(&around, &name, start);
    run(&mut cargo(&folder, &["fmt", "--check"]));
    run(&mut cargo(&folder, &["clippy", "--all-targets", "--", "-D", "warnings"]));
    let said = run(&mut cargo(&folder, &["test"]));
    assert!(said.contains("0 failed") && !said.contains("running 0 tests"), "{said}");
    let project = Project::load_from(&folder).unwrap();
    let built = build_in(&project, &BuildOptions::local(&[Target::Server, Target::Cloudflare], None)).unwrap();
    assert!(built.server.unwrap().executable.starts_with(&folder));
    assert!(built.cloudflare.unwrap().config.starts_with(&folder));
    assert_eq!(built.triggers.len(), 1, "{:?}", built.triggers);
}

#[test]
fn a_new_function_for_requests_works() {
    works(Start::Http);
}

#[test]
fn a_new_axum_router_works() {
    works(Start::Axum);
}

#[test]
fn a_new_function_for_a_schedule_works() {
    works(Start::Schedule);
}

#[test]
fn a_new_function_for_a_queue_works() {
    works(Start::Queue);
}

#[test]
fn a_new_function_for_objects_works() {
    works(Start::Object);
}

#[test]
fn a_new_function_for_changes_works() {
    works(Start::Change);
}

#[test]
fn cargo_run_serves_it_and_its_own_xtask_builds_it_for_every_platform() {
    let around = around("new-everywhere");
    let folder = project(&around, "everywhere", Start::Http);
    run(&mut cargo(&folder, &["build"]));
    let mut serving =
        cargo(&folder, &["run"]).env("PORT", "0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(serving.stdout.take().unwrap()).lines();
    let address =
        lines.map_while(Result::ok).find_map(|line| Some(line.split_once("serving on http://")?.1.to_owned()));
    let address = address.expect("it says where it serves").trim().parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let answer = runtime.block_on(anyfn_xtask::local::ask(address, "GET", "/?name=Ada"));
    serving.kill().unwrap();
    serving.wait().unwrap();
    assert_eq!(answer.unwrap().body, crate::GREETING.as_bytes());

    let said = run(&mut cargo(&folder, &["xtask", "build", "--target", "all", "--debug"]));
    for file in [
        "dist/lambda/everywhere/bootstrap.zip",
        "dist/cloudflare/everywhere/wrangler.jsonc",
        "dist/vercel/everywhere/.vercel/output/functions/index.func/executable",
        "dist/server/everywhere/Containerfile",
    ] {
        assert!(folder.join(file).is_file(), "no {file}\n{said}");
    }
    let listed = run(&mut cargo(&folder, &["xtask", "help"]));
    assert!(listed.contains("cargo xtask new"), "{listed}");
}
