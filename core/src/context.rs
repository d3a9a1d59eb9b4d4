//! What a handler may know and ask of the invocation it runs in.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::{Error, MaybeSend, TraceContext};

/// A boxed future. It is `Send` on every target; where there are no threads it is made so by a wrapper that checks.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// How grave a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For whoever looks for a fault.
    Debug,
    /// Something happened.
    Info,
    /// Something is off, and the function went on.
    Warn,
    /// Something failed.
    Error,
}

/// What an adapter gives of one invocation. Adapters implement it; handlers use [`Context`].
///
/// Nothing is computed before a handler asks for it.
pub trait Invocation: Send + Sync + 'static {
    /// The platform's name, as `--target` spells it: `lambda`, `cloudflare`, `vercel`, `server`, `memory`.
    fn platform(&self) -> &'static str;

    /// The platform's own identifier of this invocation.
    fn request_id(&self) -> Option<&str> {
        None
    }

    /// When the platform will end the invocation.
    fn deadline(&self) -> Option<SystemTime> {
        None
    }

    /// Where it runs, in the platform's own words (`eu-west-1`, `fra1`, `AMS`).
    fn region(&self) -> Option<&str> {
        None
    }

    /// The client's address, as the platform vouches for it.
    fn client_ip(&self) -> Option<IpAddr> {
        None
    }

    /// Whether this is the first invocation of its instance.
    fn cold_start(&self) -> bool {
        false
    }

    /// The request target's bytes as the platform delivered them, where they differ from the URI.
    fn raw_target(&self) -> Option<&str> {
        None
    }

    /// A variable or a secret.
    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    /// The time.
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    /// A future that is done after `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<()>;

    /// Runs `work` after the answer is sent, before the instance idles.
    fn wait_until(&self, work: BoxFuture<()>);

    /// Writes a line to the platform's log.
    fn log(&self, level: Level, line: &str) {
        let _ = level;
        eprintln!("{line}");
    }

    /// Writes a line that is JSON already, with `timestamp`, `level`, `requestId` and `message`: a platform that puts its
    /// own lines into JSON takes it as it is.
    fn log_json(&self, level: Level, json: &str) {
        self.log(level, json);
    }

    /// The least grave lines that the platform's own settings ask for.
    fn log_level(&self) -> Option<Level> {
        None
    }

    /// The trace that the platform itself follows this invocation by.
    fn trace(&self) -> Option<TraceContext> {
        None
    }

    /// The span that this invocation is recorded as, by whoever records it: what it calls is beneath that one.
    fn span(&self) -> Option<TraceContext> {
        None
    }

    /// The vendor's own event and context, for what anyfn has no portable word.
    fn raw(&self) -> Option<&dyn Any> {
        None
    }
}

/// What wraps a [`Context`] changes some of it and hands on the rest.
impl Invocation for Context {
    fn platform(&self) -> &'static str {
        self.0.platform()
    }

    fn request_id(&self) -> Option<&str> {
        self.0.request_id()
    }

    fn deadline(&self) -> Option<SystemTime> {
        self.0.deadline()
    }

    fn region(&self) -> Option<&str> {
        self.0.region()
    }

    fn client_ip(&self) -> Option<IpAddr> {
        self.0.client_ip()
    }

    fn cold_start(&self) -> bool {
        self.0.cold_start()
    }

    fn raw_target(&self) -> Option<&str> {
        self.0.raw_target()
    }

    fn env(&self, name: &str) -> Option<String> {
        self.0.env(name)
    }

    fn now(&self) -> SystemTime {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        self.0.sleep(duration)
    }

    fn wait_until(&self, work: BoxFuture<()>) {
        self.0.wait_until(work);
    }

    fn log(&self, level: Level, line: &str) {
        self.0.log(level, line);
    }

    fn log_json(&self, level: Level, json: &str) {
        self.0.log_json(level, json);
    }

    fn log_level(&self) -> Option<Level> {
        self.0.log_level()
    }

    fn trace(&self) -> Option<TraceContext> {
        self.0.trace()
    }

    fn span(&self) -> Option<TraceContext> {
        self.0.span()
    }

    fn raw(&self) -> Option<&dyn Any> {
        self.0.raw()
    }
}

/// The invocation that a handler runs in: identifiers, deadline, environment, and work after the answer.
///
/// Cheap to clone, `Send` and `Sync` on every target. As an argument of a handler it is an extractor.
///
/// ```
/// use anyfn_core::Context;
///
/// async fn handler(cx: Context) -> String {
///     cx.wait_until({
///         let cx = cx.clone();
///         async move { cx.log("sent the answer") }
///     });
///     format!("{} on {}", cx.request_id().unwrap_or("-"), cx.platform())
/// }
/// ```
#[derive(Clone)]
pub struct Context(Arc<dyn Invocation>);

impl Context {
    /// Wraps what an adapter knows.
    pub fn new(invocation: impl Invocation) -> Self {
        Self(Arc::new(invocation))
    }

    /// The platform's name, as `--target` spells it: `lambda`, `cloudflare`, `vercel`, `server`, `memory`.
    pub fn platform(&self) -> &'static str {
        self.0.platform()
    }

    /// The platform's own identifier of this invocation.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id()
    }

    /// When the platform will end the invocation, where it says so.
    pub fn deadline(&self) -> Option<SystemTime> {
        self.0.deadline()
    }

    /// The time left until the deadline; zero once it has passed.
    pub fn remaining(&self) -> Option<Duration> {
        Some(self.0.deadline()?.duration_since(self.0.now()).unwrap_or_default())
    }

    /// Where it runs, in the platform's own words (`eu-west-1`, `fra1`, `AMS`).
    pub fn region(&self) -> Option<&str> {
        self.0.region()
    }

    /// The client's address, as the platform vouches for it.
    pub fn client_ip(&self) -> Option<IpAddr> {
        self.0.client_ip()
    }

    /// Whether this is the first invocation of its instance.
    pub fn cold_start(&self) -> bool {
        self.0.cold_start()
    }

    /// The path and query as the platform delivered them, where no URI can hold them as they are.
    pub fn raw_target(&self) -> Option<&str> {
        self.0.raw_target()
    }

    /// A variable: from the process environment, or from the bindings on Workers.
    pub fn env(&self, name: &str) -> Option<String> {
        self.0.env(name)
    }

    /// A variable that must be there.
    ///
    /// # Errors
    /// A 500 whose log line names the variable; the caller does not see it.
    pub fn secret(&self, name: &str) -> Result<String, Error> {
        self.0.env(name).ok_or_else(|| {
            Error::internal(format!(
                "the secret `{name}` is not set on {}: set it with the platform's own tool, or in the environment",
                self.platform()
            ))
        })
    }

    /// The time. Use this in place of `SystemTime::now`, which panics on Workers.
    pub fn now(&self) -> SystemTime {
        self.0.now()
    }

    /// Waits, on the platform's own timer.
    pub fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        self.0.sleep(duration)
    }

    /// Runs `work` after the answer is sent; the platform keeps the instance alive for it, within its limits.
    pub fn wait_until<F>(&self, work: F)
    where
        F: Future<Output = ()> + MaybeSend + 'static,
    {
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        let work = send_wrapper::SendWrapper::new(work);
        self.0.wait_until(Box::pin(work));
    }

    /// Writes a line to the platform's log, tied to this invocation where the platform can.
    pub fn log(&self, line: impl AsRef<str>) {
        self.0.log(Level::Info, line.as_ref());
    }

    /// Writes a line of this level to the platform's log.
    pub fn log_at(&self, level: Level, line: impl AsRef<str>) {
        self.0.log(level, line.as_ref());
    }

    /// The vendor's own event or context, for what anyfn has no portable word; each adapter's docs name the types.
    pub fn raw<T: 'static>(&self) -> Option<&T> {
        self.0.raw()?.downcast_ref()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("platform", &self.platform())
            .field("request_id", &self.request_id())
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "axum")]
impl<S: Sync> axum_core::extract::FromRequestParts<S> for Context {
    type Rejection = (http::StatusCode, &'static str);

    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Self>().cloned().ok_or((
            http::StatusCode::INTERNAL_SERVER_ERROR,
            "no anyfn context in this request: is the router served by anyfn?",
        ))
    }
}
