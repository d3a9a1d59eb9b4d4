//! The program as a person or another program meets it: outputs, exit codes, and what a mistake is answered with.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder that goes when its test does.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("anyfn-cli-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// `cargo anyfn …`, as cargo calls what is installed, in `folder`.
fn anyfn(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cargo-anyfn")).arg("anyfn").args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_new_function_is_written_where_it_was_asked_for_and_never_twice() {
    let folder = Folder::new("new");
    let output = anyfn(&folder.0, &["new", "my-fn", "--trigger", "queue"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("Next cd my-fn"), "{}", text(&output.stderr));
    // Under the name that it was called by, which needs no compiling.
    let next = text(&output.stderr);
    assert!(next.contains("cargo anyfn build --target all") && !next.contains("cargo xtask"), "{next}");
    assert!(std::fs::read_to_string(folder.0.join("my-fn/src/main.rs")).unwrap().contains("queue = \"jobs\""));
    let again = anyfn(&folder.0, &["new", "my-fn"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("is not empty"), "{}", text(&again.stderr));
    let elsewhere = anyfn(&folder.0, &["new", "my-fn", "--path", "a/b c", "--published"]);
    assert!(text(&elsewhere.stderr).contains("Next cd 'a/b c'"), "{}", text(&elsewhere.stderr));
    assert!(!std::fs::read_to_string(folder.0.join("a/b c/Cargo.toml")).unwrap().contains("path"));
}

#[test]
fn a_mistake_is_answered_with_what_to_do_and_writes_nothing() {
    let folder = Folder::new("mistakes");
    for (line, code, says) in [
        (&["new"][..], 2, "<NAME>"),
        (&["new", "My_Fn"], 1, "try `my-fn`"),
        (&["new", "a/b"], 1, "new b --path a/b"),
        (&["new", "my-fn", "--trigger", "cron"], 2, "schedule"),
        (&["new", "my-fn", "--trigger", "queue", "--axum"], 1, "leave one of the two out"),
        (&["deploy"], 2, "--target"),
        (&["deploy", "--target", "lambda"], 1, "no cargo workspace"),
        (&["doctr"], 2, "doctor"),
        (&["invoke", "queu"], 1, "`queu` is no file here and none of the samples: schedule, queue, "),
        (&["invoke", "event.json"], 1, "`event.json` is no file here"),
    ] {
        let output = anyfn(&folder.0, line);
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(code) && said.contains(says), "{line:?}: {}\n{said}", output.status);
    }
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
}

#[test]
fn every_command_teaches_with_examples() {
    let folder = Folder::new("help");
    for command in ["new", "build", "coldstart", "dev", "run", "invoke", "deploy", "doctor", "cost", "demo"] {
        let help = text(&anyfn(&folder.0, &[command, "--help"]).stdout);
        assert!(help.contains(&format!("Examples:\n  cargo anyfn {command}")), "{help}");
    }
}

/// A function that depends on packages with the names of real ones.
fn shop(folder: &Folder, dependency: &str) {
    folder.write(
        "Cargo.toml",
        &format!(
            "[workspace]\n[package]\nname = \"shop\"\nedition = \"2024\"\n[dependencies]\nanyfn = {{ path = \"anyfn\" }}\n\
             {dependency} = {{ path = \"{dependency}\" }}\n[profile.release]\npanic = \"unwind\"\n"
        ),
    );
    folder.write("src/main.rs", "fn main() {}\n");
    for name in ["anyfn", dependency] {
        folder.write(&format!("{name}/Cargo.toml"), &format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n"));
        folder.write(&format!("{name}/src/lib.rs"), "");
    }
}

#[test]
fn doctor_tells_another_program_what_is_broken_and_ends_with_1() {
    let folder = Folder::new("doctor");
    shop(&folder, "mio");
    let output = anyfn(&folder.0, &["doctor", "--target", "cloudflare", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert_eq!(
        (&report["ok"], &report["package"], &report["target"]),
        (&false.into(), &"shop".into(), &"cloudflare".into())
    );
    let broken: Vec<_> =
        report["findings"].as_array().unwrap().iter().filter(|found| found["state"] == "broken").collect();
    assert_eq!(broken.len(), 1, "{report:#}");
    assert_eq!(
        (&broken[0]["check"], &broken[0]["path"]),
        (&"dependencies".into(), &serde_json::json!(["shop", "mio"]))
    );
    assert!(broken[0]["next"][0].as_str().unwrap().contains("Cargo.toml:"), "{report:#}");
}

#[test]
fn what_another_platform_minds_is_no_error() {
    let folder = Folder::new("elsewhere");
    shop(&folder, "mio");
    let output = anyfn(&folder.0, &["doctor"]);
    let said = text(&output.stdout);
    assert!(output.status.success() && said.contains("warning dependencies: mio"), "{said}");
    let output = anyfn(&folder.0, &["doctor", "--target", "server"]);
    assert!(output.status.success() && !text(&output.stdout).contains("mio"), "{}", text(&output.stdout));
}

#[test]
fn what_was_built_is_weighed_and_asked_whether_it_would_start() {
    let folder = Folder::new("weighed");
    shop(&folder, "serde");
    folder.write("dist/lambda/shop/bootstrap", "no executable");
    folder.write("dist/lambda/shop/bootstrap.zip", "");
    let zip = std::fs::File::create(folder.0.join("dist/lambda/shop/bootstrap.zip")).unwrap();
    zip.set_len(60_000_000).unwrap();
    let output = anyfn(&folder.0, &["doctor", "--target", "lambda"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("is no Linux executable") && said.contains("must come from S3"), "{said}");
}

#[test]
fn outside_of_a_workspace_the_machine_is_looked_at() {
    let folder = Folder::new("machine");
    let output = anyfn(&folder.0, &["doctor", "--target", "server"]);
    assert!(text(&output.stdout).contains("rustc: "), "{}", text(&output.stdout));
}

#[test]
fn doctor_says_what_is_wrong_with_a_manifest_that_cannot_be_read() {
    let folder = Folder::new("unreadable");
    folder.write("Cargo.toml", "[package]\nname = \"shop\"\nversion = \n");
    folder.write("src/main.rs", "fn main() {}\n");
    for below in ["", "src"] {
        let output = anyfn(&folder.0.join(below), &["doctor", "--target", "server"]);
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("broken manifest: ") && said.contains("version = "), "{said}");
        assert!(said.contains("rustc: "), "{said}");
    }
}

/// Answers each request with the next of these, and is no function beyond that.
fn answering(answers: Vec<(u16, &'static str)>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let asked = move || loop {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        // Who only looks whether somebody listens says nothing.
        if stream.fill_buf().is_ok_and(|bytes| !bytes.is_empty()) {
            return stream;
        }
    };
    let answer = |mut stream: BufReader<TcpStream>, (status, body): (u16, &str)| {
        let (mut line, mut length) = (String::new(), 0);
        while stream.read_line(&mut line).unwrap() > 2 {
            let header = line.to_lowercase();
            length = header.strip_prefix("content-length:").map_or(length, |value| value.trim().parse().unwrap());
            line.clear();
        }
        stream.read_exact(&mut vec![0; length]).unwrap();
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
        stream.get_mut().write_all(format!("{head}{body}").as_bytes()).unwrap();
    };
    std::thread::spawn(move || {
        for told in answers {
            answer(asked(), told);
        }
    });
    addr
}

/// `cargo anyfn invoke …` of a function that `target` serves, and that gives these answers.
fn invoked(folder: &Folder, target: &str, answers: Vec<(u16, &'static str)>, line: &[&str]) -> (Option<i32>, String) {
    // Whether somebody listens is looked at on another port.
    let front = TcpListener::bind("127.0.0.1:0").unwrap();
    let events = answering(answers);
    let http = if ["lambda", "cloudflare"].contains(&target) { front.local_addr().unwrap() } else { events };
    let note = serde_json::json!({
        "target": target, "package": "shop", "triggers": [["queue", "jobs"], ["custom", null]], "token": "t",
        "http": http, "events": (http != events).then_some(events),
    });
    folder.write(&format!(".anyfn/running/{target}.json"), &note.to_string());
    let output = anyfn(&folder.0, &[&["invoke", "--target", target], line].concat());
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn an_invocation_whose_items_failed_ends_with_1_and_says_how_many() {
    let folder = Folder::new("invoke");
    shop(&folder, "serde");
    folder.write("sqs.json", r#"{"Records":[{"messageId":"a-1"},{"messageId":"a-2"},{"messageId":"a-3"}]}"#);
    folder.write("workers.json", r#"{"queue":{"name":"jobs","messages":[{"id":"x"},{"id":"y"}]}}"#);
    folder.write("night.json", r#"{"scheduled":{"cron":"0 3 * * *"}}"#);
    let two = &["queue", "--data", "1", "--data", "2"][..];
    for (target, answer, line, code, says) in [
        (
            "lambda",
            (200, r#"{"batchItemFailures":[{"itemIdentifier":"a-2"}]}"#),
            &["sqs.json"][..],
            1,
            "1 of 3 items failed: 1",
        ),
        (
            "lambda",
            (200, r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#),
            &["sqs.json"],
            1,
            "3 of 3 items failed: 0, 1, 2",
        ),
        ("lambda", (200, r#"{"batchItemFailures":[]}"#), &["sqs.json"], 0, "Done sqs.json on lambda"),
        ("lambda", (200, r#"{"batchItemFailures":[{"itemIdentifier":"1"}]}"#), two, 1, "1 of 2 items failed: 1"),
        // A name that no item has: Lambda takes the whole batch for failed.
        ("lambda", (200, r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#), two, 1, "2 of 2 items failed: 0, 1"),
        ("lambda", (500, r#"{"errorType":"Oops"}"#), &["sqs.json"], 1, r#"it failed: {"errorType":"Oops"}"#),
        ("lambda", (200, r#"{"total":1}"#), &["custom"], 0, r#"{"total":1}"#),
        (
            "cloudflare",
            (200, r#"{"outcome":"ok","retryMessages":[{"msgId":"y"}]}"#),
            &["workers.json"],
            1,
            "1 of 2 items failed: 1",
        ),
        ("cloudflare", (200, r#"{"outcome":"exception"}"#), &["night.json"], 1, "it failed: "),
        ("cloudflare", (200, r#"{"outcome":"ok"}"#), &["night.json"], 0, "Done night.json on cloudflare"),
    ] {
        let (ended, said) = invoked(&folder, target, vec![answer], line);
        assert!(ended == Some(code) && said.contains(says), "{target} {line:?} {answer:?}: {ended:?}\n{said}");
        assert_eq!(said.contains("invoke it again"), code == 1, "what to do: {said}");
        std::fs::remove_file(folder.0.join(format!(".anyfn/running/{target}.json"))).unwrap();
    }
    // Over HTTP each item is a request of its own.
    let answers = vec![(503, "no stock\n"), (204, "")];
    let (ended, said) = invoked(&folder, "server", answers, two);
    assert!(ended == Some(1) && said.contains("1 of 2 items failed: 0"), "{ended:?}\n{said}");
}

/// A Rust whose standard library for Workers is missing, and whose rustup is this script.
fn without_workers(folder: &Folder, rustup: Option<&str>) -> Output {
    let script = |name: &str, text: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        folder.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{text}\n"));
        std::fs::set_permissions(folder.0.join("bin").join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| {
        let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
        format!("{}/bin/rustc", text(&sysroot.stdout).trim())
    });
    script(
        "rustc",
        &format!(
            "case \"$*\" in *target-libdir*) echo '{}/none';; *) exec '{rustc}' \"$@\";; esac",
            folder.0.display()
        ),
    );
    if let Some(rustup) = rustup {
        script("rustup", rustup);
    }
    let cargo = std::env::var("CARGO").unwrap();
    Command::new(env!("CARGO_BIN_EXE_cargo-anyfn"))
        .args(["anyfn", "build", "--target", "cloudflare"])
        .current_dir(&folder.0)
        .env("PATH", format!("{}:/usr/bin:/bin", folder.0.join("bin").display()))
        .env("RUSTC", folder.0.join("bin/rustc"))
        .env("CARGO", cargo)
        .output()
        .unwrap()
}

#[test]
fn without_the_standard_library_for_workers_the_command_that_brings_it_is_said() {
    for (name, rustup, says) in [
        ("none", None, "there is no rustup"),
        ("failing", Some("echo 'no network' >&2; exit 1"), "`rustup target add` failed"),
        ("elsewhere", Some("exit 0"), "still not there"),
    ] {
        let folder = Folder::new(&format!("std-{name}"));
        shop(&folder, "serde");
        let output = without_workers(&folder, rustup);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        let command = said.lines().any(|line| line.trim() == "rustup target add wasm32-unknown-unknown");
        assert!(command && said.contains(says), "{name}: {said}");
        assert!(!said.contains("Compiling"), "{name}: {said}");
    }
}
