//! A function in Python that speaks the protocol, well and badly.

use std::time::Duration;

use super::super::http1::{Headers, Outgoing, Reply, send};
use super::super::testing::Script;
use super::{Options, Running, start};

const FUNCTION: &str = r#"
import base64, json, os, signal, socket, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
ipc = socket.socket(socket.AF_UNIX)
ipc.connect(os.environ["VERCEL_IPC_PATH"])
def tell(kind, payload):
    ipc.sendall(json.dumps({"type": kind, "payload": payload}).encode() + b"\0")
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *args):
        pass
    busy = 0
    def do_PROPFIND(self):
        Handler.busy += 1
        try:
            self.serve()
        finally:
            Handler.busy -= 1
    def serve(self):
        context = {"invocationId": self.headers["x-vercel-internal-invocation-id"],
                   "requestId": int(self.headers["x-vercel-internal-request-id"])}
        end = lambda: tell("end", {"context": context, "error": None})
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/reset":
            self.connection.close()
            return end()
        if self.path == "/exit":
            os._exit(3)
        if self.path == "/early":
            end()
        tell("log", {"context": context, "message": base64.b64encode(b"saw " + self.path.encode()).decode(), "level": "info"})
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        def chunk(data):
            self.wfile.write(b"%x\r\n" % len(data) + data + b"\r\n")
        seen = {"path": self.path, "body": body.decode(), "headers": [[n, v] for n, v in self.headers.items()],
                "env": os.environ.get("ECHO_A"), "cwd": os.listdir(".")}
        chunk(json.dumps(seen).encode())
        if self.path != "/":
            time.sleep(0.5)
        chunk(b" ")
        self.wfile.write(b"0\r\n\r\n")
        if self.path not in ("/early", "/never"):
            end()
def stop(*_):
    # An answer that its client has whole may not have been told to the platform yet.
    while Handler.busy:
        time.sleep(0.001)
    print("terminated", flush=True)
    os._exit(0)
signal.signal(signal.SIGTERM, stop)
if os.environ.get("BROKEN"):
    sys.exit("cannot start")
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
tell("server-started", {"initDuration": 3, "httpPort": server.server_address[1]})
server.serve_forever()
"#;

async fn ask(running: &Running, target: &str) -> Reply {
    let headers = Headers::new()
        .with("Host", "fn.example")
        .with("X-Forwarded-For", "203.0.113.9")
        .with("x-vercel-oidc-token", "forged")
        .with("X-Many", "1")
        .with("x-many", "2");
    send(running.addr(), "PROPFIND", target.as_bytes(), &headers, Outgoing::Whole("posted".into())).await.unwrap()
}

async fn text(mut reply: Reply) -> String {
    String::from_utf8(reply.body.collect(1 << 20).await.unwrap().unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn a_good_function_is_served_with_the_platforms_headers_and_nothing_held_against_it() {
    let function = Script::python(FUNCTION);
    let running = start(function.path(), &Options::new().env("ECHO_A", "b")).await.unwrap();
    let seen: serde_json::Value = serde_json::from_str(&text(ask(&running, "/").await).await).unwrap();
    assert_eq!((&seen["body"], &seen["env"]), (&"posted".into(), &"b".into()));
    assert_eq!(seen["cwd"], serde_json::json!(["ipc.sock"]), "a fresh folder");
    let headers = seen["headers"].to_string();
    for expected in [
        r#"["Host","fn.example"]"#,
        r#"["X-Many","1"],["x-many","2"]"#,
        r#"["x-forwarded-for","127.0.0.1"]"#,
        r#"["x-forwarded-host","fn.example"]"#,
        r#"["x-vercel-internal-request-id","1"]"#,
    ] {
        assert!(headers.contains(expected), "{expected} in {headers}");
    }
    assert!(!headers.contains("203.0.113.9") && !headers.contains("forged"), "{headers}");
    running.stop().await;
    assert_eq!(running.violations(), <[&str; 0]>::default());
    assert_eq!(running.logs(), ["saw /", "terminated"]);
}

#[tokio::test]
async fn a_body_streams_through() {
    let function = Script::python(FUNCTION);
    let running = start(function.path(), &Options::new()).await.unwrap();
    let mut reply = ask(&running, "/slow").await;
    let first = tokio::time::timeout(Duration::from_millis(400), reply.body.next()).await;
    assert!(first.expect("the first piece does not wait for the second").unwrap().is_some());
    assert_eq!(reply.body.collect(10).await.unwrap().unwrap(), " ");
}

#[tokio::test]
async fn what_a_bad_function_does_is_told() {
    let function = Script::python(FUNCTION);
    let running = start(function.path(), &Options::new()).await.unwrap();
    assert_eq!(ask(&running, "/reset").await.status, 500);
    text(ask(&running, "/early").await).await;
    text(ask(&running, "/never").await).await;
    running.stop().await;
    let violations = running.violations();
    let expected = ["/reset got no answer", "/early: `end` came", "/never: no `end` ever came"];
    assert!(violations.iter().zip(expected).all(|(told, expected)| told.contains(expected)), "{violations:?}");
    assert_eq!(violations.len(), 3);
}

#[tokio::test]
async fn a_function_that_ended_is_started_again() {
    let function = Script::python(FUNCTION);
    let running = start(function.path(), &Options::new()).await.unwrap();
    let failed = ask(&running, "/exit").await;
    assert_eq!(failed.status, 500);
    assert!(text(failed).await.contains("FUNCTION_INVOCATION_FAILED"));
    assert_eq!(ask(&running, "/").await.status, 200);
}

#[tokio::test]
async fn a_body_over_the_platforms_limit_does_not_reach_the_function() {
    let function = Script::python(FUNCTION);
    let running = start(function.path(), &Options::new()).await.unwrap();
    let body = Outgoing::Whole(vec![0; super::LARGEST_BODY + 1].into());
    let reply = send(running.addr(), "POST", b"/", &Headers::new(), body).await.unwrap();
    assert_eq!(reply.status, 413);
    assert!(text(reply).await.contains("FUNCTION_PAYLOAD_TOO_LARGE"));
}

#[tokio::test]
async fn a_function_that_does_not_start_is_an_error_with_its_last_words() {
    let function = Script::python(FUNCTION);
    let error = start(function.path(), &Options::new().env("BROKEN", "1")).await.unwrap_err().to_string();
    assert!(error.contains("exit status: 1") && error.contains("cannot start"), "{error}");
}
