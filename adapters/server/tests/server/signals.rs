//! A process of its own, and the signals that end it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyfn_core::{Body, Context};

use crate::common::{On, ok};

const CHILD: &str = "ANYFN_TEST_SERVES";

/// Runs the server where this process was started to be one; starts such a process otherwise.
fn process(test: &str, environment: &[(&str, &str)]) -> Option<Process> {
    if std::env::var_os(CHILD).is_some() {
        let result = anyfn_server::run(On(async |request: http::Request<Body>, cx: Context| {
            if request.uri().path() == "/slow" {
                cx.log("begun");
                cx.sleep(Duration::from_millis(300)).await;
            } else if request.uri().path() == "/endless" {
                cx.wait_until(std::future::pending());
                cx.log("begun");
                std::future::pending::<()>().await;
            } else if request.uri().path() == "/panics" {
                cx.wait_until(async { panic!("after the answer") });
            }
            ok("answered")
        }));
        if let Err(error) = result {
            eprintln!("anyfn: {error}");
            std::process::exit(1);
        }
        std::process::exit(0);
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("signals::{test}"), "--nocapture"])
        .envs([(CHILD, "1"), ("PORT", "0"), ("HOST", "127.0.0.1")])
        .envs(environment.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let err = BufReader::new(child.stderr.take().unwrap());
    Some(Process { child, out, err })
}

struct Process {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    err: BufReader<std::process::ChildStderr>,
}

impl Process {
    fn connect(&mut self) -> TcpStream {
        let mut line = String::new();
        while !line.contains("anyfn: serving on http://") {
            line.clear();
            assert!(self.out.read_line(&mut line).unwrap() > 0, "it did not serve");
        }
        TcpStream::connect(line.trim().split("http://").nth(1).unwrap()).unwrap()
    }

    /// Sends a request and waits until the handler has it.
    fn ask(&mut self, path: &str) -> TcpStream {
        let mut client = self.connect();
        client.write_all(format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").as_bytes()).unwrap();
        self.until("begun");
        client
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status().unwrap();
        assert!(sent.success());
    }

    /// Reads its log up to a line with this in it.
    fn until(&mut self, part: &str) -> String {
        let mut line = String::new();
        while !line.contains(part) {
            line.clear();
            assert!(self.err.read_line(&mut line).unwrap() > 0, "it ended without saying {part:?}");
        }
        line
    }

    fn code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn sigterm_lets_the_request_in_flight_finish() {
    let Some(mut server) = process("sigterm_lets_the_request_in_flight_finish", &[]) else { return };
    let mut client = server.ask("/slow");
    server.signal("TERM");
    server.until("waiting for 1 × request, 10 s at most");
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("answered"), "{answer}");
    assert_eq!(server.code(), Some(0));
}

#[test]
fn sigint_ends_it_and_says_what_is_dropped() {
    let drain = [("ANYFN_DRAIN_SECONDS", "1")];
    let Some(mut server) = process("sigint_ends_it_and_says_what_is_dropped", &drain) else { return };
    let _client = server.ask("/endless");
    server.signal("INT");
    server.until("not done after 1 s, and dropped: 1 × request, 1 × task after an answer");
    assert_eq!(server.code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let drain = [("ANYFN_DRAIN_SECONDS", "3600")];
    let Some(mut server) = process("a_second_signal_ends_it_at_once", &drain) else { return };
    let _client = server.ask("/endless");
    server.signal("TERM");
    server.until("waiting for 1 × request, 1 × task after an answer, 3600 s at most");
    server.signal("TERM");
    server.until("stopped at once by a second signal");
    assert_eq!(server.code(), Some(1));
}

#[test]
fn a_panic_after_the_answer_is_logged() {
    let Some(mut server) = process("a_panic_after_the_answer_is_logged", &[]) else { return };
    let mut client = server.connect();
    let request = "GET /panics HTTP/1.1\r\nhost: h\r\nconnection: close\r\nx-request-id: r-1\r\n\r\n";
    client.write_all(request.as_bytes()).unwrap();
    server.until("anyfn: work after the answer of request r-1 panicked: after the answer");
    server.signal("TERM");
    assert_eq!(server.code(), Some(0));
}

#[test]
fn a_setting_that_makes_no_sense_is_an_error_at_the_start() {
    let bad = [("ANYFN_MAX_BODY", "16MiB")];
    let Some(mut server) = process("a_setting_that_makes_no_sense_is_an_error_at_the_start", &bad) else { return };
    server.until("anyfn: ANYFN_MAX_BODY is `16MiB`: set it to a number of bytes, such as 16777216");
    assert_eq!(server.code(), Some(1));
}

#[test]
fn a_port_that_is_taken_is_an_error_that_says_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let test = "a_port_that_is_taken_is_an_error_that_says_what_to_do";
    let Some(mut server) = process(test, &[("PORT", &port)]) else { return };
    server.until("set PORT to another one, such as PORT=3001");
    assert_eq!(server.code(), Some(1));
}
