//! An example on one runtime.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyfn_conformance::client::{Reply, send};
use anyfn_conformance::{Payload, Request};
use anyfn_xtask::build::{Artefacts, BuildOptions, Target, build};
use anyfn_xtask::local::events::{Event, Receiver, Told};
use anyfn_xtask::local::lambda::Lambda;
use anyfn_xtask::local::{Options, Running, start};
use tokio::runtime::Runtime;

/// What the senders of CloudEvents know.
const TOKEN: &str = "swordfish";
/// How long a line of the log may be on its way.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Program {
    pub(crate) target: Target,
    running: Running,
    runtime: Runtime,
}

/// For all targets, once in this process.
fn built(package: &'static str) -> Artefacts {
    static BUILT: LazyLock<Mutex<BTreeMap<&str, Artefacts>>> = LazyLock::new(Mutex::default);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let build = || build(&BuildOptions::local(&Target::ALL, Some(package))).unwrap();
    built.entry(package).or_insert_with(build).clone()
}

impl Program {
    /// `lambda` is what stands in front of it on Lambda, where that is not what its settings say.
    pub(crate) fn start(
        package: &'static str,
        target: Target,
        lambda: Option<&Lambda>,
        variables: &[(&str, &str)],
    ) -> Self {
        let built = built(package);
        let variables = variables.iter().chain(&[("ANYFN_EVENT_TOKEN", TOKEN)]);
        let options = variables.fold(Options::new(), |options, (name, value)| options.env(*name, *value));
        let runtime = Runtime::new().unwrap();
        let running = runtime.block_on(start(target, &built, lambda, &options)).unwrap();
        Self { target, running, runtime }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.running.addr()
    }

    /// Sends a request, with its bytes as they are.
    pub(crate) fn ask(&self, request: &http::Request<Vec<u8>>) -> Reply {
        send(self.running.addr(), &on_the_wire(request))
            .unwrap_or_else(|error| panic!("{} {}: {error} {:?}", request.method(), request.uri(), self.logs()))
    }

    /// Sends these bytes on a connection of its own and reads what comes back until it ends.
    pub(crate) fn raw(&self, bytes: &str) -> String {
        let mut stream = TcpStream::connect(self.running.addr()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        read.unwrap_or_else(|error| panic!("{error} after {answer:?} {:?}", self.logs()));
        answer
    }

    /// Sends an event as the platform does.
    pub(crate) fn tell(&self, event: &Event) -> Told {
        self.runtime.block_on(self.receiver().send(event)).unwrap()
    }

    /// Sends an event in the platform's own JSON, and tells its answer.
    pub(crate) fn invoke(&self, json: &str) -> String {
        let told = self.runtime.block_on(self.receiver().raw(json));
        told.unwrap_or_else(|error| panic!("{json}: {error:#} {:?}", self.logs()))
    }

    fn receiver(&self) -> Receiver {
        self.running.receiver(self.target, TOKEN)
    }

    /// Ends it as the platform does, and tells all that it logged.
    pub(crate) fn end(self) -> Vec<String> {
        self.runtime.block_on(self.running.stop());
        self.logs()
    }

    pub(crate) fn logs(&self) -> Vec<String> {
        self.running.logs()
    }

    /// Waits until a line that came after the first `before` has all of this.
    pub(crate) fn logged(&self, before: usize, parts: &[&str]) {
        let start = Instant::now();
        while !self.logs()[before..].iter().any(|line| parts.iter().all(|part| line.contains(part))) {
            assert!(start.elapsed() < PATIENCE, "{parts:?}: {:?}", self.logs());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.runtime.block_on(self.running.stop());
    }
}

pub(crate) fn get(url: &str) -> http::Request<Vec<u8>> {
    http::Request::get(url).body(Vec::new()).unwrap()
}

/// With JSON.
pub(crate) fn json(method: &str, url: &str, body: &serde_json::Value) -> http::Request<Vec<u8>> {
    let request = http::Request::builder().method(method).uri(url).header("content-type", "application/json");
    request.body(body.to_string().into_bytes()).unwrap()
}

pub(crate) fn post(url: &str, kind: &str, body: impl Into<Vec<u8>>) -> http::Request<Vec<u8>> {
    http::Request::post(url).header("content-type", kind).body(body.into()).unwrap()
}

/// The request with these headers too.
pub(crate) fn with(mut request: http::Request<Vec<u8>>, headers: &[(&'static str, &str)]) -> http::Request<Vec<u8>> {
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    request
}

/// The raw client's requests live as long as the process.
fn on_the_wire(request: &http::Request<Vec<u8>>) -> Request {
    fn kept<T: ?Sized>(value: Box<T>) -> &'static T {
        Box::leak(value)
    }
    let host = ("host", kept(Box::<[u8]>::from(request.uri().authority().unwrap().as_str().as_bytes())));
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| (kept(Box::<str>::from(name.as_str())), kept(Box::<[u8]>::from(value.as_bytes()))));
    Request {
        method: kept(Box::<str>::from(request.method().as_str())),
        target: kept(Box::<str>::from(request.uri().path_and_query().unwrap().as_str())),
        headers: kept(std::iter::once(host).chain(headers).collect::<Box<[_]>>()),
        body: match &request.body()[..] {
            [] => Payload::None,
            body => Payload::Bytes(kept(Box::<[u8]>::from(body))),
        },
    }
}
