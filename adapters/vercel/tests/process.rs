//! A process as the platform starts it: what it prints is in the log of the request that printed it, and SIGTERM ends it.
//!
//! Without libtest, whose own output the redirection would take.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyfn_core::{Context, Error, Event, Handler, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// Prints its path before and after a while, and after its answer.
struct Prints;

impl Handler for Prints {
    async fn call(&self, event: Event, cx: Context) -> Result<Response, Error> {
        let Event::Http(request) = event else { return Err(Error::not_found()) };
        let path = request.uri().path().to_owned();
        println!("{path} before");
        cx.sleep(Duration::from_millis(100)).await;
        print!("{path} has no end");
        println!("\n{path} after");
        let work = path.clone();
        cx.wait_until(async move { println!("{work} at work") });
        Ok(Response::Http(http::Response::new(path.into())))
    }

    async fn start(&self, _: Context) -> Result<(), Error> {
        println!("starting");
        Ok(())
    }

    async fn shutdown(&self, cx: Context) -> Result<(), Error> {
        cx.wait_until(async { println!("put away") });
        println!("stopping");
        Ok(())
    }

    fn has_shutdown(&self) -> bool {
        true
    }
}

fn main() {
    if anyfn_vercel::detected() {
        anyfn_vercel::run(Prints).unwrap();
        // The standard output is itself again.
        println!("stopped");
        return;
    }
    if std::env::args().any(|argument| argument == "--list") {
        println!("process: test");
        return;
    }
    what_is_printed_is_in_the_log_of_its_request();
    println!("test result: ok. 1 passed; 0 failed");
}

/// Ends the process where the test does not.
struct Function(Child);

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

fn what_is_printed_is_in_the_log_of_its_request() {
    let path = std::env::temp_dir().join(format!("anyfn-process-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env("VERCEL_IPC_PATH", &path).stdout(Stdio::piped());
    let mut function = Function(command.spawn().unwrap());
    let mut socket = listener.accept().unwrap().0;
    std::fs::remove_file(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();

    let started = message(&mut socket).unwrap();
    let port = u16::try_from(started["payload"]["httpPort"].as_u64().unwrap()).unwrap();
    assert_eq!(said(&message(&mut socket).unwrap()), (0, "starting".to_owned()));
    for request in 1..=3 {
        get(port, request).read_to_string(&mut String::new()).unwrap();
        for line in ["before", "has no end", "after", "at work"] {
            assert_eq!(said(&message(&mut socket).unwrap()), (request, format!("/{request} {line}")));
        }
        assert_eq!(message(&mut socket).unwrap()["type"], "end");
    }
    let clients: Vec<_> = (4..=23).map(|request| get(port, request)).collect();
    for mut client in clients {
        client.read_to_string(&mut String::new()).unwrap();
    }
    let terminate = Command::new("kill").arg(function.0.id().to_string()).status().unwrap();
    assert!(terminate.success());

    let (mut ended, mut lines) = (0, Vec::new());
    while let Some(message) = message(&mut socket) {
        if message["type"] == "end" {
            ended += 1;
        } else {
            lines.push(said(&message));
        }
    }
    // After all requests and what they left behind: what the program says at its end, and what it leaves itself.
    let end = lines.split_off(lines.len().saturating_sub(2));
    assert_eq!(end, [(0, "stopping".to_owned()), (0, "put away".to_owned())]);
    assert_eq!((ended, lines.len()), (20, 20 * 4), "{lines:?}");
    for (request, line) in &lines {
        let known = line.strip_prefix('/').and_then(|line| line.split(' ').next()?.parse::<u64>().ok());
        // Polled on two threads at once, a line is nobody's; but it is never another request's.
        assert!(*request == 0 || known == Some(*request), "{request}: {line}");
    }
    assert!(function.0.wait().unwrap().success());
    let mut printed = String::new();
    function.0.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    assert_eq!(printed, "stopped\n");
}

fn get(port: u16, request: u64) -> TcpStream {
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(
        client,
        "GET /{request} HTTP/1.1\r\nhost: fn\r\nconnection: close\r\n\
         x-vercel-internal-invocation-id: i\r\nx-vercel-internal-request-id: {request}\r\n\r\n"
    )
    .unwrap();
    client
}

fn message(socket: &mut UnixStream) -> Option<Value> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while socket.read(&mut byte).unwrap() == 1 {
        if byte[0] == 0 {
            return Some(serde_json::from_slice(&bytes).unwrap());
        }
        bytes.push(byte[0]);
    }
    None
}

/// Whose a printed line is, and the line.
fn said(message: &Value) -> (u64, String) {
    assert_eq!((&message["type"], &message["payload"]["stream"]), (&"log".into(), &"stdout".into()), "{message}");
    let text = BASE64_STANDARD.decode(message["payload"]["message"].as_str().unwrap()).unwrap();
    (message["payload"]["context"]["requestId"].as_u64().unwrap(), String::from_utf8(text).unwrap())
}
