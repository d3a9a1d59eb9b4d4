//! What a program does when its instance ends.

use std::future::Future;
use std::sync::Arc;

use crate::panics::catch;
use crate::response::IntoResponse;
use crate::state::StateCell;
use crate::{Context, Error, Handler, Level, MaybeSend, MaybeSync, State};

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) type Shutdown = Box<dyn Fn(Context) -> crate::DynFuture<'static, Result<(), Error>> + Send + Sync>;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) type Shutdown = Box<dyn Fn(Context) -> crate::DynFuture<'static, Result<(), Error>>>;

/// Runs a handler's [`shutdown`](Handler::shutdown), as every adapter does: an error or a panic in it goes to the log.
pub async fn dispatch_shutdown<H: Handler>(handler: &H, cx: Context) {
    if let Err(error) = catch(async { handler.shutdown(cx.clone()).await }).await {
        cx.log_at(Level::Error, format!("anyfn: the shutdown failed: {error}"));
    }
}

/// An async function for [`AppBuilder::on_shutdown`](crate::AppBuilder::on_shutdown): its arguments, two at most, are
/// [`State`] and [`Context`], and it returns nothing or a `Result` of nothing. `M` is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing that can be called at the end",
    label = "not a function of `State<S>` and `Context`",
    note = "it is an async function whose arguments are `State<S>`, `Context`, both or neither, and that returns nothing or a `Result<(), _>`",
    note = "`State<S>` needs `state = …` with a function that returns that very `S`"
)]
pub trait OnShutdown<M, S>: MaybeSend + MaybeSync + 'static {
    /// Calls it, unless it takes a state that nothing has made.
    fn run(&self, state: &StateCell<S>, cx: Context) -> impl Future<Output = Result<(), Error>> + MaybeSend;
}

pub(crate) fn shutdown<M: 'static, S: MaybeSend + MaybeSync + 'static>(
    state: StateCell<S>,
    function: impl OnShutdown<M, S>,
) -> Shutdown {
    let function = Arc::new(function);
    Box::new(move |cx| {
        let (function, state) = (Arc::clone(&function), state.clone());
        Box::pin(async move { function.run(&state, cx).await })
    })
}

/// What there is at the end; `None` for a state that nothing has made.
trait Left<S>: Sized {
    fn left(state: &StateCell<S>, cx: &Context) -> Option<Self>;
}

impl<S> Left<S> for Context {
    fn left(_: &StateCell<S>, cx: &Context) -> Option<Self> {
        Some(cx.clone())
    }
}

impl<S: Clone> Left<S> for State<S> {
    fn left(state: &StateCell<S>, _: &Context) -> Option<Self> {
        state.ready().cloned().map(State)
    }
}

macro_rules! functions {
    ($($ty:ident),*) => {
        #[allow(non_snake_case, private_bounds, unused_variables)]
        impl<F, Fut, S, $($ty,)*> OnShutdown<($($ty,)*), S> for F
        where
            F: Fn($($ty),*) -> Fut + MaybeSend + MaybeSync + 'static,
            Fut: Future<Output: IntoResponse> + MaybeSend,
            S: MaybeSend + MaybeSync + 'static,
            $($ty: Left<S> + MaybeSend + 'static,)*
        {
            async fn run(&self, state: &StateCell<S>, cx: Context) -> Result<(), Error> {
                $(let Some($ty) = $ty::left(state, &cx) else { return Ok(()) };)*
                (self)($($ty),*).await.into_response().map(drop)
            }
        }
    };
}

functions!();
functions!(T1);
functions!(T1, T2);
