//! A running `cargo xtask dev`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// A first build of all dependencies, on a machine that does other things besides.
const PATIENCE: Duration = Duration::from_secs(400);

pub(super) struct Dev {
    pub(super) addr: SocketAddr,
    child: Child,
    said: Arc<Mutex<String>>,
}

/// The program, with these arguments, in `folder`.
pub(super) fn xtask(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_anyfn-xtask"));
    command.args(arguments).current_dir(folder).env_remove("CARGO_TARGET_DIR").stdin(Stdio::null());
    // One set of tools for all tests.
    command.env("ANYFN_TOOLS", anyfn_xtask::tools::dir().unwrap());
    command
}

pub(super) fn command(folder: &Path, arguments: &[&str]) -> Command {
    xtask(folder, &[&["dev"], arguments].concat())
}

impl Dev {
    /// Starts it on a free port, and waits until it listens.
    pub(super) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = command(folder, &[&["--port", "0"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let streams: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let said = Arc::clone(&said);
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    said.lock().unwrap().push_str(&format!("{line}\n"));
                }
            });
        }
        let mut dev = Self { addr: ([127, 0, 0, 1], 0).into(), child, said };
        dev.until_said("Serving ");
        let said = dev.said();
        dev.addr = said.split("http://").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
        dev
    }

    /// All that it wrote so far.
    pub(super) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub(super) fn until_said(&self, text: &str) {
        self.until(text, |dev| dev.said().contains(text));
    }

    pub(super) fn until_stage(&self, stage: &str) {
        self.until(stage, |dev| dev.state()["stage"] == stage);
    }

    /// Until the function has this request in hands.
    pub(super) fn until_running(&self, title: &str) {
        self.until(title, |dev| {
            let state = dev.state();
            let mut invocations = state["invocations"].as_array().unwrap().iter();
            state["stage"] == "serving"
                && invocations.any(|view| view["title"] == title && view["outcome"] == "running")
        });
    }

    pub(super) fn until(&self, what: &str, there: impl Fn(&Self) -> bool) {
        let begin = Instant::now();
        while !there(self) {
            assert!(begin.elapsed() < PATIENCE, "{what}: not yet; it said:\n{}", self.said());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// What the page is made of.
    pub(super) fn state(&self) -> Value {
        let (status, _, body) = request(self.addr, "GET", "/_anyfn/api/state", &[], "");
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Status and body.
    pub(super) fn get(&self, target: &str) -> (u16, String) {
        let (status, _, body) = request(self.addr, "GET", target, &[], "");
        (status, body)
    }

    /// Sends a signal and waits for the end.
    pub(super) fn stop(mut self, signal: &str) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begin.elapsed() < Duration::from_secs(20), "it does not end:\n{}", self.said());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request on a connection of its own: status, head in small letters, body.
pub(super) fn request(
    addr: SocketAddr,
    method: &str,
    target: &str,
    headers: &[&str],
    body: &str,
) -> (u16, String, String) {
    let mut stream = TcpStream::connect(addr).unwrap();
    let mut head = format!("{method} {target} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    if !headers.iter().any(|header| header.starts_with("host:")) {
        head.push_str(&format!("host: {addr}\r\n"));
    }
    for header in headers {
        head.push_str(&format!("{header}\r\n"));
    }
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{method} {target}: {answer:?}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_lowercase(), body.to_owned())
}

/// The programs of the processes that work in this folder, or were started from it.
pub(super) fn processes_in(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let inside =
            |link: &str| std::fs::read_link(entry.path().join(link)).is_ok_and(|path| path.starts_with(folder));
        if inside("cwd") || inside("exe") {
            let name = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push(String::from_utf8_lossy(&name).replace('\0', " "));
        }
    }
    found
}
