//! Small workspaces whose packages have the names, versions and features of the real ones, and no code: cargo resolves
//! them without a registry.

use std::path::{Path, PathBuf};

use super::examine;
use crate::doctor::{Finding, State};
use crate::project::Project;

/// A workspace of packages, each a name, a version and the rest of its manifest; the first is the function.
struct Fixture(PathBuf);

impl Fixture {
    fn new(name: &str, packages: &[(&str, &str, &str)]) -> Self {
        let root = std::env::temp_dir().join(format!("anyfn-doctor-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        let write = |file: PathBuf, text: &str| {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        for (index, (name, version, rest)) in packages.iter().enumerate() {
            let dir = if index == 0 { root.clone() } else { root.join(name) };
            let others: Vec<_> = packages.iter().skip(1).map(|(name, ..)| *name).collect();
            let workspace = if index == 0 { format!("[workspace]\nexclude = {others:?}\n") } else { String::new() };
            let manifest =
                format!("{workspace}[package]\nname = {name:?}\nversion = {version:?}\nedition = \"2024\"\n{rest}\n");
            write(dir.join("Cargo.toml"), &manifest);
            let source = if index == 0 { "src/main.rs" } else { "src/lib.rs" };
            write(dir.join(source), if index == 0 { "fn main() {}\n" } else { "" });
        }
        Self(root)
    }

    fn examine(&self) -> Vec<Finding> {
        let project = Project::load_from(&self.0).unwrap();
        let function = project.function(Some("shop")).unwrap();
        examine(&project, &function).unwrap()
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const ANYFN: (&str, &str, &str) = ("anyfn", "0.1.0", "");

#[test]
fn a_server_among_the_dependencies_is_followed_down_to_its_sockets() {
    let fixture = Fixture::new(
        "axum",
        &[
            (
                "shop",
                "0.1.0",
                "[dependencies]\nanyfn = { path = \"anyfn\" }\naxum = { path = \"axum\", version = \"0.8\", features = [\"query\"] }\n",
            ),
            ANYFN,
            (
                "axum",
                "0.8.9",
                "[features]\ndefault = [\"tokio\"]\nquery = []\ntokio = [\"dep:tokio\"]\n[dependencies]\n\
                 tokio = { path = \"../tokio\", optional = true, features = [\"net\"] }\n",
            ),
            (
                "tokio",
                "1.54.1",
                "[features]\nnet = [\"dep:mio\"]\nrt = []\n[dependencies]\nmio = { path = \"../mio\", optional = true }\n",
            ),
            ("mio", "1.2.5", ""),
        ],
    );
    let found = fixture.examine();
    assert_eq!(found.len(), 1, "{found:?}");
    let finding = &found[0];
    assert_eq!(finding.state, State::Broken);
    assert!(finding.what.starts_with("mio 1.2.5: "), "{finding:?}");
    assert_eq!(finding.path, ["shop", "axum", "tokio (net)", "mio"]);
    let manifest = fixture.path().canonicalize().unwrap().join("Cargo.toml");
    assert!(finding.next[0].starts_with(&format!("{}:9: axum = ", manifest.display())), "{finding:?}");
    assert_eq!(
        finding.next[1],
        "write in its place: axum = { version = \"0.8\", default-features = false, features = [\"form\", \"json\", \
         \"matched-path\", \"original-uri\", \"query\"] }"
    );
    assert!(finding.next[2].contains("#[anyfn::main]"), "{finding:?}");
}

#[test]
fn features_of_other_packages_and_of_tests_and_builds_do_not_count() {
    let tokio = (
        "tokio",
        "1.54.1",
        "[features]\nnet = [\"dep:mio\"]\nsync = []\n[dependencies]\nmio = { path = \"../mio\", optional = true }\n",
    );
    let fixture = Fixture::new(
        "others",
        &[
            (
                "shop",
                "0.1.0",
                "[dependencies]\nanyfn = { path = \"anyfn\" }\ntokio = { path = \"tokio\", features = [\"sync\"] }\n\
                 [target.'cfg(unix)'.dependencies]\nring = { path = \"ring\" }\n\
                 [dev-dependencies]\ntool = { path = \"tool\" }\n[build-dependencies]\nring = { path = \"ring\" }\n",
            ),
            ANYFN,
            tokio,
            ("mio", "1.2.5", ""),
            ("ring", "0.17.14", ""),
            ("tool", "0.1.0", "[dependencies]\ntokio = { path = \"../tokio\", features = [\"net\"] }\n"),
        ],
    );
    let found = fixture.examine();
    assert!(found.len() == 1 && found[0].state == State::Good, "{found:?}");
}

#[test]
fn random_numbers_get_one_line_for_each_version_of_getrandom() {
    let fixture = Fixture::new(
        "random",
        &[
            (
                "shop",
                "0.1.0",
                "[dependencies]\nanyfn = { path = \"anyfn\" }\nrand = { path = \"rand\" }\nids = { path = \"ids\" }\n",
            ),
            ANYFN,
            ("rand", "0.10.0", "[dependencies]\ngetrandom = { path = \"../getrandom\" }\n"),
            (
                "ids",
                "0.1.0",
                "[dependencies]\ngetrandom = { path = \"../getrandom\" }\nold = { path = \"../old\", package = \"getrandom\" }\n",
            ),
            ("getrandom", "0.4.3", "[features]\nwasm_js = []\n"),
            ("old", "0.1.0", ""),
        ],
    );
    // Cargo takes two packages of one name from two folders.
    std::fs::write(
        fixture.path().join("old/Cargo.toml"),
        "[package]\nname = \"getrandom\"\nversion = \"0.2.17\"\nedition = \"2024\"\n[features]\njs = []\n",
    )
    .unwrap();
    let mut lines: Vec<_> = fixture.examine().into_iter().map(|finding| finding.next.join("\n")).collect();
    lines.sort();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].ends_with(r#"getrandom-0-2 = { package = "getrandom", version = "0.2", features = ["js"] }"#),
        "{lines:?}"
    );
    assert!(
        lines[1].ends_with(r#"getrandom-0-4 = { package = "getrandom", version = "0.4", features = ["wasm_js"] }"#),
        "{lines:?}"
    );
}

#[test]
fn what_the_function_depends_on_itself_keeps_its_name() {
    let fixture = Fixture::new(
        "direct",
        &[
            (
                "shop",
                "0.1.0",
                "[dependencies]\nanyfn = { path = \"anyfn\" }\nrand = { path = \"rand\" }\n\
                 random = { path = \"getrandom\", package = \"getrandom\" }\n",
            ),
            ANYFN,
            ("rand", "0.9.0", "[dependencies]\ngetrandom = { path = \"../getrandom\" }\n"),
            ("getrandom", "0.3.4", "[features]\nwasm_js = []\n"),
        ],
    );
    let found = fixture.examine();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].next[1], r#"random = { package = "getrandom", version = "0.3", features = ["wasm_js"] }"#);
}

#[test]
fn what_compiles_and_then_asks_for_the_time_is_a_warning() {
    let fixture = Fixture::new(
        "time",
        &[
            (
                "shop",
                "0.1.0",
                "[dependencies]\nanyfn = { path = \"anyfn\" }\n\
                 tower-http = { path = \"tower-http\", version = \"0.7\", features = [\"cors\", \"trace\"] }\n",
            ),
            ANYFN,
            ("tower-http", "0.7.0", "[features]\ncors = []\ntrace = []\n"),
        ],
    );
    let found = fixture.examine();
    assert!(found[0].state == State::Warning && found[0].what.contains("`trace`"), "{found:?}");
    assert_eq!(found[0].path, ["shop", "tower-http (trace)"]);
    assert!(
        found[0].next[1]
            .ends_with(r#"tower-http = { version = "0.7", default-features = false, features = ["cors"] }"#)
    );
}

#[test]
fn a_line_that_the_package_inherits_is_changed_in_the_workspace() {
    let fixture = Fixture::new(
        "inherited",
        &[
            (
                "shop",
                "0.1.0",
                "[workspace.dependencies]\ntokio = { path = \"tokio\", version = \"1\", features = [\"rt-multi-thread\"] }\n\
                 [dependencies]\nanyfn = { path = \"anyfn\" }\ntokio = { workspace = true, features = [\"sync\"] }\n",
            ),
            ANYFN,
            ("tokio", "1.54.1", "[features]\nmacros = []\nrt = []\nrt-multi-thread = [\"rt\"]\nsync = []\n"),
        ],
    );
    let found = fixture.examine();
    assert!(found[0].what.contains("does not compile with `rt-multi-thread`"), "{found:?}");
    assert!(found[0].next[0].contains("Cargo.toml:8: tokio = "), "{found:?}");
    assert!(found[0].next[1].ends_with(r#"features = ["macros", "rt", "sync"] }"#), "{found:?}");
}
