//! Many clients at once on each platform's runtime, a twentieth of whose requests panic: no other answer is lost.
//!
//! Seconds on each runtime: `ANYFN_LOAD_SECONDS`, 2 unless told.

use std::net::SocketAddr;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyfn_xtask::build::{Artefacts, BuildOptions, Target, build};
use anyfn_xtask::local::lambda::{Lambda, Shape};
use anyfn_xtask::local::{self, Options, Running};
use anyhow::{Context as _, Result, ensure};
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Connections that are open at once.
const CLIENTS: u32 = 64;
/// One of so many requests panics.
const PANICS: u32 = 20;

fn built() -> &'static Artefacts {
    static BUILT: OnceLock<Artefacts> = OnceLock::new();
    BUILT.get_or_init(|| build(&BuildOptions::local(&Target::ALL, Some("echo"))).expect("examples/echo builds"))
}

/// Runs a test alone: each takes both of a small machine's processors.
fn alone<F: Future>(test: impl FnOnce() -> F) -> F::Output {
    static ONE: Mutex<()> = Mutex::new(());
    let built = built();
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = built;
    tokio::runtime::Runtime::new().expect("a runtime starts").block_on(test())
}

async fn start(target: Target) -> Running {
    // AWS' emulator takes one request at a time; two instances of the function share the load behind our own.
    begin(target, Lambda::own(Shape::V2, 2)).await
}

async fn begin(target: Target, lambda: Lambda) -> Running {
    local::start(target, built(), Some(&lambda), &Options::new()).await.expect("the runtime starts")
}

/// A client that keeps its connection for as long as the server does.
struct Client {
    addr: SocketAddr,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    fn new(addr: SocketAddr) -> Self {
        Self { addr, sender: None }
    }

    async fn send(&mut self, method: Method, target: &str, body: Bytes) -> Result<Response<Bytes>> {
        let mut sender = match self.sender.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => {
                let stream = TcpStream::connect(self.addr).await.context("cannot connect")?;
                let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
                tokio::spawn(connection);
                sender
            }
        };
        let request = Request::builder().method(method).uri(target).header("host", "fn.example");
        let request = request.header("content-type", "application/octet-stream").body(Full::new(body))?;
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await.context("the answer broke off")?.to_bytes();
        if sender.ready().await.is_ok() {
            self.sender = Some(sender);
        }
        Ok(Response::from_parts(parts, body))
    }

    /// The `n`th request of a client and whether its answer is the right one; nobody else's has the same.
    async fn nth(&mut self, client: u32, n: u32) -> Result<()> {
        let kind = (client + n) % PANICS;
        let target = match kind {
            0 => "/panic".to_owned(),
            1 | 2 => "/stream/2".to_owned(),
            3..6 => format!("/slow/{}", client % 10 + 1),
            6..9 => "/cookies/3".to_owned(),
            9..15 => format!("/echo/{client}?n={n}"),
            _ => "/mirror".to_owned(),
        };
        let size = (client as usize * 977 + n as usize * 131) % 20_000;
        let (method, body) = match target.as_str() {
            "/mirror" => (Method::POST, (0..size).map(|i| (i as u32 ^ client ^ n) as u8).collect()),
            _ => (Method::GET, Bytes::new()),
        };
        let answer = self.send(method, &target, body.clone()).await.with_context(|| target.clone())?;
        let text = || String::from_utf8_lossy(answer.body());
        let right = match kind {
            0 => answer.status() == 500 && text().contains("Internal Server Error"),
            _ if answer.status() != 200 => false,
            1 | 2 => text() == "data: 0\n\ndata: 1\n\n",
            3..6 => text() == format!("{} ms", client % 10 + 1),
            6..9 => answer.headers().get_all("set-cookie").iter().count() == 3,
            9..15 => text().contains(&format!(r#""path":"/echo/{client}","query":"n={n}""#)),
            _ => *answer.body() == body,
        };
        ensure!(right, "{target}: {} with {:?}", answer.status(), text().chars().take(200).collect::<String>());
        Ok(())
    }
}

/// What became of the requests.
#[derive(Default)]
struct Told {
    right: u32,
    wrong: Vec<String>,
}

async fn load(target: Target) {
    let running = start(target).await;
    load_on(running, target.name()).await;
}

async fn load_on(running: Running, name: &str) {
    let seconds = std::env::var("ANYFN_LOAD_SECONDS").ok().map_or(2, |text| text.parse().expect("a number of seconds"));
    let (addr, begin) = (running.addr(), Instant::now());
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        clients.spawn(async move {
            let (mut connection, mut told) = (Client::new(addr), Told::default());
            for n in 0.. {
                if begin.elapsed() > Duration::from_secs(seconds) {
                    break;
                }
                match connection.nth(client, n).await {
                    Ok(()) => told.right += 1,
                    Err(error) => told.wrong.push(format!("client {client}, request {n}: {error:#}")),
                }
            }
            told
        });
    }
    let all = clients.join_all().await;
    let wrong: Vec<_> = all.iter().flat_map(|told| &told.wrong).collect();
    let right: u32 = all.iter().map(|told| told.right).sum();
    println!("{name}: {right} right and {} wrong answers to {CLIENTS} clients in {:.1?}", wrong.len(), begin.elapsed());
    running.stop().await;
    assert!(wrong.is_empty(), "{name}: {:#?}", &wrong[..wrong.len().min(10)]);
    assert!(all.iter().all(|told| told.right > 0), "{name}: a client was never served");
    assert_eq!(running.violations(), Vec::<String>::new());
}

#[test]
fn the_server_loses_no_answer_under_load() {
    alone(|| load(Target::Server));
}

#[test]
fn lambda_loses_no_answer_under_load() {
    alone(|| load(Target::Lambda));
}

#[test]
fn lambda_loses_no_answer_under_load_where_it_streams() {
    alone(|| async { load_on(begin(Target::Lambda, Lambda::streaming(2)).await, "lambda-stream").await });
}

#[test]
fn workers_lose_no_answer_under_load() {
    alone(|| load(Target::Cloudflare));
}

#[test]
fn vercel_loses_no_answer_under_load() {
    alone(|| load(Target::Vercel));
}

/// SIGTERM while all clients wait for an answer, and new requests go on coming.
async fn stop_under_load(target: Target) {
    let running = start(target).await;
    let addr = running.addr();
    let mut begun = JoinSet::new();
    for client in 0..CLIENTS {
        begun.spawn(async move {
            Client::new(addr).send(Method::GET, "/slow/800", Bytes::new()).await.map(|a| (client, a))
        });
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    let late = tokio::spawn(async move {
        let mut answers = Vec::new();
        for _ in 0..200 {
            // Who comes too late may be refused, but never told anything wrong.
            if let Ok(answer) = Client::new(addr).send(Method::GET, "/text/1000", Bytes::new()).await {
                let (status, text) = (answer.status().as_u16(), String::from_utf8_lossy(answer.body()).into_owned());
                answers.push((status, text));
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        answers
    });
    running.stop().await;
    while let Some(answer) = begun.join_next().await {
        let (client, answer) = answer.expect("no client panics").expect("what was begun is answered");
        assert_eq!((answer.status().as_u16(), &answer.body()[..]), (200, &b"800 ms"[..]), "client {client}");
    }
    let late = late.await.expect("no client panics");
    let whole = "x".repeat(1000);
    // Vercel's gateway answers for a function that is gone.
    let gone = |text: &str| target == Target::Vercel && text.contains("FUNCTION_INVOCATION_FAILED");
    assert!(late.iter().all(|(status, text)| (*status == 200 && *text == whole) || gone(text)), "{late:?}");
    // Those that came too late never reached the function.
    let told: Vec<_> = running.violations().into_iter().filter(|line| line.contains("/slow/")).collect();
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn the_server_answers_what_it_has_begun_when_it_is_stopped() {
    alone(|| stop_under_load(Target::Server));
}

#[test]
fn vercel_answers_what_it_has_begun_when_it_is_stopped() {
    alone(|| stop_under_load(Target::Vercel));
}
