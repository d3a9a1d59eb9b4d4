//! Calling a handler in memory, as a platform would.
//!
//! ```
//! use anyfn_core::test;
//!
//! async fn hello() -> &'static str { "hi" }
//!
//! # test::block_on(async {
//! let answer = test::get("/").header("accept", "text/plain").send(hello).await;
//! assert_eq!((answer.status(), answer.text()), (200, "hi"));
//! # });
//! ```

mod events;

use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll, Wake, Waker};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::state::StateCell;
use crate::{
    App, Body, BoxFuture, Capabilities, Context, Error, Event, Handler, IntoHandler, Invocation, Level, Response,
    dispatch, dispatch_http,
};

pub use self::events::{
    TestEvent, TestOutcome, change, custom, message, object, object_created, object_removed, queue, schedule,
};

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a future to its end on this thread, with no runtime. Handlers that use a runtime's own timers or sockets want that
/// runtime's test attribute in its place.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Signal(Mutex<bool>, Condvar);
    impl Wake for Signal {
        fn wake(self: Arc<Self>) {
            *lock(&self.0) = true;
            self.1.notify_one();
        }
    }
    let signal = Arc::new(Signal(Mutex::new(false), Condvar::new()));
    let waker = Waker::from(Arc::clone(&signal));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut TaskContext::from_waker(&waker)) {
            return output;
        }
        let mut woken = lock(&signal.0);
        while !*woken {
            woken = signal.1.wait(woken).unwrap_or_else(PoisonError::into_inner);
        }
        *woken = false;
    }
}

/// The invocation that handlers see in memory: fixed values that a test sets, and what the handler did with them.
#[derive(Clone, Default)]
pub struct Memory(Arc<State>);

#[derive(Default)]
struct State {
    request_id: Option<String>,
    region: Option<String>,
    client_ip: Option<IpAddr>,
    deadline: Option<SystemTime>,
    cold_start: bool,
    now: Option<SystemTime>,
    env: HashMap<String, String>,
    log: Mutex<Vec<String>>,
    background: Mutex<Vec<BoxFuture<()>>>,
}

impl Memory {
    fn change(mut self, change: impl FnOnce(&mut State)) -> Self {
        if let Some(state) = Arc::get_mut(&mut self.0) {
            change(state);
        }
        self
    }

    /// Sets a variable; the process environment is not looked at.
    #[must_use]
    pub fn env(self, name: &str, value: &str) -> Self {
        self.change(|state| drop(state.env.insert(name.to_owned(), value.to_owned())))
    }

    /// Sets the request id.
    #[must_use]
    pub fn request_id(self, id: &str) -> Self {
        self.change(|state| state.request_id = Some(id.to_owned()))
    }

    /// Sets the region.
    #[must_use]
    pub fn region(self, region: &str) -> Self {
        self.change(|state| state.region = Some(region.to_owned()))
    }

    /// Sets the client's address.
    #[must_use]
    pub fn client_ip(self, ip: IpAddr) -> Self {
        self.change(|state| state.client_ip = Some(ip))
    }

    /// Sets the deadline to this time from now.
    #[must_use]
    pub fn deadline_in(self, left: Duration) -> Self {
        self.change(|state| state.deadline = Some(state.now.unwrap_or_else(SystemTime::now) + left))
    }

    /// Stops the clock at this time.
    #[must_use]
    pub fn at(self, now: SystemTime) -> Self {
        self.change(|state| state.now = Some(now))
    }

    /// Makes it the first invocation of its instance.
    #[must_use]
    pub fn cold_start(self) -> Self {
        self.change(|state| state.cold_start = true)
    }

    /// The log so far.
    pub fn log_lines(&self) -> Vec<String> {
        lock(&self.0.log).clone()
    }

    /// A context of this invocation.
    pub fn context(&self) -> Context {
        Context::new(self.clone())
    }

    /// Runs what handlers gave to `wait_until`, to the end.
    pub async fn finish(&self) {
        loop {
            let work = std::mem::take(&mut *lock(&self.0.background));
            if work.is_empty() {
                return;
            }
            for work in work {
                work.await;
            }
        }
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("log", &self.log_lines()).finish_non_exhaustive()
    }
}

impl Invocation for Memory {
    fn platform(&self) -> &'static str {
        "memory"
    }

    fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    fn deadline(&self) -> Option<SystemTime> {
        self.0.deadline
    }

    fn region(&self) -> Option<&str> {
        self.0.region.as_deref()
    }

    fn client_ip(&self) -> Option<IpAddr> {
        self.0.client_ip
    }

    fn cold_start(&self) -> bool {
        self.0.cold_start
    }

    fn env(&self, name: &str) -> Option<String> {
        self.0.env.get(name).cloned()
    }

    fn now(&self) -> SystemTime {
        self.0.now.unwrap_or_else(SystemTime::now)
    }

    /// A thread that sleeps: plain, and good enough for tests.
    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        let until = Instant::now() + duration;
        Box::pin(std::future::poll_fn(move |cx| {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            std::thread::spawn(move || {
                std::thread::sleep(left);
                waker.wake();
            });
            Poll::Pending
        }))
    }

    fn wait_until(&self, work: BoxFuture<()>) {
        lock(&self.0.background).push(work);
    }

    fn log(&self, _: Level, line: &str) {
        lock(&self.0.log).push(line.to_owned());
    }
}

/// A request to be sent to a handler.
#[derive(Debug)]
pub struct TestRequest {
    request: http::request::Builder,
    body: Body,
    memory: Memory,
    limits: Option<Capabilities>,
}

/// A request with this method, for a path and query (`http://localhost` is put before it) or a whole URL.
///
/// # Panics
/// Where the URI is invalid, when it is sent: this is a test's own mistake.
pub fn request(method: Method, uri: &str) -> TestRequest {
    let uri = if uri.starts_with('/') { format!("http://localhost{uri}") } else { uri.to_owned() };
    let memory = Memory::default();
    TestRequest { request: http::Request::builder().method(method).uri(uri), body: Body::empty(), memory, limits: None }
}

/// A GET request.
pub fn get(uri: &str) -> TestRequest {
    request(Method::GET, uri)
}

/// A POST request.
pub fn post(uri: &str) -> TestRequest {
    request(Method::POST, uri)
}

/// A request that was made elsewhere, with its body.
impl<B: Into<Body>> From<http::Request<B>> for TestRequest {
    fn from(made: http::Request<B>) -> Self {
        let (head, body) = made.into_parts();
        let mut request = http::Request::builder().method(head.method).uri(head.uri).version(head.version);
        if let Some(headers) = request.headers_mut() {
            *headers = head.headers;
        }
        Self { request, body: body.into(), memory: Memory::default(), limits: None }
    }
}

impl TestRequest {
    /// Adds a header line.
    #[must_use]
    pub fn header(mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> Self {
        let (Ok(name), Ok(value)) = (name.try_into(), value.try_into()) else { panic!("the header is invalid") };
        self.request = self.request.header(name, value);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the body to JSON, and its content type.
    ///
    /// # Panics
    /// Where the value cannot be written as JSON.
    #[must_use]
    pub fn json(self, value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("the value can be written as JSON");
        self.header(header::CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body)
    }

    /// Sends it within this invocation: its environment, deadline and so on.
    #[must_use]
    pub fn within(mut self, memory: &Memory) -> Self {
        self.memory = memory.clone();
        self
    }

    /// Behaves as the target with these capabilities: refuses a body that it would refuse.
    #[must_use]
    pub fn on(mut self, target: Capabilities) -> Self {
        self.limits = Some(target);
        self
    }

    /// Sends it and reads the whole answer; work after the answer is finished too.
    ///
    /// # Panics
    /// Where the request is invalid, or the answer's stream fails.
    pub async fn send<M, H: IntoHandler<M>>(self, handler: H) -> TestResponse {
        self.send_to(&handler.into_handler(StateCell::unit())).await
    }

    /// Sends it to a handler that is kept, as an [`App`] with state is.
    ///
    /// # Panics
    /// As [`send`](Self::send).
    pub async fn send_to<H: Handler>(self, handler: &H) -> TestResponse {
        let request = self.request.body(self.body).expect("the request is valid");
        let limit = |limit: Option<u64>| limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let (most_in, most_out) = self.limits.map_or((usize::MAX, usize::MAX), |target| {
            (limit(target.max_request_body), limit(target.max_response_body))
        });
        let (head, body) = request.into_parts();
        let answer = match body.collect(most_in).await {
            Ok(body) => {
                let request = http::Request::from_parts(head, Body::from(body));
                dispatch_http(handler, request, self.memory.context()).await
            }
            Err(error) => Error::of(crate::ErrorKind::TooLarge).detail(error.to_string()).into_http(),
        };
        let (head, body) = answer.into_parts();
        let bytes = body.collect(most_out).await.expect("the answer's body can be read to its end");
        self.memory.finish().await;
        TestResponse { head, bytes, memory: self.memory }
    }
}

/// The answer, read to its end.
#[derive(Debug)]
pub struct TestResponse {
    head: http::response::Parts,
    bytes: Bytes,
    memory: Memory,
}

impl TestResponse {
    /// The status code.
    pub fn status(&self) -> u16 {
        self.head.status.as_u16()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The body.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The body as text.
    ///
    /// # Panics
    /// Where it is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).expect("the body is UTF-8")
    }

    /// The body read as JSON.
    ///
    /// # Panics
    /// Where it is not that JSON.
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.bytes).expect("the body is the JSON that the test reads")
    }

    /// The log.
    pub fn log_lines(&self) -> Vec<String> {
        self.memory.log_lines()
    }
}

/// Sends an event of any kind to a program, within this invocation. [`queue`] and the like make the usual ones.
///
/// # Errors
/// As [`dispatch`].
pub async fn send(app: &App, event: Event, memory: &Memory) -> Result<Response, Error> {
    let answer = dispatch(app, event, memory.context()).await;
    memory.finish().await;
    answer
}
