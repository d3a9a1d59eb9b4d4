//! The house rules that no compiler checks.

#[path = "conformance/summary.rs"]
mod summary;

use std::fs;
use std::path::{Path, PathBuf};

/// A file that grows past this is asked what it hides.
const MOST_LINES: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The adapters, by their folders.
fn adapters() -> Vec<String> {
    let folders = fs::read_dir(root().join("adapters")).unwrap().map(|entry| entry.unwrap());
    let adapters: Vec<_> = folders
        .filter(|folder| folder.path().join("Cargo.toml").exists())
        .map(|folder| folder.file_name().into_string().unwrap())
        .collect();
    assert!(adapters.iter().any(|adapter| adapter == "server"), "no server among {adapters:?}: have they moved?");
    adapters
}

/// The files below `folder` with one of these endings, build output and what is installed left out.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(&*name, "target" | "dist" | "node_modules") && !name.starts_with('.') {
                found.extend(files(&path, endings));
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found
}

/// The lines of a crate (sources, and the manifest unless it is left out) that match, each with its place.
fn lines_that(folder: &str, endings: &[&str], mut wrong: impl FnMut(&str) -> bool) -> Vec<String> {
    let folder = root().join(folder);
    let files = files(&folder, endings);
    assert!(!files.is_empty(), "{} holds no {endings:?}: has it moved?", folder.display());
    let mut found = Vec::new();
    for file in files {
        for (at, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            if wrong(line) {
                let place = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
                found.push(format!("{place}:{}: {}", at + 1, line.trim()));
            }
        }
    }
    found
}

/// Whether `line` uses the package of this adapter, as cargo or as Rust spells it.
fn uses(line: &str, adapter: &str) -> bool {
    line.contains(&format!("anyfn-{adapter}")) || line.contains(&format!("anyfn_{adapter}"))
}

#[test]
fn core_imports_no_adapter() {
    let adapters = adapters();
    let found = lines_that("core", &[".rs", ".toml"], |line| {
        let prose = line.trim_start().starts_with("//");
        !prose && adapters.iter().any(|adapter| uses(line, adapter))
    });
    assert!(found.is_empty(), "core is what adapters depend on, never the other way:\n{}", found.join("\n"));
}

#[test]
fn adapters_do_not_import_each_other() {
    let adapters = adapters();
    for adapter in &adapters {
        let others: Vec<_> = adapters.iter().filter(|other| *other != adapter).collect();
        let found = lines_that(&format!("adapters/{adapter}"), &["Cargo.toml", ".rs"], |line| {
            let prose = line.trim_start().starts_with("//");
            !prose && others.iter().any(|other| uses(line, other))
        });
        assert!(found.is_empty(), "what two adapters share belongs to core:\n{}", found.join("\n"));
    }
}

#[test]
fn adapters_have_the_same_files() {
    for adapter in adapters() {
        // No `encode.rs` here: the plain server's answer is the portable one, as it is.
        for file in ["lib.rs", "decode.rs", "context.rs"] {
            let path = root().join("adapters").join(&adapter).join("src").join(file);
            let folder = path.with_extension("");
            assert!(path.exists() || folder.is_dir(), "adapters/{adapter}/src has no {file}");
        }
    }
}

#[test]
fn examples_name_no_platform() {
    const WORDS: &[&str] = &[
        "lambda",
        "aws",
        "amazon",
        "apigateway",
        "sqs",
        "cloudflare",
        "worker",
        "wrangler",
        "wasm",
        "vercel",
        "target_family",
        "target_os",
        "cfg(target",
        "cfg(feature",
    ];
    // `cost` is about them, `nightly` chooses who does TLS where the platform does not, and `thumbnails` asks whether there are
    // folders.
    let examples =
        ["axum-router", "echo", "hello", "hello-lesson", "orders", "shop", "todo-axum", "traced", "webhooks"];
    for example in examples {
        let found = lines_that(&format!("examples/{example}/src"), &[".rs"], |line| {
            let line = line.to_ascii_lowercase();
            WORDS.iter().any(|word| line.contains(word))
        });
        assert!(found.is_empty(), "a function knows no platform:\n{}", found.join("\n"));
    }
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let long: Vec<_> = files(&root(), &[".rs"])
        .into_iter()
        .map(|file| (fs::read_to_string(&file).unwrap().lines().count(), file))
        .filter(|(lines, _)| *lines > MOST_LINES)
        .map(|(lines, file)| format!("{} has {lines} lines", file.display()))
        .collect();
    assert!(long.is_empty(), "ask these files what they hide:\n{}", long.join("\n"));
}

#[test]
fn nothing_is_left_for_later() {
    let marks = ["todo", "unimplemented"].map(|name| format!("{name}!("));
    let found: Vec<_> = ["core", "src", "adapters", "examples", "idempotency", "tests", "webhooks", "xtask"]
        .into_iter()
        .flat_map(|folder| {
            lines_that(folder, &[".rs"], |line| {
                marks.iter().any(|mark| line.contains(mark)) || line.contains(concat!("FIX", "ME"))
            })
        })
        .collect();
    assert!(found.is_empty(), "unfinished:\n{}", found.join("\n"));
}

/// Where the links of a page lead that are no addresses, without the part after `#`.
fn links(page: &str) -> Vec<String> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets
        .map(|target| target.split('#').next().unwrap_or_default().to_owned())
        .filter(|target| !target.is_empty() && !target.contains("://") && !target.contains([' ', '`', ':']))
        .collect()
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut pages = files(&root().join("docs"), &[".md"]);
    let at_root = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "RELEASING.md"];
    pages.extend(at_root.map(|name| root().join(name)));
    pages.extend(files(&root().join("examples"), &[".md"]));
    let mut seen = 0;
    for page in pages {
        for link in links(&fs::read_to_string(&page).unwrap()) {
            seen += 1;
            let target = page.parent().unwrap().join(&link);
            assert!(target.exists(), "{} links to {link}, which is not there", page.display());
        }
    }
    assert!(seen > 30, "{seen} links: are they read?");
}

#[test]
fn the_tables_page_has_the_peers_as_their_own_page_has_them() {
    let [table, peers] = ["conformance.md", "peers.md"].map(|name| fs::read_to_string(summary::page(name)).unwrap());
    assert!(peers.contains("| ohkami |"), "docs/peers.md has no summary: has its table changed?");
    assert_eq!(summary::with_peers(&table, &peers), table, "run `cargo xtask conformance --peers`, which writes both");
}

#[test]
fn every_chapter_stands_in_the_books_summary_and_its_code_is_compiled() {
    let book = root().join("docs/book");
    let summary = links(&fs::read_to_string(book.join("SUMMARY.md")).unwrap());
    let compiled = fs::read_to_string(root().join("docs/book.rs")).unwrap();
    for page in files(&book, &[".md"]) {
        let name = page.file_name().unwrap().to_str().unwrap();
        assert!(name == "SUMMARY.md" || summary.iter().any(|link| link == name), "SUMMARY.md does not name {name}");
        let code = fs::read_to_string(&page).unwrap().contains("```rust");
        assert_eq!(code, compiled.contains(&format!("\"{name}\"")), "docs/book.rs and the code in {name}");
    }
}

/// The manifests of this workspace's packages.
fn manifests() -> Vec<String> {
    let folders =
        ["core", "adapters", "idempotency", "webhooks", "xtask", "tests", "trace"].map(|folder| root().join(folder));
    let mut found: Vec<_> = folders.iter().flat_map(|folder| files(folder, &["Cargo.toml"])).collect();
    found.push(root().join("Cargo.toml"));
    found.into_iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}

#[test]
fn the_release_names_each_published_crate_after_those_that_it_needs() {
    let text = fs::read_to_string(root().join("RELEASING.md")).unwrap();
    let order: Vec<_> = text.lines().filter_map(|line| line.trim().split_once(". `anyfn")).collect();
    let order: Vec<_> = order.iter().map(|(_, name)| format!("anyfn{}", name.trim_end_matches('`'))).collect();
    let mut published = 0;
    for manifest in manifests() {
        // The root's has workspace tables in front of its package.
        let Some(package) = manifest.split("[package]").nth(1) else { continue };
        let name = package.split("name = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        if package.contains("publish = false") || package.contains("publish.workspace") {
            continue;
        }
        published += 1;
        let place = order.iter().position(|other| other == name);
        let place = place.unwrap_or_else(|| panic!("RELEASING.md does not say when {name} is published"));
        for (at, needed) in order.iter().enumerate().filter(|(_, needed)| *needed != name) {
            let needs = package.lines().any(|line| {
                let dependency = line.split(['.', ' ', '=']).next().unwrap_or_default();
                dependency == needed && !line.trim_start().starts_with('#')
            });
            assert!(!needs || at < place, "RELEASING.md: {name} needs {needed}, which is published after it");
        }
    }
    assert_eq!(published, order.len(), "RELEASING.md names {order:?}");
}
