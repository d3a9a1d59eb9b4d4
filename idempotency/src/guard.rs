//! The handler that asks the store before it runs another one.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use anyfn_core::{
    Body, Context, Error, ErrorKind, Event, FromEvent as _, Handler, Level, MaybeSend, Response, Trigger,
};
use bytes::Bytes;
use http::StatusCode;

use crate::work::is_safe;
use crate::{Begun, Claim, Held, Once, Work, answer, header};

/// Platforms end an invocation a little after they say.
const GRACE: Duration = Duration::from_secs(1);
/// In place of a time that no clock can tell.
const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// A handler that runs once for each piece of work.
#[derive(Clone, Debug)]
pub struct Guarded<H> {
    pub(crate) once: Once,
    pub(crate) handler: H,
}

impl<H: Handler> Handler for Guarded<H> {
    async fn call(&self, event: Event, cx: Context) -> Result<Response, Error> {
        match event {
            Event::Http(request) => self.http(request, cx).await,
            Event::Queue(batch) => self.batch(batch, cx, Event::Queue, |name, item| Work::Queue(name, item)).await,
            Event::Object(batch) => self.batch(batch, cx, Event::Object, |name, item| Work::Object(name, item)).await,
            Event::Change(batch) => self.batch(batch, cx, Event::Change, |name, item| Work::Change(name, item)).await,
            Event::Message(batch) => {
                self.batch(batch, cx, Event::Message, |name, item| Work::Message(name, item)).await
            }
            Event::Schedule(tick) => {
                let key = self.key(&Work::Schedule(&tick));
                self.single(key, Event::Schedule(tick), cx).await
            }
            Event::Custom(custom) => {
                let key = self.key(&Work::Custom(&custom));
                self.single(key, Event::Custom(custom), cx).await
            }
            other => self.handler.call(other, cx).await,
        }
    }

    async fn start(&self, cx: Context) -> Result<(), Error> {
        self.handler.start(cx).await
    }

    async fn shutdown(&self, cx: Context) -> Result<(), Error> {
        self.handler.shutdown(cx).await
    }

    fn has_shutdown(&self) -> bool {
        self.handler.has_shutdown()
    }

    fn schedules(&self) -> Vec<&str> {
        self.handler.schedules()
    }
}

impl<H: Handler> Guarded<H> {
    async fn http(&self, request: http::Request<Body>, cx: Context) -> Result<Response, Error> {
        // The body of what has no key stays the stream that it is.
        let keyless = self.once.key.is_none() && !request.headers().contains_key(header::NAME);
        if is_safe(request.method()) || (keyless && !self.once.required) {
            return self.handler.call(Event::Http(request), cx).await;
        }
        if keyless {
            return Err(header::missing());
        }
        let (head, body) = request.into_parts();
        let body = Bytes::from_event(Event::Http(http::Request::new(body)), &cx, &()).await?;
        let request = http::Request::from_parts(head, body);
        let work = Work::Http(&request);
        let Some(key) = self.key(&work)? else {
            return self.handler.call(Event::Http(request.map(Body::from)), cx).await;
        };
        let fingerprint = work.fingerprint();
        let claim = self.claim(&cx, key).fingerprint(fingerprint.clone());
        match self.once.store.begin(&cx, &claim).await? {
            Begun::Started(held) => self.run(held, Event::Http(request.map(Body::from)), cx).await,
            Begun::InProgress { fingerprint: first, .. } | Begun::Done { fingerprint: first, .. }
                if first != fingerprint =>
            {
                Err(header::reused())
            }
            Begun::InProgress { .. } => Err(header::in_progress()),
            Begun::Done { answer: Some(kept), .. } => answer::again(kept),
            Begun::Done { answer: None, .. } => Err(header::not_kept()),
        }
    }

    /// An event that is one piece of work, and no request.
    async fn single(&self, key: Result<Option<String>, Error>, event: Event, cx: Context) -> Result<Response, Error> {
        let Some(key) = key? else { return self.handler.call(event, cx).await };
        match self.once.store.begin(&cx, &self.claim(&cx, key)).await? {
            Begun::Started(held) => self.run(held, event, cx).await,
            Begun::InProgress { .. } => {
                self.log(&cx, Level::Info, "somebody is at it: it comes again later");
                Err(busy())
            }
            Begun::Done { answer: Some(kept), .. } => answer::again(kept),
            Begun::Done { answer: None, .. } => {
                Err(Error::internal("it is done, and its answer was too long to be kept"))
            }
        }
    }

    /// Runs the handler for what is begun.
    async fn run(&self, held: Held, event: Event, cx: Context) -> Result<Response, Error> {
        let trigger = event.trigger();
        let result = match caught(self.handler.call(event, cx.clone())).await {
            Ok(result) => result,
            Err(panic) => {
                self.release(&cx, &held).await;
                resume_unwind(panic)
            }
        };
        // An error that is the answer for good is kept as such.
        let result = match result {
            Err(error) if trigger == Trigger::Http && answer::is_final(error.status()) => {
                Ok(Response::Http(error.into_http()))
            }
            other => other,
        };
        // `None` where it is to be done again.
        let done = match &result {
            Ok(response) if answer::is_done(trigger, response) => Some(answer::keep(response, self.once.answer)),
            _ => None,
        };
        match done {
            Some(answer) => self.finish(&cx, &held, answer).await,
            None => self.release(&cx, &held).await,
        }
        result
    }

    /// The record's key; an error where there is none and must be one.
    pub(crate) fn key(&self, work: &Work<'_>) -> Result<Option<String>, Error> {
        let key = match &self.once.key {
            // What it makes of one item is no other's business.
            Some(by) => catch_unwind(AssertUnwindSafe(|| by.key(work)))
                .map_err(|_| Error::of(ErrorKind::Panic).source("the function in `Once::by` panicked"))?
                .map(|name| work.named(&name)),
            None => work.own_key()?,
        };
        match (key, work) {
            (Some(key), _) => Ok(Some(key.under(&self.once.name))),
            (None, _) if !self.once.required => Ok(None),
            (None, Work::Http(_)) => Err(header::missing()),
            (None, _) => Err(Error::internal(format!("{}: what came has no key, and needs one", self.once.name))),
        }
    }

    pub(crate) fn claim(&self, cx: &Context, key: String) -> Claim {
        let now = cx.now();
        let until = cx.deadline().map_or_else(|| after(now, self.once.lease), |end| after(end.max(now), GRACE));
        Claim::new(key, now, until, after(until, self.once.keep))
    }

    pub(crate) async fn finish(&self, cx: &Context, held: &Held, answer: Option<Bytes>) {
        match self.once.store.finish(cx, held, answer, after(cx.now(), self.once.keep)).await {
            Ok(true) => {}
            Ok(false) => self.log(
                cx,
                Level::Warn,
                "its lease ended before it was done, and another has begun it: it may be done twice; set a longer lease",
            ),
            Err(error) => {
                self.log(cx, Level::Error, &format!("it is done, and the store does not know, so it may be again: {error}"));
            }
        }
    }

    pub(crate) async fn release(&self, cx: &Context, held: &Held) {
        if let Err(error) = self.once.store.release(cx, held).await {
            self.log(cx, Level::Error, &format!("it failed, and can begin again only when its lease ends: {error}"));
        }
    }

    pub(crate) fn log(&self, cx: &Context, level: Level, line: &str) {
        cx.log_at(level, format!("anyfn: once {}: {line}", self.once.name));
    }
}

/// Of what is no request.
pub(crate) fn busy() -> Error {
    Error::new(StatusCode::CONFLICT).title("In progress").source("somebody is at it, or died over it")
}

fn after(time: SystemTime, duration: Duration) -> SystemTime {
    time.checked_add(duration).or_else(|| time.checked_add(FAR)).unwrap_or(time)
}

/// Runs a future; a panic is handed over. Where the target aborts on panic, nothing can be caught, and the lease ends it.
pub(crate) async fn caught<T>(future: impl Future<Output = T> + MaybeSend) -> Result<T, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    std::future::poll_fn(|task| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(task))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}
