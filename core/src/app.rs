//! Several triggers and their shared state in one program.

use std::future::Future;
use std::sync::OnceLock;

use crate::batch::settle;
use crate::capabilities::Trigger;
use crate::extract::PathParams;
use crate::handler::DynFuture;
use crate::panics::catch;
use crate::shutdown::{Shutdown, shutdown};
use crate::state::{Connect, StateCell};
use crate::{
    Batch, Body, Context, DynHandler, Entry, Error, ErrorKind, Event, Handler, IntoHandler, Level, MaybeSend,
    MaybeSync, Names, ObjectAction, ObjectEvent, OnShutdown, Order, Outcome, Response,
};

struct Route {
    trigger: Trigger,
    action: Option<ObjectAction>,
    name: Option<String>,
    handler: Box<dyn DynHandler>,
}

/// A whole program: handlers by trigger.
///
/// Made by [`anyfn::app!`](https://docs.rs/anyfn), or by hand with [`App::builder`].
///
/// ```
/// use anyfn_core::{App, Path, Schedule};
///
/// async fn hello(Path(name): Path<String>) -> String { format!("Hello, {name}!") }
/// async fn nightly(tick: Schedule) { println!("{:?}", tick.scheduled_at) }
///
/// let app = App::builder().http_at("/hello/{name}", hello).schedule("0 3 * * *", nightly).build();
/// ```
pub struct App {
    routes: Vec<Route>,
    /// Behind a trait, so that a program without patterns does not carry the router.
    paths: Option<Box<dyn Paths>>,
    conflict: Option<String>,
    shutdown: Option<Shutdown>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut list = f.debug_list();
        for route in &self.routes {
            list.entry(&(route.trigger, &route.name));
        }
        list.finish()
    }
}

impl App {
    /// A program without state; [`AppBuilder::state`] gives it some.
    pub fn builder() -> AppBuilder<()> {
        let app = Self { routes: Vec::new(), paths: None, conflict: None, shutdown: None };
        AppBuilder { app, state: StateCell::unit() }
    }

    fn find(&self, event: &mut Event) -> Result<&Route, Error> {
        let trigger = event.trigger();
        if let Some(conflict) = &self.conflict {
            return Err(Error::of(ErrorKind::Other).source(conflict.clone()));
        }
        if let (Event::Http(request), Some(paths)) = (&mut *event, &self.paths)
            && let Some(index) = paths.find(request)
        {
            return Ok(&self.routes[index]);
        }
        let (name, action) = match event {
            Event::Schedule(tick) => (Some(&tick.name), None),
            Event::Queue(batch) => (Some(&batch.source), None),
            Event::Object(batch) => (Some(&batch.source), batch.items.first().map(|item| item.payload.action)),
            Event::Change(batch) => (Some(&batch.source), None),
            Event::Message(batch) => (Some(&batch.source), None),
            _ => (None, None),
        };
        let fits = |route: &&Route| {
            route.trigger == trigger
                && (trigger != Trigger::Http || route.name.is_none())
                && (action.is_none() || route.action == action)
        };
        let mut candidates = self.routes.iter().filter(fits);
        let named = self.routes.iter().filter(fits).find(|route| route.name.as_ref() == name);
        // A physical name differs from the logical one in code; where one handler alone can be meant, it is meant.
        let only = candidates.next().filter(|_| candidates.next().is_none());
        named.or(only).ok_or_else(|| match trigger {
            Trigger::Http => Error::not_found(),
            _ => Error::of(ErrorKind::Mismatch).source(format!(
                "no handler for the {trigger} event of `{}`: declare one in `anyfn::app!` or unbind the trigger",
                name.map_or("?", String::as_str)
            )),
        })
    }
}

impl App {
    fn route(&self, mut event: Event, cx: Context) -> DynFuture<'_, Result<Response, Error>> {
        match self.find(&mut event) {
            Ok(route) => route.handler.call_dyn(event, cx),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    /// Objects of several buckets, or stored and removed, in one batch: each handler gets its own.
    async fn each_route(&self, batch: Batch<ObjectEvent>, cx: Context) -> Result<Response, Error> {
        let all = batch.outcomes();
        let Batch { source, order, items, .. } = batch;
        let names = Names::of_program(&cx)?;
        let bucket = items.first().map(|item| item.payload.bucket.clone());
        for (places, items) in parts(order, items) {
            let own = &items[0].payload.bucket;
            let source = if bucket.as_ref() == Some(own) { source.clone() } else { names.of(own) };
            let event = Event::Object(Batch::new(source, order, items));
            let outcomes = event.outcomes().unwrap_or_default();
            let (known, at) = (all.clone(), places.clone());
            // At once: what is done by a deadline must not come again.
            outcomes.watch(move |item, outcome| {
                if matches!(outcome, Outcome::Done) {
                    known.record(at[item], Outcome::Done);
                }
            });
            let result = catch(async { self.route(event, cx.clone()).await }).await;
            if let Err(error) = &result {
                cx.log_at(Level::Error, format!("anyfn: object event failed: {error}"));
            }
            let Response::Batch(settled) = settle(&outcomes, result)? else { continue };
            let failed = settled.iter().any(|outcome| !outcome.is_settled());
            places.into_iter().zip(settled).for_each(|(place, outcome)| all.record(place, outcome));
            if failed && order != Order::Unordered {
                break;
            }
        }
        Ok(Response::Batch(all.take()))
    }
}

/// Whether one handler is meant for both.
fn alike(one: &ObjectEvent, other: &ObjectEvent) -> bool {
    one.action == other.action && one.bucket == other.bucket
}

/// The items with their places, by bucket and action; where order holds, only neighbours are together.
fn parts(order: Order, items: Vec<Entry<ObjectEvent>>) -> Vec<(Vec<usize>, Vec<Entry<ObjectEvent>>)> {
    let mut parts: Vec<(Vec<usize>, Vec<Entry<ObjectEvent>>)> = Vec::new();
    for (place, item) in items.into_iter().enumerate() {
        let searched = if order == Order::Unordered { 0 } else { parts.len().saturating_sub(1) };
        match parts[searched..].iter_mut().find(|(_, part)| alike(&part[0].payload, &item.payload)) {
            Some((places, part)) => {
                places.push(place);
                part.push(item);
            }
            None => parts.push((vec![place], vec![item])),
        }
    }
    parts
}

impl Handler for App {
    const EAGER: bool = false;

    #[expect(clippy::manual_async_fn, reason = "an `async fn` moves the event once more")]
    fn call(&self, event: Event, cx: Context) -> impl Future<Output = Result<Response, Error>> + MaybeSend {
        async move {
            match event {
                Event::Object(batch) if batch.items.windows(2).any(|two| !alike(&two[0].payload, &two[1].payload)) => {
                    self.each_route(batch, cx).await
                }
                event => self.route(event, cx).await,
            }
        }
    }

    async fn start(&self, cx: Context) -> Result<(), Error> {
        match self.routes.first() {
            Some(route) => route.handler.start_dyn(cx).await,
            None => Ok(()),
        }
    }

    async fn shutdown(&self, cx: Context) -> Result<(), Error> {
        match &self.shutdown {
            Some(shutdown) => shutdown(cx).await,
            None => Ok(()),
        }
    }

    fn has_shutdown(&self) -> bool {
        self.shutdown.is_some()
    }

    fn schedules(&self) -> Vec<&str> {
        let ticked = self.routes.iter().filter(|route| route.trigger == Trigger::Schedule);
        ticked.filter_map(|route| route.name.as_deref()).collect()
    }
}

/// The routes by path.
trait Paths: MaybeSend + MaybeSync {
    fn add(&mut self, pattern: &str, index: usize) -> Result<(), matchit::InsertError>;

    /// The route of the request's path; its parameters go into the request's extensions.
    fn find(&self, request: &mut http::Request<Body>) -> Option<usize>;
}

impl Paths for matchit::Router<usize> {
    fn add(&mut self, pattern: &str, index: usize) -> Result<(), matchit::InsertError> {
        self.insert(pattern, index)
    }

    fn find(&self, request: &mut http::Request<Body>) -> Option<usize> {
        let found = self.at(request.uri().path()).ok()?;
        let (index, params) = (*found.value, PathParams::new(&found.params));
        request.extensions_mut().insert(params);
        Some(index)
    }
}

/// Makes an [`App`].
#[allow(missing_debug_implementations)]
pub struct AppBuilder<S> {
    app: App,
    state: StateCell<S>,
}

impl AppBuilder<()> {
    /// Gives the program a state that `connect` makes once for each cold start, in the first event. If it fails, that
    /// event fails and the next one tries again. Call it before the handlers are added.
    ///
    /// State must hold nothing that belongs to one request: Workers forbids the use of a request's streams and timers in
    /// another one.
    pub fn state<S, E, F, Fut>(self, connect: F) -> AppBuilder<S>
    where
        F: Fn(Context) -> Fut + MaybeSend + MaybeSync + 'static,
        Fut: Future<Output = Result<S, E>> + MaybeSend + 'static,
        E: Into<Error>,
        S: MaybeSend + MaybeSync + 'static,
    {
        let connect: Connect<S> = Box::new(move |cx| {
            let made = connect(cx);
            Box::pin(async move { made.await.map_err(Into::into) })
        });
        AppBuilder { app: self.app, state: StateCell::with(OnceLock::new(), connect) }
    }
}

impl<S> AppBuilder<S> {
    fn add<M, H: IntoHandler<M, S>>(
        mut self,
        trigger: Trigger,
        action: Option<ObjectAction>,
        name: Option<String>,
        handler: H,
    ) -> Self {
        let handler = Box::new(handler.into_handler(self.state.clone()));
        self.app.routes.push(Route { trigger, action, name, handler });
        self
    }

    /// Answers every HTTP request that no [path](Self::http_at) does.
    #[must_use]
    pub fn http<M, H: IntoHandler<M, S>>(self, handler: H) -> Self {
        self.add(Trigger::Http, None, None, handler)
    }

    /// Answers HTTP requests for a path such as `/users/{id}` or `/files/{*rest}` ([`matchit`]'s patterns, which are
    /// axum's); [`Path`](crate::Path) reads the parameters.
    #[must_use]
    pub fn http_at<M, H: IntoHandler<M, S>>(mut self, pattern: impl Into<String>, handler: H) -> Self {
        let pattern = pattern.into();
        let index = self.app.routes.len();
        let paths = self.app.paths.get_or_insert_with(|| Box::<matchit::Router<usize>>::default());
        if let Err(error) = paths.add(&pattern, index) {
            self.app.conflict = Some(format!("the path `{pattern}` cannot be served: {error}"));
        }
        self.add(Trigger::Http, None, Some(pattern), handler)
    }

    /// Runs at the times of a five-field cron expression, UTC.
    #[must_use]
    pub fn schedule<M, H: IntoHandler<M, S>>(self, cron: impl Into<String>, handler: H) -> Self {
        self.add(Trigger::Schedule, None, Some(cron.into()), handler)
    }

    /// Runs for the messages of a queue, by its logical name.
    #[must_use]
    pub fn queue<M, H: IntoHandler<M, S>>(self, name: impl Into<String>, handler: H) -> Self {
        self.add(Trigger::Queue, None, Some(name.into()), handler)
    }

    /// Runs for objects stored in a bucket, by its logical name.
    #[must_use]
    pub fn object_created<M, H: IntoHandler<M, S>>(self, bucket: impl Into<String>, handler: H) -> Self {
        self.add(Trigger::Object, Some(ObjectAction::Created), Some(bucket.into()), handler)
    }

    /// Runs for objects removed from a bucket, by its logical name.
    #[must_use]
    pub fn object_removed<M, H: IntoHandler<M, S>>(self, bucket: impl Into<String>, handler: H) -> Self {
        self.add(Trigger::Object, Some(ObjectAction::Removed), Some(bucket.into()), handler)
    }

    /// Runs for changes of a table, by its logical name.
    #[must_use]
    pub fn change<M, H: IntoHandler<M, S>>(self, table: impl Into<String>, handler: H) -> Self {
        self.add(Trigger::Change, None, Some(table.into()), handler)
    }

    /// Runs for messages published to a topic, by its logical name.
    #[must_use]
    pub fn message<M, H: IntoHandler<M, S>>(self, topic: impl Into<String>, handler: H) -> Self {
        self.add(Trigger::Message, None, Some(topic.into()), handler)
    }

    /// Runs for every other event.
    #[must_use]
    pub fn custom<M, H: IntoHandler<M, S>>(self, handler: H) -> Self {
        self.add(Trigger::Custom, None, None, handler)
    }

    /// Calls an async function of [`State`](crate::State) and [`Context`], both or neither, when the instance ends in order:
    /// once, after the last event and the work that events left behind. It is the place to send what is buffered and to
    /// close what the state holds. Where nothing has made the state, a function of it is not called.
    ///
    /// It is no place for what must happen: an instance may also end without a word, and Workers' always do. Lambda tells
    /// none but functions with an extension, so that one is registered at the cold start, and gives half a second ("Lambda
    /// execution environment lifecycle", Lambda developer guide); so does Vercel ("Vercel Functions now support graceful
    /// shutdown", its changelog), and the plain server 5 seconds. Call it after [`state`](AppBuilder::state).
    ///
    /// ```
    /// use anyfn_core::{App, Context, Error, State};
    ///
    /// #[derive(Clone)]
    /// struct Metrics(std::sync::mpsc::Sender<u64>);
    ///
    /// # async fn connect(_: Context) -> Result<Metrics, Error> { Ok(Metrics(std::sync::mpsc::channel().0)) }
    /// async fn hello() -> &'static str { "Hello!" }
    /// async fn flush(State(metrics): State<Metrics>) -> Result<(), Error> {
    ///     metrics.0.send(1).map_err(Error::internal)
    /// }
    ///
    /// let app = App::builder().state(connect).http(hello).on_shutdown(flush).build();
    /// ```
    #[must_use]
    pub fn on_shutdown<M: 'static, F: OnShutdown<M, S>>(mut self, function: F) -> Self
    where
        S: MaybeSend + MaybeSync + 'static,
    {
        self.app.shutdown = Some(shutdown(self.state.clone(), function));
        self
    }

    /// The program.
    #[must_use]
    pub fn build(self) -> App {
        self.app
    }
}
