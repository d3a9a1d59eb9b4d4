//! The crates as they are published: a new project that names plain versions is tested and built with nothing else.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyfn_xtask::new::{Plan, Start, Wiring, write};

use crate::folder::{Folder, run};
use crate::new::{around, cargo, checkout};

/// The crates of this workspace that are published, each with its version.
fn crates() -> Vec<(String, String)> {
    let json = run(&mut cargo(&checkout(), &["metadata", "--no-deps", "--format-version", "1", "--quiet"]));
    let metadata: serde_json::Value = serde_json::from_str(&json).unwrap();
    let published = metadata["packages"].as_array().unwrap().iter().filter(|package| package["publish"].is_null());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let crates: Vec<_> = published.map(|package| (text(&package["name"]), text(&package["version"]))).collect();
    assert!(crates.len() >= 10, "{crates:?}");
    crates
}

/// Packages the crates, unpacks them below `folder`, and has cargo take them from there in place of the registry's.
fn published(folder: &Folder) -> Vec<(String, String)> {
    let crates = crates();
    let mut package = cargo(&checkout(), &["package", "--no-verify", "--allow-dirty", "--quiet"]);
    package.arg("--target-dir").arg(folder.path().join("packing"));
    for (name, _) in &crates {
        package.args(["--package", name]);
    }
    run(&mut package);
    let unpacked = folder.path().join("registry");
    std::fs::create_dir(&unpacked).unwrap();
    let mut config = std::fs::read_to_string(folder.path().join(".cargo/config.toml")).unwrap() + "[patch.crates-io]\n";
    for (name, version) in &crates {
        let archive = folder.path().join(format!("packing/package/{name}-{version}.crate"));
        run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(&unpacked));
        let path = unpacked.join(format!("{name}-{version}"));
        writeln!(config, "{name} = {{ path = {:?} }}", path.to_str().unwrap()).unwrap();
    }
    folder.write(".cargo/config.toml", &config);
    crates
}

#[test]
fn every_crate_brings_its_texts_and_nothing_of_its_neighbours() {
    let folder = around("packed");
    for (name, version) in published(&folder) {
        let root = folder.path().join(format!("registry/{name}-{version}"));
        let manifest: toml::Table = std::fs::read_to_string(root.join("Cargo.toml")).unwrap().parse().unwrap();
        let package = manifest["package"].as_table().unwrap();
        for key in ["description", "license", "repository", "documentation", "readme", "keywords", "categories"] {
            assert!(package.get(key).is_some_and(|value| value.as_str() != Some("")), "{name} has no {key}");
        }
        assert!(root.join(package["readme"].as_str().unwrap()).is_file(), "{name} has no README");
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let text =
                std::fs::read_to_string(root.join(licence)).unwrap_or_else(|_| panic!("{name} has no {licence}"));
            assert!(text.contains("License"), "{name}: {licence} is no text: {text}");
        }
        for foreign in ["target", "node_modules", "dist", ".anyfn", "fuzz"] {
            assert!(!holds(&root, foreign), "{name} has a folder {foreign}");
        }
    }
}

/// Whether a folder called `name` stands anywhere below `root`.
fn holds(root: &Path, name: &str) -> bool {
    std::fs::read_dir(root)
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .any(|entry| entry.file_name() == name || holds(&entry.path(), name))
}

#[test]
fn a_new_project_is_tested_and_built_with_the_packaged_crates_alone() {
    let folder = around("published");
    published(&folder);
    let project = folder.path().join("my-fn");
    let plan = Plan { name: "my-fn".to_owned(), start: Start::Http, wiring: Wiring::Published };
    write(&plan, &project).unwrap();
    std::fs::copy(checkout().join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    let said = run(&mut cargo(&project, &["test"]));
    assert!(said.contains("2 passed; 0 failed"), "{said}");
    assert!(!said.contains(&format!("({})", checkout().display())), "it compiled the checkout\n{said}");
    let said = run(&mut cargo(&project, &["xtask", "build", "--target", "all", "--debug"]));
    for target in ["lambda", "cloudflare", "vercel", "server"] {
        assert!(project.join("dist").join(target).join("my-fn").is_dir(), "no {target}\n{said}");
    }
}
