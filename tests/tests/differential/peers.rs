//! Installs the other adapters, and asks them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyfn_conformance::Delivery;
use serde_json::{Value, json};

/// The adapters, as `echo.mjs` and `echo.py` call them.
pub(crate) const NAMES: &[&str] = &["hono", "serverless-http", "serverless-express", "mangum"];

/// What became of an event: the function's JSON, or why there is none.
pub(crate) type Answers = BTreeMap<(&'static str, &'static str), Result<Vec<u8>, String>>;

/// Asks every adapter with the events of these rows.
pub(crate) fn ask(rows: &[&'static Delivery]) -> Answers {
    let folder = install();
    let events: String = rows
        .iter()
        .map(|row| {
            let event: Value = serde_json::from_slice(&(row.event)()).expect("the rows are JSON");
            format!("{}\n", json!([row.name, event]))
        })
        .collect();
    let (mut node, mut python) = (Command::new("node"), Command::new("python3"));
    node.arg("echo.mjs").current_dir(&folder);
    python.arg("echo.py").current_dir(&folder).env("PYTHONPATH", folder.join("python"));
    let mut answers = Answers::new();
    for command in [&mut node, &mut python] {
        for line in told(command, &events).lines() {
            let (peer, name, answer, error): (String, String, Value, Option<String>) =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let peer = NAMES.iter().find(|known| **known == peer).expect("the adapters' names are known");
            let row = rows.iter().find(|row| row.name == name).expect("only these rows were asked");
            answers.insert((peer, row.name), error.map_or_else(|| Ok(answer.to_string().into_bytes()), Err));
        }
    }
    answers
}

fn told(command: &mut Command, events: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}: Node.js 20 and Python 3 are needed"));
    let mut input = child.stdin.take().expect("it is piped");
    std::thread::scope(|scope| {
        // It answers while it reads.
        scope.spawn(move || input.write_all(events.as_bytes()));
        let output = child.wait_with_output().expect("its output can be read");
        assert!(output.status.success(), "{command:?}: {}", output.status);
        String::from_utf8(output.stdout).expect("it writes JSON")
    })
}

/// The folder with the programs and what they import; installed when it is not there yet.
fn install() -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("differential");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differential");
    fs::create_dir_all(&folder).expect("the folder can be made");
    for name in ["echo.mjs", "echo.py", "package.json"] {
        fs::copy(from.join(name), folder.join(name)).expect("the programs can be copied");
    }
    fs::copy(from.join("npmrc"), folder.join(".npmrc")).expect("npm's settings can be copied");
    let pins = ["package-lock.json", "requirements.txt"];
    let recipe: Vec<Vec<u8>> = pins.iter().map(|name| fs::read(from.join(name)).expect("it is committed")).collect();
    let recipe = recipe.concat();
    let stamp = folder.join("installed");
    if fs::read(&stamp).is_ok_and(|found| found == recipe) {
        return folder;
    }
    for name in pins {
        fs::copy(from.join(name), folder.join(name)).expect("the pins can be copied");
    }
    println!("installing Hono, serverless-http, serverless-express and Mangum");
    run(Command::new("npm").arg("ci").current_dir(&folder));
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--upgrade", "--no-deps", "--disable-pip-version-check"]);
    pip.args(["--require-hashes", "--only-binary", ":all:", "--target", "python", "--requirement", "requirements.txt"]);
    run(pip.current_dir(&folder));
    fs::write(&stamp, recipe).expect("the stamp can be written");
    folder
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
