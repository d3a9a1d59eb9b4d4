//! What the compiler tells users of the macros: every file below `ui` is compiled as a program of its own.
//!
//! `//~ ERROR text` announces an error with this text on its line, `//~^ ERROR text` on the line above (each further `^`
//! one more); the text may stand in the message, a label or a note. An error that is not announced fails the test, as does
//! an announced one that is missing. A file that announces none must compile without a warning. Only anyfn's own words
//! are worth announcing: the compiler's change with its version.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// The packages that are made of the folders' files, and the name that each knows the facade by.
const PACKAGES: [(&str, &str); 3] = [("fail", "anyfn"), ("pass", "anyfn"), ("renamed", "my_anyfn")];

/// What the compiler said at a line of a case.
#[derive(Debug)]
struct Said {
    error: bool,
    line: usize,
    text: String,
}

#[test]
fn errors_stand_on_the_users_line_and_say_what_to_do() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ui");
    let cases = generate(&workspace, &made);
    let mut said = compile(&made);
    let mut failures = String::new();
    for case in &cases {
        let source = fs::read_to_string(case).unwrap();
        let found = said.remove(case).unwrap_or_default();
        if let Err(why) = judge(&source, found) {
            writeln!(failures, "{}:\n{why}", case.strip_prefix(&workspace).unwrap().display()).unwrap();
        }
    }
    assert!(cases.len() > 30, "the cases were not found: {cases:?}");
    assert!(failures.is_empty(), "\n{failures}");
}

/// Writes a workspace with a program for each case.
fn generate(workspace: &Path, made: &Path) -> Vec<PathBuf> {
    let mut cases = Vec::new();
    for (package, facade) in PACKAGES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui").join(package);
        let mut manifest = format!(
            "[package]\nname = \"{package}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\nautobins = false\n\n\
             [dependencies]\nserde = {{ version = \"1\", features = [\"derive\"] }}\n\
             {facade} = {{ package = \"anyfn\", path = {workspace:?}, default-features = false }}\n",
        );
        let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let name = file.file_stem().unwrap().to_str().unwrap();
            write!(manifest, "\n[[bin]]\nname = \"{name}\"\npath = {file:?}\n").unwrap();
            cases.push(file);
        }
        fs::create_dir_all(made.join(package)).unwrap();
        write(&made.join(package).join("Cargo.toml"), &manifest);
    }
    write(&made.join("Cargo.toml"), "[workspace]\nmembers = [\"fail\", \"pass\", \"renamed\"]\nresolver = \"3\"\n");
    // The workspace's own versions, which are at hand without a network.
    fs::copy(workspace.join("Cargo.lock"), made.join("Cargo.lock")).unwrap();
    cases
}

/// An unchanged file is left alone, so that cargo does not compile its package again.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).ok().as_deref() != Some(text) {
        fs::write(path, text).unwrap();
    }
}

/// What the compiler said of each file.
fn compile(made: &Path) -> BTreeMap<PathBuf, Vec<Said>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["check", "--workspace", "--bins", "--keep-going", "--offline", "--message-format=json"])
        .current_dir(made)
        .env("CARGO_TARGET_DIR", made.join("target"))
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .unwrap();
    let mut said = BTreeMap::<_, Vec<_>>::new();
    let mut finished = false;
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        finished |= line["reason"] == "build-finished";
        if line["reason"] == "compiler-message" {
            let case = PathBuf::from(line["target"]["src_path"].as_str().unwrap());
            if let Some(one) = heard(&case, &line["message"]) {
                said.entry(case).or_default().push(one);
            }
        }
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(finished, "cargo did not come to compile the cases:\n{errors}");
    let dependency = said.keys().find(|file| !file.starts_with(env!("CARGO_MANIFEST_DIR")));
    assert!(dependency.is_none(), "a dependency does not compile:\n{errors}");
    said
}

/// A message, its labels and its notes; `None` for the compiler's summary.
fn heard(case: &Path, message: &Value) -> Option<Said> {
    let (level, first) = (message["level"].as_str()?, message["message"].as_str()?);
    if level == "failure-note" || first.starts_with("aborting due to") {
        return None;
    }
    let spans = message["spans"].as_array()?;
    // Out of the macros of other crates, to what the user wrote; line 0 where that is nothing.
    let mut place = spans.iter().find(|span| span["is_primary"] == true).unwrap_or(&Value::Null);
    while place["file_name"].as_str().is_some_and(|file| !case.ends_with(file)) {
        place = &place["expansion"]["span"];
    }
    let line = usize::try_from(place["line_start"].as_u64().unwrap_or_default()).ok()?;
    let labels = spans.iter().filter_map(|span| span["label"].as_str());
    let notes = message["children"].as_array()?.iter().filter_map(|child| child["message"].as_str());
    let text = std::iter::once(first).chain(labels).chain(notes).collect::<Vec<_>>().join("\n");
    Some(Said { error: level.starts_with("error"), line, text })
}

/// Compares what was said with what the source announces.
fn judge(source: &str, mut found: Vec<Said>) -> Result<(), String> {
    let mut why = String::new();
    let announced = announced(source)?;
    if !announced.is_empty() {
        found.retain(|said| said.error);
    }
    for (line, text) in announced {
        match found.iter().position(|said| said.line == line && said.text.contains(text)) {
            Some(at) => drop(found.remove(at)),
            None => writeln!(why, "  line {line} lacks the error `{text}`").unwrap(),
        }
    }
    for Said { error, line, text } in found {
        let kind = if error { "error" } else { "warning" };
        writeln!(why, "  line {line} has this {kind}, not announced: {}", text.replace('\n', "\n    ")).unwrap();
    }
    if why.is_empty() { Ok(()) } else { Err(why) }
}

/// The lines and texts of the announced errors.
fn announced(source: &str) -> Result<Vec<(usize, &str)>, String> {
    let mut announced = Vec::new();
    for (line, text) in source.lines().enumerate() {
        let Some((_, comment)) = text.split_once("//~") else { continue };
        let rest = comment.trim_start_matches('^');
        let above = comment.len() - rest.len();
        let text = rest.strip_prefix(" ERROR ").ok_or_else(|| format!("  line {} announces no ERROR\n", line + 1))?;
        announced.push((line + 1 - above, text.trim()));
    }
    Ok(announced)
}

#[test]
fn a_case_that_compiles_or_says_more_than_announced_fails() {
    let said = |line, text: &str| Said { error: true, line, text: text.to_owned() };
    let source = "one\n//~^ ERROR because\ntwo //~ ERROR so";
    judge(source, vec![said(3, "and so on"), said(1, "no\nbecause it is so")]).unwrap();
    let missing = judge(source, Vec::new()).unwrap_err();
    assert!(missing.contains("line 1 lacks the error `because`") && missing.contains("line 3"), "{missing}");
    let elsewhere = judge(source, vec![said(2, "because"), said(3, "so")]).unwrap_err();
    assert!(elsewhere.contains("line 1 lacks") && elsewhere.contains("line 2 has this error"), "{elsewhere}");
    let twice = judge(source, vec![said(1, "because"), said(3, "so"), said(3, "so")]).unwrap_err();
    assert!(twice.contains("line 3 has this error"), "{twice}");
    assert!(judge("fn main() {}", vec![Said { error: false, line: 1, text: "unused".to_owned() }]).is_err());
    assert!(judge("//~ error: because", Vec::new()).is_err());
}
