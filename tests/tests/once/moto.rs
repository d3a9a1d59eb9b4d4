//! DynamoDB, as moto answers it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyfn_conformance::client::send;
use anyfn_conformance::{Payload, Request};
use anyfn_xtask::tools;

/// The table that is there.
pub(crate) const TABLE: &str = "done";
/// What the signatures are checked with.
pub(crate) const VARIABLES: [(&str, &str); 4] = [
    ("AWS_REGION", "eu-west-1"),
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    ("AWS_SESSION_TOKEN", "the session's"),
];

/// Ends with its standard input.
pub(crate) struct Moto {
    process: Child,
    port: u16,
}

impl Moto {
    pub(crate) fn start() -> Self {
        let folders = [tools::moto().unwrap(), tools::sam().unwrap()];
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/once/table.py");
        let mut python = Command::new("python3");
        python.env("PYTHONPATH", std::env::join_paths(folders).unwrap()).env("PYTHONDONTWRITEBYTECODE", "1");
        let mut process = python.arg(script).arg(TABLE).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, port: line.trim().parse().unwrap_or_else(|_| panic!("moto does not start: {line}")) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What happens to the next calls, a word each.
    pub(crate) fn fail(&self, how: &'static str) {
        let request = Request { method: "POST", body: Payload::Bytes(how.as_bytes()), ..Request::get("/fail") };
        assert_eq!(send(([127, 0, 0, 1], self.port).into(), &request).unwrap().status, 200);
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
