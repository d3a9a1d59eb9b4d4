//! What runs: one required method, and everything that can be turned into it.

mod service;

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use crate::batch::{self, FromItem};
use crate::extract::{FromEvent, FromEventRef};
use crate::response::IntoResponse;
use crate::state::StateCell;
use crate::{Context, Error, Event, Item, MaybeSend, MaybeSync, Response};

/// Answers events. Functions, `tower` services and [`App`](crate::App) all become one.
///
/// ```
/// use anyfn_core::{Context, Error, Event, Handler, Response};
///
/// struct Count(std::sync::atomic::AtomicU64);
///
/// impl Handler for Count {
///     async fn call(&self, event: Event, cx: Context) -> Result<Response, Error> {
///         let n = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
///         cx.log(format!("event {n}: {}", event.trigger()));
///         Ok(Response::Done)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no anyfn handler",
    note = "a handler implements `anyfn::Handler`; async functions, closures and tower services become one with `IntoHandler`"
)]
pub trait Handler: MaybeSend + MaybeSync + 'static {
    /// Whether [`call`](Self::call) does something before there is a future of it: then it is caught as the future is, which costs
    /// one more move of the event and of the future, some 180 instructions.
    #[doc(hidden)]
    const EAGER: bool = true;

    /// Answers one event.
    ///
    /// # Errors
    /// Over HTTP an error is answered with problem details; elsewhere the event, or the item, fails.
    fn call(&self, event: Event, cx: Context) -> impl Future<Output = Result<Response, Error>> + MaybeSend;

    /// Prepares what every event needs, where a platform has a moment for it before the first event.
    ///
    /// # Errors
    /// The adapter logs it and goes on: the first event tries again.
    fn start(&self, cx: Context) -> impl Future<Output = Result<(), Error>> + MaybeSend {
        let _ = cx;
        async { Ok(()) }
    }

    /// Puts away what it holds, when the instance ends in order and the platform says so: once, after the last event and the work
    /// that events left.
    ///
    /// # Errors
    /// The adapter logs it.
    fn shutdown(&self, cx: Context) -> impl Future<Output = Result<(), Error>> + MaybeSend {
        let _ = cx;
        async { Ok(()) }
    }

    /// Whether [`shutdown`](Self::shutdown) does something.
    fn has_shutdown(&self) -> bool {
        false
    }

    /// The schedules that it is to be ticked by, for a target without a clock of the platform's own.
    fn schedules(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// What a [`DynHandler`]'s methods give.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub type DynFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// What a [`DynHandler`]'s methods give.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub type DynFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The object-safe twin of [`Handler`]; every handler is one.
pub trait DynHandler: MaybeSend + MaybeSync + 'static {
    /// Answers one event, as [`Handler::call`].
    fn call_dyn(&self, event: Event, cx: Context) -> DynFuture<'_, Result<Response, Error>>;
    /// Prepares, as [`Handler::start`].
    fn start_dyn(&self, cx: Context) -> DynFuture<'_, Result<(), Error>>;
    /// Puts away what it holds, as [`Handler::shutdown`].
    fn shutdown_dyn(&self, cx: Context) -> DynFuture<'_, Result<(), Error>>;
    /// Whether that does something, as [`Handler::has_shutdown`].
    fn has_shutdown_dyn(&self) -> bool;
    /// The schedules that it is to be ticked by, as [`Handler::schedules`].
    fn schedules_dyn(&self) -> Vec<&str>;
}

impl<H: Handler> DynHandler for H {
    fn call_dyn(&self, event: Event, cx: Context) -> DynFuture<'_, Result<Response, Error>> {
        Box::pin(self.call(event, cx))
    }

    fn start_dyn(&self, cx: Context) -> DynFuture<'_, Result<(), Error>> {
        Box::pin(self.start(cx))
    }

    fn shutdown_dyn(&self, cx: Context) -> DynFuture<'_, Result<(), Error>> {
        Box::pin(self.shutdown(cx))
    }

    fn has_shutdown_dyn(&self) -> bool {
        self.has_shutdown()
    }

    fn schedules_dyn(&self) -> Vec<&str> {
        self.schedules()
    }
}

impl Handler for Box<dyn DynHandler> {
    fn call(&self, event: Event, cx: Context) -> impl Future<Output = Result<Response, Error>> + MaybeSend {
        (**self).call_dyn(event, cx)
    }

    fn start(&self, cx: Context) -> impl Future<Output = Result<(), Error>> + MaybeSend {
        (**self).start_dyn(cx)
    }

    fn shutdown(&self, cx: Context) -> impl Future<Output = Result<(), Error>> + MaybeSend {
        (**self).shutdown_dyn(cx)
    }

    fn has_shutdown(&self) -> bool {
        (**self).has_shutdown_dyn()
    }

    fn schedules(&self) -> Vec<&str> {
        (**self).schedules_dyn()
    }
}

/// Turns functions, services and handlers into a [`Handler`]. `M` tells them apart and is always inferred; `S` is the
/// program's state.
///
/// - an async function whose arguments are extractors (the last one may consume the event) and whose result is an
///   [`IntoResponse`];
/// - an async function whose last argument is an [`Item`]: it runs once for each item of a batch;
/// - a `tower::Service` of `http::Request<Body>`, an `axum::Router` above all, or a function from the state to one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler",
    label = "not a handler",
    note = "a handler is an async function; its arguments are extractors (`Query<T>`, `Json<T>`, `State<S>`, `Context`, …), of which only the last may consume the event, and it returns what becomes a response (`Json<T>`, `String`, `Result<_, anyfn::Error>`, …); what is held over an `.await` is `Send`, except on Workers",
    note = "`State<S>` needs `state = …` with a function that returns that very `S`"
)]
pub trait IntoHandler<M, S = ()> {
    /// The handler.
    type Handler: Handler;
    /// Makes the handler; `state` is shared by all handlers of a program.
    fn into_handler(self, state: StateCell<S>) -> Self::Handler;
}

/// Marks what is a [`Handler`] already.
#[derive(Debug)]
pub struct IsHandler;

impl<H: Handler, S> IntoHandler<IsHandler, S> for H {
    type Handler = H;

    fn into_handler(self, _: StateCell<S>) -> H {
        self
    }
}

/// A function as a handler.
pub struct FnHandler<F, M, S> {
    function: F,
    state: StateCell<S>,
    marker: PhantomData<fn() -> M>,
}

/// Marks functions that are called once for an event.
#[derive(Debug)]
pub struct OnEvent<T>(PhantomData<fn() -> T>);

/// Marks functions that are called once for each item.
#[derive(Debug)]
pub struct OnItem<T>(PhantomData<fn() -> T>);

macro_rules! functions {
    ([$($ty:ident),*], $last:ident) => {
        #[allow(non_snake_case, unused_mut, unused_variables)]
        impl<F, Fut, S, M, $($ty,)* $last> IntoHandler<OnEvent<(M, $($ty,)* $last,)>, S> for F
        where
            F: Fn($($ty,)* $last,) -> Fut + MaybeSend + MaybeSync + 'static,
            Fut: Future<Output: IntoResponse> + MaybeSend,
            S: MaybeSend + MaybeSync + 'static,
            M: 'static,
            $($ty: FromEventRef<S> + MaybeSend + 'static,)*
            $last: FromEvent<S, M> + MaybeSend + 'static,
        {
            type Handler = FnHandler<F, OnEvent<(M, $($ty,)* $last,)>, S>;

            fn into_handler(self, state: StateCell<S>) -> Self::Handler {
                FnHandler { function: self, state, marker: PhantomData }
            }
        }

        #[allow(non_snake_case, unused_mut, unused_variables)]
        impl<F, Fut, S, M, $($ty,)* $last> Handler for FnHandler<F, OnEvent<(M, $($ty,)* $last,)>, S>
        where
            F: Fn($($ty,)* $last,) -> Fut + MaybeSend + MaybeSync + 'static,
            Fut: Future<Output: IntoResponse> + MaybeSend,
            S: MaybeSend + MaybeSync + 'static,
            M: 'static,
            $($ty: FromEventRef<S> + MaybeSend + 'static,)*
            $last: FromEvent<S, M> + MaybeSend + 'static,
        {
            const EAGER: bool = false;

            fn call(&self, mut event: Event, cx: Context) -> impl Future<Output = Result<Response, Error>> + MaybeSend {
                async move {
                    let state = self.state.get(&cx).await?;
                    $(let $ty = $ty::from_event_ref(&mut event, &cx, state).await?;)*
                    let $last = $last::from_event(event, &cx, state).await?;
                    (self.function)($($ty,)* $last,).await.into_response()
                }
            }

            async fn start(&self, cx: Context) -> Result<(), Error> {
                self.state.get(&cx).await.map(drop)
            }
        }

        #[allow(non_snake_case, unused_mut, unused_variables)]
        impl<F, Fut, S, $($ty,)* $last> IntoHandler<OnItem<($($ty,)* $last,)>, S> for F
        where
            F: Fn($($ty,)* Item<$last>,) -> Fut + MaybeSend + MaybeSync + 'static,
            Fut: Future<Output: IntoResponse> + MaybeSend,
            S: MaybeSend + MaybeSync + 'static,
            $($ty: FromEventRef<S> + MaybeSend + 'static,)*
            $last: FromItem + MaybeSend + 'static,
        {
            type Handler = FnHandler<F, OnItem<($($ty,)* $last,)>, S>;

            fn into_handler(self, state: StateCell<S>) -> Self::Handler {
                FnHandler { function: self, state, marker: PhantomData }
            }
        }

        #[allow(non_snake_case, unused_mut, unused_variables)]
        impl<F, Fut, S, $($ty,)* $last> Handler for FnHandler<F, OnItem<($($ty,)* $last,)>, S>
        where
            F: Fn($($ty,)* Item<$last>,) -> Fut + MaybeSend + MaybeSync + 'static,
            Fut: Future<Output: IntoResponse> + MaybeSend,
            S: MaybeSend + MaybeSync + 'static,
            $($ty: FromEventRef<S> + MaybeSend + 'static,)*
            $last: FromItem + MaybeSend + 'static,
        {
            const EAGER: bool = false;

            async fn call(&self, event: Event, cx: Context) -> Result<Response, Error> {
                let state = self.state.get(&cx).await?;
                let batch = batch::Raw::split(event)?;
                batch.run(&cx, |mut event, item| {
                    let cx = &cx;
                    async move {
                        $(let $ty = $ty::from_event_ref(&mut event, cx, state).await?;)*
                        let $last = item.decode::<$last>()?;
                        (self.function)($($ty,)* Item($last),).await.into_response()
                    }
                }).await
            }

            async fn start(&self, cx: Context) -> Result<(), Error> {
                self.state.get(&cx).await.map(drop)
            }
        }
    };
}

functions!([], T1);
functions!([T1], T2);
functions!([T1, T2], T3);
functions!([T1, T2, T3], T4);
functions!([T1, T2, T3, T4], T5);
functions!([T1, T2, T3, T4, T5], T6);
functions!([T1, T2, T3, T4, T5, T6], T7);
functions!([T1, T2, T3, T4, T5, T6, T7], T8);

impl<F, Fut, S> IntoHandler<OnEvent<()>, S> for F
where
    F: Fn() -> Fut + MaybeSend + MaybeSync + 'static,
    Fut: Future<Output: IntoResponse> + MaybeSend,
    S: MaybeSend + MaybeSync + 'static,
{
    type Handler = FnHandler<F, OnEvent<()>, S>;

    fn into_handler(self, state: StateCell<S>) -> Self::Handler {
        FnHandler { function: self, state, marker: PhantomData }
    }
}

impl<F, Fut, S> Handler for FnHandler<F, OnEvent<()>, S>
where
    F: Fn() -> Fut + MaybeSend + MaybeSync + 'static,
    Fut: Future<Output: IntoResponse> + MaybeSend,
    S: MaybeSend + MaybeSync + 'static,
{
    const EAGER: bool = false;

    #[expect(clippy::manual_async_fn, reason = "an `async fn` moves the event once more")]
    fn call(&self, event: Event, _: Context) -> impl Future<Output = Result<Response, Error>> + MaybeSend {
        async move {
            // Kept to the end, as by every other function: a client's stream that is dropped ends its connection.
            let _kept = &event;
            (self.function)().await.into_response()
        }
    }
}
