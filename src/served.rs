//! What the macros call beside [`run`](crate::run::run).

use std::sync::Arc;

use crate::{App, Context, DynHandler, Error, Event, IntoHandler, MaybeSend, MaybeSync, Response, State, StateCell};

/// A program that answers HTTP with what `make` returns, called by the first event.
pub fn served<M, H, F, Fut>(make: F) -> App
where
    F: Fn(Context) -> Fut + MaybeSend + MaybeSync + 'static,
    Fut: Future<Output = Result<H, Error>> + MaybeSend + 'static,
    H: IntoHandler<M>,
{
    let made = move |cx| {
        let making = make(cx);
        async move {
            let handler: Arc<dyn DynHandler> = Arc::new(making.await?.into_handler(StateCell::unit()));
            Ok::<_, Error>(handler)
        }
    };
    App::builder().state(made).http(forward).build()
}

async fn forward(State(handler): State<Arc<dyn DynHandler>>, cx: Context, event: Event) -> Result<Response, Error> {
    handler.call_dyn(event, cx).await
}

/// Refuses, while compiling, a program whose `main` the compiler would not find.
///
/// # Panics
/// `module` is no crate's root.
pub const fn at_the_root(module: &str) {
    let bytes = module.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        assert!(
            bytes[at] != b':',
            "anyfn's macros write `main`, which is found at the crate's root alone: move this to main.rs, and name \
             functions of modules by their path, as in `http => api::hello` in `anyfn::app!`"
        );
        at += 1;
    }
}
