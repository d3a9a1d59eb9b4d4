//! The vendors' own runtimes serve hand-written functions: AWS's emulator a script, workerd a module.
//!
//! They are installed into `.anyfn/` when they are not there yet.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyfn_xtask::build::Target;
use anyfn_xtask::local::lambda::{Lambda, Shape};
use anyfn_xtask::local::{Options, Running, ask, cloudflare, lambda};

const FUNCTION: &str = r#"#!/usr/bin/env python3
import http.client, json, os, sys
def call(method, path, body=None):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, "/2018-06-01/runtime/invocation/" + path, body)
    answer = connection.getresponse()
    return answer.headers, answer.read()
while True:
    headers, event = call("GET", "next")
    event, id = json.loads(event), headers["Lambda-Runtime-Aws-Request-Id"]
    print("saw", event["rawPath"], flush=True)
    if event["rawPath"] == "/exit":
        sys.exit(3)
    if event["rawPath"] == "/error":
        call("POST", id + "/error", json.dumps({"errorType": "Oops", "errorMessage": "secret"}))
        continue
    answer = [event["rawPath"], event["rawQueryString"], os.environ["ECHO_A"], os.environ["AWS_REGION"]]
    call("POST", id + "/response", json.dumps({"statusCode": 201, "body": json.dumps(answer)}))
"#;

const WORKER: &str = r#"import { mark } from "./below/mark.js";
export default {
  async fetch(request, env) {
    console.log("saw", request.url);
    return Response.json([mark, request.method, request.url, env.FROM_CONFIG, env.ECHO_A], { status: 201 });
  },
};
"#;

/// A folder that goes when this does.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("anyfn-{name}-{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn status_and_body(running: &Running, method: &str, target: &str) -> (u16, String) {
    let answer = ask(running.addr(), method, target).await.unwrap();
    (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
}

/// What comes back for something posted with this header, and with the true `host` where that is another.
fn posted(addr: SocketAddr, header: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    let host = if header.starts_with("host: ") { String::new() } else { format!("host: {addr}\r\n") };
    write!(stream, "POST / HTTP/1.1\r\n{host}{header}\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

async fn emulator(bootstrap: &Path) -> Running {
    lambda::start(bootstrap, &Lambda::emulator(Shape::Url), &Options::new().env("ECHO_A", "b")).await.unwrap()
}

fn bootstrap(folder: &Folder) -> PathBuf {
    let path = folder.write("bootstrap", FUNCTION);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_emulator_serves_several_clients_and_logs_the_functions_lines() {
    let folder = Folder::new("emulator");
    let running = emulator(&bootstrap(&folder)).await;
    let (one, two) =
        tokio::join!(status_and_body(&running, "GET", "/a%20b?c=d"), status_and_body(&running, "GET", "/2"));
    assert_eq!(one, (201, r#"["/a%20b", "c=d", "b", "eu-west-1"]"#.to_owned()));
    assert_eq!(two.0, 201);
    running.stop().await;
    let mut logs = running.logs();
    logs.sort();
    assert_eq!(logs, ["saw /2", "saw /a%20b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_emulator_tells_a_failed_function_from_an_answer_and_starts_it_again() {
    let folder = Folder::new("failing");
    let running = emulator(&bootstrap(&folder)).await;
    let failed = status_and_body(&running, "GET", "/error").await;
    assert!(failed.0 == 502 && !failed.1.contains("secret"), "{failed:?}");
    assert_eq!(status_and_body(&running, "GET", "/exit").await.0, 502);
    assert_eq!(status_and_body(&running, "GET", "/").await.0, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn workerd_serves_modules_with_bindings_and_targets_as_they_were_sent() {
    let folder = Folder::new("worker");
    folder.write(
        "wrangler.jsonc",
        "// by hand\n{\"compatibility_date\": \"2026-04-01\", \"vars\": {\"FROM_CONFIG\": \"c\"}}\n",
    );
    folder.write("dist/below/mark.js", "export const mark = \"m\";\n");
    let worker = folder.write("dist/worker.js", WORKER);
    let options = Options::new().env("ECHO_A", "b");
    let running = cloudflare::start(worker.parent().unwrap(), &options).await.unwrap();
    let url = format!("http://{}/a/../b//%zz?c=%41", running.addr());
    let answer = status_and_body(&running, "PURGE", "/a/../b//%zz?c=%41").await;
    assert_eq!(answer, (201, format!(r#"["m","PURGE","{url}","c","b"]"#)));
    // A page that somebody visits fires no events.
    let events = running.receiver(Target::Cloudflare, "").events.unwrap();
    for header in ["origin: http://evil.example".to_owned(), format!("host: evil.example:{}", events.port())] {
        assert!(posted(events, &header).starts_with("HTTP/1.1 403 "), "{header}");
    }
    assert!(posted(events, "x: y").starts_with("HTTP/1.1 500 "), "no event of Miniflare's, but one of ours");
    running.stop().await;
    assert_eq!(running.logs(), [format!("saw {url}")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn workerd_that_refuses_a_module_says_why() {
    let folder = Folder::new("broken-worker");
    folder.write("wrangler.jsonc", "{\"compatibility_date\": \"2026-04-01\"}");
    let worker = folder.write("dist/worker.js", "export default {");
    let error = cloudflare::start(worker.parent().unwrap(), &Options::new()).await.unwrap_err().to_string();
    assert!(error.contains("SyntaxError"), "{error}");
}
