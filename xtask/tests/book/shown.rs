//! Command lines of the README and the book, run as a person would who follows the page, and what they are shown to say.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::{Block, blocks, root, words};

const FUZZING: &str = "half an hour of fuzzing; what it has found is replayed in CI";
const EXAMPLE: &str = "tests/tests/examples asks each example more than its page does, on every platform";

/// What is not run here, by how its line begins, and why. `cargo anyfn` is `cargo xtask`, and variables are left out.
const NOT_RUN: &[(&str, &str)] = &[
    // Seconds become minutes.
    (
        "cargo xtask build --target",
        "an optimised build takes minutes: the acceptance tests build a new project for all targets",
    ),
    ("cargo xtask deploy", "builds first, and has an account: the acceptance tests deploy to vendors' APIs of ours"),
    (
        "cargo xtask coldstart",
        "builds for all targets and starts each twenty times: tests/coldstart.rs does so with small functions",
    ),
    ("cargo xtask cost --invocations 3000000 --measure", "builds and measures; the same page's other line is run"),
    ("cargo xtask demo", "builds for all targets; the conformance suite asks them more than this"),
    ("cargo xtask conformance", "half an hour, of the suite that CI runs anyway"),
    ("cargo xtask test", "it is what runs this test"),
    (".ci/run", "it is what runs this test"),
    ("cargo test -p anyfn", "CI runs it by itself"),
    ("cargo test --manifest-path fuzz", "CI runs it by itself"),
    // The vendors' runtimes: hundreds of megabytes, which the acceptance and conformance tests install.
    ("cargo xtask run --target", "a platform's runtime: the acceptance and conformance tests run each"),
    ("cargo xtask dev --target", "a platform's runtime: the acceptance tests of `dev` run it on Lambda's"),
    (
        "cargo xtask invoke queue --data '{\"id\":1}' --name",
        "for a program with that queue; the lines of dev.md are run",
    ),
    ("cargo xtask invoke queue  ", "needs the line before, a platform's runtime; the lines of dev.md are run"),
    ("cargo xtask invoke my-event.json", "for a file of the reader's: tests/cli.rs sends such files"),
    ("cargo xtask invoke schedule", EXAMPLE),
    ("cargo xtask invoke change", EXAMPLE),
    ("cargo xtask invoke object-created", EXAMPLE),
    ("cargo run -p cost", EXAMPLE),
    ("cargo run -p hello-lesson", EXAMPLE),
    ("cargo run -p todo-axum", EXAMPLE),
    ("cargo run -p traced", EXAMPLE),
    ("cargo run -p webhooks", EXAMPLE),
    // What is others', or somewhere else.
    ("cargo install", "installs a program on this machine, out of a registry or for a minute"),
    ("cargo publish", "the acceptance tests pack the crates and use them packed"),
    (
        "cargo xtask new my-fn --published",
        "the crates are on crates.io when a release is made: RELEASING.md's own step",
    ),
    ("cd my-fn && cargo test && cargo xtask build", "follows the line before"),
    ("cargo fuzz", FUZZING),
    ("cargo +nightly fuzz", FUZZING),
    ("git clone", "the checkout is there"),
    ("aws ", "an account of AWS"),
    ("sam ", "an account of AWS; the acceptance tests give SAM the same template"),
    ("npx ", "an account of the vendor's; the acceptance tests give its tool the same folder"),
    ("podman ", "needs podman: the acceptance tests look whether the file for it is written"),
    ("kubectl ", "needs a cluster: the acceptance tests read the manifest"),
    ("dist/server/my-fn/my-fn", "needs the optimised build"),
];

/// Pages that are followed by somebody who has this project, of this trigger.
const BEGUN: &[(&str, &str)] = &[("docs/book/dev.md", "queue"), ("docs/book/introduction.md", "schedule")];

/// What the reader writes into Cargo.toml before this line of this page.
const WRITTEN: &[(&str, &str, &str)] = &[
    ("docs/book/ten-minutes.md", "cargo xtask doctor", "tokio = { version = \"1\", features = [\"full\"] }"),
    ("README.md", "cargo xtask doctor", "axum = \"0.8\""),
];

/// A command line, and what the page says that it says.
struct Shown {
    place: String,
    line: String,
    says: Vec<String>,
}

fn shown(block: &Block) -> Vec<Shown> {
    let whole = block.text.replace("\\\n", " ");
    let asked = whole.lines().any(|line| line.trim_start().starts_with("$ "));
    let mut found: Vec<Shown> = Vec::new();
    for line in whole.lines() {
        let command = line
            .trim_start()
            .strip_prefix("$ ")
            .or_else(|| Some(line).filter(|line| !asked && line.starts_with("cargo ")));
        match (command, found.last_mut()) {
            (Some(line), _) => {
                found.push(Shown {
                    place: block.place.clone(),
                    line: line.replace("cargo anyfn", "cargo xtask"),
                    says: Vec::new(),
                });
            }
            (None, Some(last)) if asked && !line.trim().is_empty() => last.says.push(line.trim_end().to_owned()),
            (None, _) => {}
        }
    }
    found
}

/// Without the variables in front of it.
fn bare(line: &str) -> &str {
    let is_variable = |word: &str| {
        word.split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
    };
    match line.split_once(' ') {
        Some((_, rest)) if line.contains("=\"") && is_variable(line) => {
            rest.split_once("\" ").map_or(rest, |(_, rest)| bare(rest))
        }
        Some((word, rest)) if is_variable(word) => bare(rest),
        _ => line,
    }
}

/// Why this line is not run.
fn not_run(line: &str) -> Option<usize> {
    NOT_RUN.iter().position(|(start, _)| bare(line).starts_with(start))
}

/// Whether what was said has this line, in which `…` stands for anything; times and the numbers of a manifest's lines are not
/// compared.
fn has(said: &str, line: &str) -> bool {
    let timeless = |text: &str| -> String {
        let plain = |word: &str| {
            let number = word.trim_end_matches(['m', 's']);
            let is_time = number.len() < word.len() && number.parse::<f64>().is_ok();
            let is_place =
                word.strip_prefix("Cargo.toml:").is_some_and(|at| at.trim_end_matches(':').parse::<u32>().is_ok());
            if is_time || is_place { "N".to_owned() } else { word.to_owned() }
        };
        text.split_whitespace().map(plain).collect::<Vec<_>>().join(" ")
    };
    let wanted = timeless(line);
    let parts: Vec<_> = wanted.split('…').collect();
    said.lines().map(timeless).any(|line| {
        let mut rest = line.as_str();
        parts.iter().all(|part| match rest.split_once(part) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    })
}

/// Somebody who follows a page.
struct Reader {
    folder: PathBuf,
    here: PathBuf,
    /// What serves, and where.
    serves: Option<(Child, String)>,
}

impl Reader {
    fn new(page: &str) -> Self {
        let name: String = page.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let folder = std::env::temp_dir().join(format!("anyfn-book-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join(".cargo")).unwrap();
        // What is compiled is compiled already.
        let config = format!("[build]\ntarget-dir = {:?}\n", target().to_str().unwrap());
        std::fs::write(folder.join(".cargo/config.toml"), config).unwrap();
        let folder = folder.canonicalize().unwrap();
        // The README's reader stands in the checkout.
        let here = if page == "README.md" { root() } else { folder.clone() };
        let mut reader = Self { here, folder, serves: None };
        if let Some((_, trigger)) = BEGUN.iter().find(|(begun, _)| *begun == page) {
            reader.run(&["cargo", "xtask", "new", "my-fn", "--trigger", trigger].map(str::to_owned));
            reader.enter("my-fn");
        }
        reader
    }

    fn enter(&mut self, folder: &str) {
        self.here = match folder.strip_prefix("~/") {
            Some(folder) => self.folder.join(folder),
            None => self.here.join(folder),
        };
        // The versions that this workspace is tested with.
        std::fs::copy(root().join("Cargo.lock"), self.here.join("Cargo.lock")).unwrap();
    }

    fn command(&self, words: &[String]) -> Command {
        let ours = matches!(words, [cargo, xtask, ..] if cargo == "cargo" && xtask == "xtask");
        let program = if ours { env!("CARGO_BIN_EXE_cargo-anyfn").into() } else { std::env::var_os("CARGO").unwrap() };
        let mut command = Command::new(program);
        let home = format!("{}/", self.folder.display());
        command.args(words.iter().skip(if ours { 2 } else { 1 }).map(|word| word.replace("~/", &home)));
        command.current_dir(&self.here).env_remove("CARGO_TARGET_DIR").env("CARGO_TERM_COLOR", "never");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What it said, and whether it went well.
    fn run(&self, words: &[String]) -> (String, bool) {
        let output = self.command(words).output().unwrap();
        (self.plain(&[output.stdout, output.stderr].concat()), output.status.success())
    }

    /// As the page has it: its author's folders, its port.
    fn plain(&self, said: &[u8]) -> String {
        let mut said = String::from_utf8_lossy(said).into_owned();
        for (here, there) in [
            (self.folder.to_str().unwrap(), "/home/you"),
            (target().to_str().unwrap(), "target"),
            (root().to_str().unwrap(), "…/anyfn"),
        ] {
            said = said.replace(here, there);
        }
        match &self.serves {
            Some((_, address)) => said.replace(address, "http://127.0.0.1:3000"),
            None => said,
        }
    }

    /// Starts what serves on port 3000, on any other, and waits until it does.
    fn serve(&mut self, words: &[String], ready: &str) -> String {
        self.stop();
        let mut command = self.command(words);
        if words[1] == "xtask" {
            command.args(["--port", "0"]);
        }
        let (tell, told) = mpsc::channel();
        let (child, address) = self.serves.insert((command.env("PORT", "0").spawn().unwrap(), String::new()));
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let tell = tell.clone();
            // To its end, so that it can always write.
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = tell.send(line);
                }
            });
        }
        drop(tell);
        let mut said = String::new();
        while let Ok(line) = told.recv_timeout(Duration::from_secs(300)) {
            said.push_str(&format!("{line}\n"));
            if let Some(at) = line.find("http://").filter(|_| line.contains(ready)) {
                *address = line[at..].trim().to_owned();
                return self.plain(said.as_bytes());
            }
        }
        panic!("{words:?} does not serve, and said:\n{said}");
    }

    fn follow(&mut self, shown: &Shown) {
        let words = words(&shown.line);
        let texts: Vec<_> = words.iter().map(String::as_str).collect();
        let (said, good) = match texts.as_slice() {
            ["cd", folder] => {
                self.enter(folder);
                return;
            }
            // Of the checkout's.
            ["cargo", "run", "-p", _] => {
                self.here = root();
                (self.serve(&words, "anyfn: serving on"), true)
            }
            ["cargo", "run"] => (self.serve(&words, "anyfn: serving on"), true),
            ["cargo", "xtask", "dev"] => (self.serve(&words, "Ready "), true),
            ["curl", url] => {
                let (_, address) = self.serves.as_ref().expect("something serves");
                let runtime = tokio::runtime::Runtime::new().unwrap();
                let target = url.strip_prefix("http://127.0.0.1:3000").expect("on the port of the page");
                let address = address.strip_prefix("http://").unwrap().parse().unwrap();
                let answer = runtime.block_on(anyfn_xtask::local::ask(address, "GET", target)).unwrap();
                (String::from_utf8(answer.body.to_vec()).unwrap(), answer.status < 400)
            }
            ["cargo", "test"] | ["cargo", "xtask", "new" | "doctor" | "cost" | "invoke", ..] => self.run(&words),
            _ => panic!("{}: {}\nneither run nor among what is not, with a reason", shown.place, shown.line),
        };
        let fails = shown.says.iter().any(|line| line.starts_with("error") || line.contains(" broken "));
        assert_eq!(good, !fails, "{}: {}\n{said}", shown.place, shown.line);
        for line in &shown.says {
            assert!(has(&said, line), "{}: {}\nis shown to say\n{line}\nand says\n{said}", shown.place, shown.line);
        }
    }

    fn stop(&mut self) {
        if let Some((mut child, _)) = self.serves.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// This workspace's own target folder.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

#[test]
fn who_follows_a_page_sees_what_it_shows() {
    let (mut runs, mut reasons) = (0, vec![0; NOT_RUN.len()]);
    let mut reader: Option<(String, Reader)> = None;
    for block in blocks().iter().filter(|block| ["text", "sh"].contains(&block.kind.as_str())) {
        let page = block.place.rsplit_once(':').unwrap().0.to_owned();
        for shown in shown(block) {
            // What is asked with more than a URL, or of what is not run, the tests of the examples ask.
            let served = reader.as_ref().is_some_and(|(of, reader)| *of == page && reader.serves.is_some());
            if shown.line.starts_with("curl ") && (!served || words(&shown.line).len() > 2) {
                continue;
            }
            if let Some(reason) = not_run(&shown.line) {
                reasons[reason] += 1;
                continue;
            }
            if reader.as_ref().is_none_or(|(of, _)| *of != page) {
                reader = Some((page.clone(), Reader::new(&page)));
            }
            let (_, reader) = reader.as_mut().unwrap();
            for (of, line, dependency) in WRITTEN {
                if *of == page && shown.line.starts_with(line) {
                    let manifest = reader.here.join("Cargo.toml");
                    let text = std::fs::read_to_string(&manifest).unwrap();
                    std::fs::write(
                        manifest,
                        text.replacen("[dependencies]\n", &format!("[dependencies]\n{dependency}\n"), 1),
                    )
                    .unwrap();
                }
            }
            reader.follow(&shown);
            runs += 1;
        }
    }
    assert!(runs > 20, "{runs} lines were run");
    let unused: Vec<_> = NOT_RUN.iter().zip(reasons).filter(|(_, count)| *count == 0).map(|(why, _)| why.0).collect();
    assert!(unused.is_empty(), "no page shows any more {unused:?}");
}

#[test]
fn what_is_shown_and_not_said_is_found() {
    let said = "     Created my-fn in my-fn (8 files)\n Finished in 3.10s of 10 ms\n";
    for (line, there) in [
        ("     Created my-fn in my-fn (8 files)", true),
        ("     Created my-fn in my-fn (9 files)", false),
        ("Created … (8 files)", true),
        ("…", true),
        ("Finished in 0.95s of 1 ms", false),
        ("Finished in 0.95s of 10 ms", true),
    ] {
        assert_eq!(has(said, line), there, "{line}");
    }
    assert_eq!(bare("A=b SECRET=\"It's a b\" cargo run -p x"), "cargo run -p x");
    assert_eq!(bare("HOST=0.0.0.0 dist/x"), "dist/x");
}
