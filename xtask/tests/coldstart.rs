//! Cold starts of hand-written functions: who is started, how often, in which order, and what the clock sees.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyfn_xtask::coldstart::{Launch, Question, Subject, WARM, measure};
use anyfn_xtask::local::lambda::{Lambda, Shape};

/// How long the functions below take to start, in seconds.
const START: f64 = 0.2;

/// Answers on Lambda's Runtime API, once it has written its name into the file and slept.
const BOOTSTRAP: &str = r#"#!/usr/bin/env python3
import http.client, json, os, time
open(os.environ["STARTS"], "a").write("lambda ")
time.sleep(float(os.environ["START"]))
def call(method, path, body=None):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, "/2018-06-01/runtime/invocation/" + path, body)
    answer = connection.getresponse()
    return answer.headers, answer.read()
while True:
    headers, event = call("GET", "next")
    call("POST", headers["Lambda-Runtime-Aws-Request-Id"] + "/response", json.dumps({"statusCode": 200, "body": "hi"}))
"#;

/// Reports its port on Vercel's socket, and that each request has ended.
const EXECUTABLE: &str = r#"#!/usr/bin/env python3
import http.server, json, os, socket, time
open(os.environ["STARTS"], "a").write("vercel ")
time.sleep(float(os.environ["START"]))
ipc = socket.socket(socket.AF_UNIX)
ipc.connect(os.environ["VERCEL_IPC_PATH"])
def tell(kind, payload):
    ipc.sendall(json.dumps({"type": kind, "payload": payload}).encode() + b"\0")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hi")
        context = {"invocationId": self.headers["x-vercel-internal-invocation-id"],
                   "requestId": int(self.headers["x-vercel-internal-request-id"])}
        tell("end", {"context": context, "error": None})
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
tell("server-started", {"initDuration": 1, "httpPort": server.server_address[1]})
server.serve_forever()
"#;

/// Serves where it is told to, and answers one path with an error; takes orders by PUT, if they are JSON.
const SERVER: &str = r#"#!/usr/bin/env python3
import http.server, os, time
open(os.environ["STARTS"], "a").write("server ")
time.sleep(float(os.environ["START"]))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        self.wfile.write(b"said " + self.path.encode())
    def do_PUT(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        good = self.path == "/orders" and (self.headers["content-type"], body) == ("application/json", b'{"id": 7}')
        self.send_response(201 if good else 400)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"#;

const WORKER: &str = "export default { fetch(request, env) { return new Response(env.START); } };\n";

/// A folder that goes when this does.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("anyfn-coldstart-{name}-{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn subject(name: &str, launch: Launch, starts: &Path) -> Subject {
    let mut subject = Subject::new(name, launch);
    subject.env.push(("STARTS".to_owned(), starts.display().to_string()));
    subject.env.push(("START".to_owned(), START.to_string()));
    subject
}

#[tokio::test(flavor = "multi_thread")]
async fn each_start_is_a_process_of_its_own_in_alternating_order_and_only_the_first_answer_waits_for_it() {
    let folder = Folder::new("order");
    let starts = folder.0.join("starts");
    folder.write("worker/wrangler.jsonc", "{\"compatibility_date\": \"2026-04-01\"}");
    let worker = folder.write("worker/dist/worker.js", WORKER);
    let lambda = Launch::Lambda(folder.write("bootstrap", BOOTSTRAP), Lambda::own(Shape::Url, 1));
    let subjects = [
        subject("lambda", lambda, &starts),
        subject("cloudflare", Launch::Workerd(worker.parent().unwrap().to_owned()), &starts),
        subject("vercel", Launch::Vercel(folder.write("executable", EXECUTABLE)), &starts),
        subject("server", Launch::Server(folder.write("server", SERVER)), &starts),
    ];
    let measured = measure(&subjects, 2, &Question::get("/")).await.unwrap();
    assert_eq!(
        std::fs::read_to_string(&starts).unwrap(),
        "lambda vercel server server vercel lambda lambda vercel server "
    );
    for of in &measured {
        assert_eq!((of.ready.len(), of.first.len(), of.warm.len()), (2, 2, 2 * WARM), "{}", of.name);
        assert!(of.ready.iter().zip(&of.first).all(|(ready, first)| ready < first), "{of:?}");
        // The Worker has no process of its own that sleeps.
        let least = if of.name == "cloudflare" { 0.0 } else { START * 1000.0 };
        assert!(of.ready.iter().all(|ready| *ready > least) && of.warm.iter().all(|warm| *warm > 0.0), "{of:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_an_error_is_no_measurement() {
    let folder = Folder::new("error");
    let server = Launch::Server(folder.write("server", SERVER));
    let subjects = [subject("server", server, &folder.0.join("starts"))];
    let error = format!("{:#}", measure(&subjects, 1, &Question::get("/broken")).await.unwrap_err());
    assert!(
        error.contains("GET /broken was answered with 500: said /broken") && error.contains("--request"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_may_carry_something() {
    let folder = Folder::new("put");
    let server = Launch::Server(folder.write("server", SERVER));
    let subjects = [subject("server", server, &folder.0.join("starts"))];
    let put =
        |data: &str| Question { method: "PUT".to_owned(), target: "/orders".to_owned(), data: Some(data.to_owned()) };
    assert_eq!(measure(&subjects, 1, &put(r#"{"id": 7}"#)).await.unwrap()[0].first.len(), 1);
    let error = format!("{:#}", measure(&subjects, 1, &put("id: 7")).await.unwrap_err());
    assert!(error.contains("PUT /orders, 5 bytes was answered with 400"), "{error}");
}
