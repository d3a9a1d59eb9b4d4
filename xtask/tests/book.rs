//! What the README and the book show beside Rust: each command line is one that is taken, and run where that is a matter of
//! seconds, each setting one that is known, and what the vendors' crates are shown to look like is compiled
//! (`docs/migrating`).

#[path = "book/shown.rs"]
mod shown;

use std::fs;
use std::path::{Path, PathBuf};

use anyfn_xtask::commands::command;
use anyfn_xtask::settings::Settings;

/// Programs of others, whose command lines nobody checks here.
const OTHERS: &[&str] = &["aws", "cd", "curl", "git", "kubectl", "npx", "podman", "sam"];
/// Commands of cargo's own, or of other packages: what they name is checked where it is a package of this workspace.
const CARGO: &[&str] = &["check", "fuzz", "install", "publish", "run", "test"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A code block: where it stands, its kind, its text.
struct Block {
    place: String,
    kind: String,
    text: String,
}

fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<_> =
        ["README.md", "CONTRIBUTING.md", "RELEASING.md", "xtask/README.md"].map(|name| root().join(name)).into();
    let mut of = |folder: PathBuf| pages.extend(fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    of(root().join("docs"));
    of(root().join("docs/book"));
    for example in fs::read_dir(root().join("examples")).unwrap() {
        of(example.unwrap().path());
    }
    pages.retain(|page| page.extension().is_some_and(|ending| ending == "md"));
    pages
}

fn blocks() -> Vec<Block> {
    let mut found = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let mut open: Option<Block> = None;
        for (at, line) in text.lines().enumerate() {
            match (line.trim_start().strip_prefix("```"), &mut open) {
                (Some(""), Some(_)) => found.extend(open.take()),
                (Some(kind), None) => {
                    let place = format!("{}:{}", page.strip_prefix(root()).unwrap().display(), at + 1);
                    open = Some(Block { place, kind: kind.to_owned(), text: String::new() });
                }
                (_, Some(block)) => block.text.extend([line, "\n"]),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{} has a block without an end", page.display());
    }
    assert!(found.len() > 40, "{} blocks: are they read?", found.len());
    found
}

/// The words of a line as a shell takes it apart: quotes, and a comment at its end.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (c, Some(_)) => word.get_or_insert_default().push(c),
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            ('#', None) if word.is_none() => break,
            (' ', None) => words.extend(word.take()),
            (c, None) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The command lines that a block shows: after `$`, or, where a block has no such line, those that begin with `cargo`.
fn command_lines(text: &str) -> Vec<String> {
    let whole = text.replace("\\\n", " ");
    let after: Vec<_> =
        whole.lines().filter_map(|line| line.trim_start().strip_prefix("$ ")).map(str::to_owned).collect();
    if after.is_empty() {
        return whole.lines().filter(|line| line.starts_with("cargo ")).map(str::to_owned).collect();
    }
    after
}

/// What is wrong with a command line, if anything.
fn wrong(line: &str) -> Option<String> {
    for words in words(line).split(|word| ["&&", "|"].contains(&word.as_str())) {
        let mut words = words.iter().map(String::as_str).skip_while(|word| {
            let name = word.split_once('=').map_or("", |(name, _)| name);
            !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        });
        match words.next() {
            Some("cargo") => {}
            Some(program) if OTHERS.contains(&program) || program.contains('/') || program == "jq" => continue,
            program => return Some(format!("{program:?} is no program that this test knows")),
        }
        let words: Vec<_> = words.filter(|word| !word.starts_with('+')).collect();
        match words.split_first() {
            Some((&("xtask" | "anyfn"), rest)) => {
                let line = std::iter::once("cargo").chain(rest.iter().copied());
                if let Err(error) = command().try_get_matches_from(line) {
                    return Some(error.to_string());
                }
            }
            Some((sub, rest)) if CARGO.contains(sub) => {
                let named =
                    rest.iter().position(|word| ["-p", "--package"].contains(word)).and_then(|at| rest.get(at + 1));
                if let Some(package) = named.filter(|package| !is_package(package)) {
                    return Some(format!("there is no package {package}"));
                }
            }
            other => return Some(format!("cargo has no command {other:?} that this test knows")),
        }
    }
    None
}

fn is_package(name: &str) -> bool {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    lock.contains(&format!("\nname = \"{name}\"\n"))
}

#[test]
fn every_command_line_is_one_that_is_taken() {
    let mut seen = 0;
    for block in blocks().iter().filter(|block| ["text", "sh"].contains(&block.kind.as_str())) {
        for line in command_lines(&block.text) {
            seen += 1;
            if let Some(wrong) = wrong(&line) {
                panic!("{}: {line}\n{wrong}", block.place);
            }
        }
    }
    assert!(seen > 60, "{seen} lines: are they read?");
}

#[test]
fn every_example_in_the_help_is_one_that_is_taken() {
    let mut seen = 0;
    for sub in command().get_subcommands_mut() {
        let help = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in help.lines().filter(|line| line.starts_with("  cargo xtask ")) {
            // Two spaces part an example from what is said of it.
            let line = line.trim().split("  ").next().unwrap();
            seen += 1;
            if let Some(wrong) = wrong(line) {
                panic!("{}: {line}\n{wrong}", sub.get_name());
            }
        }
    }
    assert!(seen > 25, "{seen} examples: are they read?");
}

#[test]
fn a_line_that_is_not_taken_is_found() {
    for line in
        ["cargo xtask buld", "cargo anyfn new a --trigger x", "cargo test -p nothing", "make", "cargo xtask run | foo"]
    {
        assert!(wrong(line).is_some(), "{line}");
    }
    assert_eq!(wrong("A=b cargo anyfn new my-fn # a comment's"), None);
    assert_eq!(words("a 'b c' --d=\"e\" # f"), ["a", "b c", "--d=e"]);
    assert_eq!(command_lines("$ a \\\n  b\nsays\n"), ["a    b"]);
}

#[test]
fn every_setting_is_known_and_every_manifest_is_toml() {
    let mut seen = 0;
    for block in blocks().iter().filter(|block| block.kind == "toml") {
        let table: toml::Table = block.text.parse().unwrap_or_else(|error| panic!("{}: {error}", block.place));
        let metadata = table.get("package").and_then(|package| package.get("metadata"));
        if let Some(metadata) = metadata {
            seen += 1;
            let metadata = serde_json::to_value(metadata).unwrap();
            Settings::from_metadata("my-fn", &metadata).unwrap_or_else(|error| panic!("{}: {error:#}", block.place));
        }
    }
    assert!(seen >= 5, "{seen} blocks of settings: are they read?");
}

#[test]
fn what_rust_does_not_compile_in_place_is_compiled_elsewhere() {
    let sources = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let rust = entries.filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
        rust.map(|path| fs::read_to_string(path).unwrap()).collect()
    };
    let (vendors, ours) = (sources("docs/migrating"), sources("docs/tests"));
    assert_eq!(vendors.len(), 3);
    let lesson = fs::read_to_string(root().join("tests/tests/examples/lesson.rs")).unwrap();
    let stripped = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut seen = 0;
    for Block { place, kind, text } in blocks() {
        match kind.as_str() {
            // As documentation tests, or by the tests above; `tidy` holds that each chapter is among the former.
            "rust" | "rust,no_run" | "text" | "sh" | "toml" => continue,
            "rust,ignore" => assert!(vendors.contains(&text), "{place} is no file of docs/migrating"),
            "rs" => assert!(
                ours.iter().any(|file| stripped(file).contains(&stripped(&text))),
                "{place} is in no test of docs"
            ),
            "js" => assert!(
                place.starts_with("docs/book/three-ways.md") && lesson.contains("three-ways.md"),
                "{place} runs nowhere"
            ),
            other => panic!("{place}: nothing checks a block of `{other}`"),
        }
        seen += 1;
    }
    assert!(seen >= 4, "{seen} blocks");
}

/// The cells of a table's row that begins with `first`.
fn row(page: &str, first: &str) -> Vec<String> {
    let row = page.lines().find(|line| line.starts_with(&format!("| {first} |")));
    let row = row.unwrap_or_else(|| panic!("no row {first}"));
    row.split('|').skip(2).take(4).map(|cell| cell.trim().to_owned()).collect()
}

#[test]
fn the_page_of_differences_says_what_the_adapters_constants_say() {
    let page = fs::read_to_string(root().join("docs/book/platforms.md")).unwrap();
    let platforms = [
        anyfn_lambda::CAPABILITIES,
        anyfn_cloudflare::CAPABILITIES,
        anyfn_vercel::CAPABILITIES,
        anyfn_server::CAPABILITIES,
    ];
    let cells = |first: &str| platforms.iter().zip(row(&page, first));
    for (is, cell) in cells("answers stream") {
        // Lambda's constant is of what streams nowhere but behind one setting.
        assert!(is.streams_responses == (cell == "yes"), "{}: {cell}", is.target);
    }
    for (is, cell) in cells("request bodies stream") {
        assert_eq!(is.streams_requests, cell == "yes", "{}", is.target);
    }
    for (is, cell) in cells("`wait_until`") {
        assert_eq!(is.wait_until, cell.starts_with("yes"), "{}", is.target);
    }
    for (is, cell) in cells("`deadline`") {
        assert_eq!(is.deadline, cell == "yes", "{}", is.target);
    }
    for (is, cell) in cells("largest request body") {
        let said = match is.max_request_body {
            Some(bytes) if bytes % (1 << 20) == 0 => format!("{} MiB", bytes >> 20),
            Some(bytes) if bytes > 6_000_000 && is.target == "lambda" => "6 MB".to_owned(),
            Some(bytes) => format!("{} MB", bytes as f64 / 1e6),
            // The zone's plan says it, not the adapter.
            None => "100 MB".to_owned(),
        };
        assert!(cell.starts_with(&said), "{}: {cell}, {said}", is.target);
    }
    for (is, cell) in cells("triggers") {
        let custom = is.triggers.iter().any(|trigger| trigger.name() == "custom");
        assert_eq!((is.triggers.len(), cell.as_str()), if custom { (7, "all") } else { (6, "all but `custom`") });
    }
}
