//! What the build reads out of a program: its triggers, however it was compiled and linked.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyfn_core::manifest::{Manifest, read};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn cargo_build(folder: &Path, target: &Path, arguments: &[&str]) {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.arg("build").args(arguments).current_dir(folder).env("CARGO_TARGET_DIR", target);
    // The profile alone says what a panic does.
    let output = command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn manifest(artefact: &Path) -> Manifest {
    read(&fs::read(artefact).unwrap()).unwrap()
}

fn declared(manifest: &Manifest) -> Vec<(&str, Option<&str>, Option<&str>)> {
    let triggers = manifest.triggers.iter();
    triggers.map(|one| (&*one.kind, one.name.as_deref(), one.handler.as_deref())).collect()
}

/// A package whose profile aborts on a panic.
fn generate() -> PathBuf {
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("manifest");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/pass/app.rs");
    let manifest = format!(
        "[package]\nname = \"shipped\"\nedition = \"2024\"\nautobins = false\n\n\
         [[bin]]\nname = \"shipped\"\npath = {program:?}\n\n\
         [dependencies]\nanyfn = {{ path = {:?}, default-features = false }}\n\n\
         [profile.shipped]\ninherits = \"dev\"\npanic = \"abort\"\nlto = true\nopt-level = 1\nstrip = true\n\n[workspace]\n",
        workspace()
    );
    fs::create_dir_all(&made).unwrap();
    fs::write(made.join("Cargo.toml"), manifest).unwrap();
    fs::copy(workspace().join("Cargo.lock"), made.join("Cargo.lock")).unwrap();
    made
}

#[test]
fn triggers_are_read_out_of_a_program_that_is_optimised_whole_and_stripped() {
    let made = generate();
    let target = made.join("target");
    // Natively the workspace's own versions are at hand, for this test is made of them.
    cargo_build(&made, &target, &["--profile", "shipped", "--offline"]);
    let native = manifest(&target.join("shipped").join(format!("shipped{}", env::consts::EXE_SUFFIX)));
    assert_eq!(
        declared(&native),
        [
            ("http", None, Some("api::web")),
            ("http", Some("/users/{id}"), Some("user")),
            ("http", Some("/closed"), None),
            ("schedule", Some("0 3 * * *"), Some("nightly")),
            ("queue", Some("thumbnails"), Some("job")),
            ("object_created", Some("uploads"), Some("stored")),
            ("object_removed", Some("uploads"), Some("stored")),
            ("change", Some("orders"), Some("job")),
            ("message", Some("topic"), Some("job")),
            ("custom", None, Some("other")),
        ]
    );
    assert_eq!(native.panic.as_deref(), Some("abort"));
}

#[test]
fn a_program_in_a_library_keeps_its_triggers_natively_and_as_wasm() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    cargo_build(&workspace(), target, &["-p", "echo"]);
    let native = manifest(&target.join("debug").join(format!("echo{}", env::consts::EXE_SUFFIX)));
    let kinds: Vec<_> = native.triggers.iter().map(|trigger| &*trigger.kind).collect();
    assert_eq!(kinds, ["http", "schedule", "queue", "object_created", "object_removed", "change", "message", "custom"]);

    cargo_build(&workspace(), target, &["-p", "echo", "--target", "wasm32-unknown-unknown"]);
    let wasm = manifest(&target.join("wasm32-unknown-unknown/debug/echo.wasm"));
    // A panic always aborts there, and the adapter is made for it: neither is worth a word.
    assert_eq!((&wasm, &wasm.panic), (&native, &None));
}
