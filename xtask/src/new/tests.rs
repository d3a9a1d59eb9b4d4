use std::path::{Path, PathBuf};

use super::{Plan, Start, Wiring, files, write};
use crate::project::Project;

fn plan(start: Start, wiring: Wiring) -> Plan {
    Plan { name: "my-fn".to_owned(), start, wiring }
}

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("anyfn-new-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir(&path).unwrap();
    path
}

fn file(plan: &Plan, name: &str) -> String {
    let files = files(plan).unwrap();
    files.into_iter().find(|(found, _)| *found == name).unwrap_or_else(|| panic!("no {name}")).1
}

#[test]
fn no_place_of_a_template_stays_empty_and_every_line_is_short() {
    for start in Start::ALL {
        for wiring in [Wiring::Published, Wiring::Checkout("/srv/anyfn".into())] {
            for (name, text) in files(&plan(start, wiring)).unwrap() {
                assert!(!text.contains("{{") && !text.contains("}}\n"), "{start:?} {name}:\n{text}");
                assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{start:?} {name}");
                assert!(!text.contains("\n\n\n"), "{start:?} {name} has two empty lines:\n{text}");
                assert!(text.lines().all(|line| line.chars().count() <= 140), "{start:?} {name}");
            }
        }
    }
}

#[test]
fn the_readme_fits_on_one_screen() {
    for start in Start::ALL {
        let readme = file(&plan(start, Wiring::Checkout("/srv/anyfn".into())), "README.md");
        assert!(readme.lines().count() <= 30, "{start:?}: {} lines", readme.lines().count());
    }
}

#[test]
fn every_manifest_is_a_function_to_this_program() {
    for start in Start::ALL {
        let folder = folder(&format!("manifest-{start:?}"));
        // The packages that the manifest names are not looked at: cargo is asked about this workspace alone.
        write(&plan(start, Wiring::Published), &folder).unwrap();
        let project = Project::load_from(&folder).unwrap();
        let function = project.function(None).unwrap();
        assert_eq!((function.package.as_str(), function.facade.as_str()), ("my-fn", "anyfn"));
        assert_eq!(function.settings.memory, Some(256));
        assert!(project.has_package("xtask"));
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn what_the_manifest_shows_of_names_is_what_the_settings_read() {
    for (start, name) in [(Start::Queue, "jobs"), (Start::Object, "uploads"), (Start::Change, "orders")] {
        let manifest = file(&plan(start, Wiring::Published), "Cargo.toml");
        let shown = manifest.replace("# [package.metadata", "[package.metadata");
        let shown = ["arn", "queue", "bucket"]
            .iter()
            .fold(shown, |text, key| text.replace(&format!("# {key} ="), &format!("{key} =")));
        let metadata = &shown.parse::<toml::Table>().unwrap()["package"]["metadata"];
        let json = serde_json::to_value(metadata).unwrap();
        let settings = crate::settings::Settings::from_metadata("my-fn", &json).unwrap();
        let bind = &settings.bind[name];
        assert!(bind.arn.is_some() && bind.queue.is_some(), "{start:?}: {bind:?}");
    }
}

#[test]
fn a_checkout_is_named_whatever_its_path_looks_like() {
    for path in ["/srv/any fn", r#"/srv/a "quoted" \ one"#, "/srv/größe"] {
        let manifest = file(&plan(Start::Http, Wiring::Checkout(path.into())), "Cargo.toml");
        let table: toml::Table = manifest.parse().unwrap();
        let wired = &table["workspace"]["dependencies"];
        assert_eq!(wired["anyfn"]["path"].as_str(), Some(path));
        assert_eq!(wired["anyfn-xtask"]["path"].as_str().map(Path::new), Some(&*Path::new(path).join("xtask")));
    }
}

#[test]
fn published_versions_are_plain_and_ci_runs_by_itself() {
    let published = plan(Start::Http, Wiring::Published);
    let manifest = file(&published, "Cargo.toml");
    assert!(manifest.contains(&format!("anyfn = \"{}\"\n", env!("CARGO_PKG_VERSION"))), "{manifest}");
    assert!(!manifest.contains("path ="), "{manifest}");
    assert!(file(&published, ".github/workflows/ci.yml").contains("on: [push, pull_request]"));
    assert!(!file(&published, "README.md").contains("checkout"));
    let wired = file(&plan(Start::Http, Wiring::Checkout("/srv/anyfn".into())), ".github/workflows/ci.yml");
    assert!(wired.contains("workflow_dispatch") && !wired.contains("push"), "{wired}");
}

#[test]
fn nothing_that_stands_somewhere_is_overwritten() {
    let folder = folder("taken");
    let (taken, file) = (folder.join("my-fn"), folder.join("file"));
    std::fs::create_dir(&taken).unwrap();
    std::fs::write(taken.join("notes.txt"), "mine").unwrap();
    std::fs::write(&file, "mine").unwrap();
    let plan = plan(Start::Http, Wiring::Published);
    let error = write(&plan, &taken).unwrap_err().to_string();
    assert!(error.contains("is not empty (it holds `notes.txt`)") && error.contains("--path"), "{error}");
    assert!(write(&plan, &file).unwrap_err().to_string().contains("is a file"));
    assert_eq!(std::fs::read_dir(&taken).unwrap().count(), 1);
    std::fs::remove_file(taken.join("notes.txt")).unwrap();
    write(&plan, &taken).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}
