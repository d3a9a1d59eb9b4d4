//! `vercel dev` runs a program of ours, and its queue delivers messages to it until they are acknowledged.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyfn_xtask::tools;
use serde_json::{Value, json};

use crate::folder::Folder;

/// Compiling is part of it.
const STARTS: Duration = Duration::from_secs(480);
/// More than any delivery here takes.
const LONG: Duration = Duration::from_secs(60);
/// More than it takes until a message comes again, which one that is acknowledged does not.
const AGAIN: Duration = Duration::from_secs(5);
/// The function's name as a consumer.
const CONSUMER: &str = "api_Sindex_Drs";

/// The program notes what is delivered to it, one file for each message.
const PROGRAM: &str = r#"
use std::io::Write as _;
use std::time::Duration;

use anyfn::{Batch, Error};

#[derive(serde::Deserialize)]
struct Job {
    id: u64,
    wish: String,
}

anyfn::app! {
    http => web,
    queue("orders") => work,
}

async fn web() -> &'static str {
    "up"
}

async fn work(batch: Batch<Job>) -> Result<(), Error> {
    let item = &batch.items[0];
    let job = &item.payload;
    let path = format!("{}/{}", std::env::var("NOTES")?, job.id);
    let mut notes = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    writeln!(notes, "{} {} {}", batch.source, job.wish, item.attempts.unwrap_or(0))?;
    let first = item.attempts == Some(1);
    match job.wish.as_str() {
        "fail" if first => return Err(Error::internal("as told")),
        "panic" if first => panic!("as told"),
        "later" if first => batch.retry(item, Some(Duration::from_secs(3)), Error::internal("not yet")),
        "drop" => batch.discard(item, Error::internal("never")),
        _ => batch.done(item),
    }
    Ok(())
}
"#;

/// A cargo project over this workspace's crates, with their versions of everything else.
fn project() -> Folder {
    let folder = Folder::new("vercel-dev");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    folder.write(
        "Cargo.toml",
        &format!(
            "[package]\nname = \"queued\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [[bin]]\nname = \"index\"\npath = \"api/index.rs\"\n\n[dependencies]\n\
             anyfn = {{ path = {root:?}, features = [\"vercel\"] }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n"
        ),
    );
    folder.write("Cargo.lock", &std::fs::read_to_string(root.join("Cargo.lock")).unwrap());
    folder.write("api/index.rs", PROGRAM);
    let trigger = json!({ "type": "queue/v2beta", "topic": "orders", "retryAfterSeconds": 1 });
    let config = json!({ "functions": { "api/index.rs": { "experimentalTriggers": [trigger] } } });
    folder.write("vercel.json", &config.to_string());
    folder
}

/// `vercel dev` in a project, until it is dropped.
struct Dev {
    child: Child,
    /// Not in the project, which `vercel dev` watches.
    notes: Folder,
    _project: Folder,
    port: u16,
    queue: u16,
    log: PathBuf,
}

impl Dev {
    fn start() -> Self {
        let (folder, notes) = (project(), Folder::new("vercel-dev-notes"));
        let [port, queue, cache, schedules] = ports();
        let log = notes.path().join("dev.log");
        let output = std::fs::File::create(&log).unwrap();
        let mut command = tools::npm().unwrap().vercel();
        command.args(["dev", "--local", "--yes", "--listen", &format!("127.0.0.1:{port}")]);
        for (flag, port) in [("--queue-port", queue), ("--runtime-cache-port", cache), ("--schedules-port", schedules)]
        {
            command.args([flag, &port.to_string()]);
        }
        command.arg("--global-config").arg(folder.path().join("global")).arg("--cwd").arg(folder.path());
        command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("vercel-dev"));
        command.env("NO_COLOR", "1").env("NOTES", notes.path()).current_dir(folder.path()).stdin(Stdio::null());
        let child = command.stdout(output.try_clone().unwrap()).stderr(output).spawn().unwrap();
        let mut dev = Self { child, notes, _project: folder, port, queue, log };
        let begun = Instant::now();
        while dev.get("/api/index").is_none_or(|(status, body)| (status, body.as_str()) != (200, "up")) {
            if begun.elapsed() > STARTS || dev.child.try_wait().unwrap().is_some() {
                panic!("`vercel dev` does not serve:\n{}", dev.said());
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        dev
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    fn get(&self, path: &str) -> Option<(u16, String)> {
        ask(self.port, "GET", path, &[], "")
    }

    /// Sends a message, and gives its identifier.
    fn send(&self, id: u64, wish: &str) -> String {
        let body = json!({ "id": id, "wish": wish }).to_string();
        let (status, answer) = self.queues("POST", "orders", &body);
        assert_eq!(status, 201, "{answer}");
        serde_json::from_str::<Value>(&answer).unwrap()["messageId"].as_str().unwrap().to_owned()
    }

    fn queues(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let headers = ["authorization: Bearer vc-dev-token", "content-type: application/json"];
        ask(self.queue, method, &format!("/api/v3/topic/{path}"), &headers, body).expect("the queue answers")
    }

    /// What was delivered of a message.
    fn notes(&self, id: u64) -> Vec<String> {
        let notes = std::fs::read_to_string(self.notes.path().join(id.to_string())).unwrap_or_default();
        notes.lines().map(str::to_owned).collect()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // It ends what it has started.
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begun.elapsed() < LONG {
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ports that nobody has at this moment.
fn ports<const N: usize>() -> [u16; N] {
    let listeners = [(); N].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

fn ask(port: u16, method: &str, path: &str, headers: &[&str], body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(STARTS)).ok()?;
    let headers = headers.iter().map(|header| format!("{header}\r\n")).collect::<String>();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nhost: 127.0.0.1:{port}\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

#[test]
fn a_queue_of_vercel_dev_delivers_until_a_message_is_acknowledged() {
    let dev = Dev::start();
    let cases = [
        (1, "done", vec!["orders done 1"]),
        (2, "fail", vec!["orders fail 1", "orders fail 2"]),
        (3, "panic", vec!["orders panic 1", "orders panic 2"]),
        (4, "later", vec!["orders later 1", "orders later 2"]),
        (5, "drop", vec!["orders drop 1"]),
    ];
    let begun = Instant::now();
    let sent: Vec<_> = cases.iter().map(|(id, wish, _)| dev.send(*id, wish)).collect();
    for (id, wish, delivered) in &cases {
        while dev.notes(*id).len() < delivered.len() {
            assert!(begun.elapsed() < LONG, "{wish}: {:?}\n{}", dev.notes(*id), dev.said());
            std::thread::sleep(Duration::from_millis(50));
        }
        if *wish == "later" {
            assert!(begun.elapsed() >= Duration::from_secs(3), "{wish}: {:?}", begun.elapsed());
        }
    }
    std::thread::sleep(AGAIN);
    for ((id, wish, delivered), message) in cases.iter().zip(&sent) {
        assert_eq!(dev.notes(*id), *delivered, "{}", dev.said());
        // The queue has no message any more that is acknowledged, and would hand out one whose lease is over.
        let (status, said) = dev.queues("POST", &format!("orders/consumer/{CONSUMER}/id/{message}"), "");
        assert_eq!(status, 404, "{wish}: {said}");
    }

    // Another consumer's delivery, of a message that it has to fetch.
    let fetched = |message: &str| {
        let headers = [
            "ce-type: com.vercel.queue.v2beta",
            "ce-vqsqueuename: orders",
            "ce-vqsconsumergroup: late",
            "ce-vqsdeliverycount: 7",
            &format!("ce-vqsmessageid: {message}"),
        ];
        ask(dev.port, "POST", "/api/index", &headers, "").unwrap()
    };
    let (status, said) = fetched(&sent[0]);
    assert_eq!((status, dev.notes(1)), (204, vec!["orders done 1".to_owned(), "orders done 7".to_owned()]), "{said}");
    let (status, said) = dev.queues("POST", &format!("orders/consumer/late/id/{}", sent[0]), "");
    assert_eq!(status, 404, "{said}");
    assert_eq!(fetched("00000000000000000000000000000000").0, 401);

    let forged = [
        "ce-type: com.vercel.queue.v2beta",
        "ce-vqsmessageid: 0",
        "ce-vqsqueuename: orders",
        &format!("ce-vqsconsumergroup: {CONSUMER}"),
        "ce-vqsreceipthandle: 00000000000000000000000000000000",
        "ce-vqsdeliverycount: 1",
        "ce-vqsregion: dev1",
    ];
    let body = json!({ "id": 6, "wish": "done" }).to_string();
    let (status, said) = ask(dev.port, "POST", "/api/index", &forged, &body).unwrap();
    assert_eq!((status, dev.notes(6).len()), (401, 0), "{said}\n{}", dev.said());
}
