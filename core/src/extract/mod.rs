//! What a function's arguments are made of.
//!
//! All arguments but the last borrow the event ([`FromEventRef`]); the last may consume it ([`FromEvent`]), as a body or a
//! batch does. `Option<E>` is `None` where the thing is absent and rejects where it is malformed; `Result<E, Error>` hands
//! the rejection to the function.

mod body;
mod event;
mod http;
mod path;

use std::future::Future;

pub use self::body::{Form, Json};
pub use self::http::Query;
pub use self::path::Path;
pub(crate) use self::path::PathParams;

use crate::{Context, Error, Event, MaybeSend};

/// Makes an argument without consuming the event, so it may stand at any place.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no extractor for a program whose state is `{S}`",
    note = "only the last argument may consume the event (`Json`, `Form`, `Bytes`, `String`, `Batch`, …)",
    note = "`T` in `Query<T>` and `Path<T>` derives `serde::Deserialize`; `State<S>` needs `state = …` with a function that \
            returns that very `S`"
)]
pub trait FromEventRef<S>: Sized {
    /// Makes it.
    ///
    /// # Errors
    /// The event does not carry it, or carries it malformed: over HTTP the error is the answer.
    fn from_event_ref(
        event: &mut Event,
        cx: &Context,
        state: &S,
    ) -> impl Future<Output = Result<Self, Error>> + MaybeSend;

    /// Makes it, or `None` where the event has nothing of the kind.
    ///
    /// # Errors
    /// It is there and malformed.
    fn optional(
        event: &mut Event,
        cx: &Context,
        state: &S,
    ) -> impl Future<Output = Result<Option<Self>, Error>> + MaybeSend
    where
        Self: MaybeSend,
        S: crate::MaybeSync,
    {
        async { Self::from_event_ref(event, cx, state).await.map(Some) }
    }
}

/// Marks extractors that consume the event.
#[derive(Debug)]
pub struct Consumes;

/// Marks extractors that borrow the event and stand last.
#[derive(Debug)]
pub struct Borrows;

/// Makes the last argument, and may consume the event for it. `M` is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no extractor for a program whose state is `{S}`",
    note = "extractors are `Query<T>`, `Path<T>`, `Json<T>`, `Form<T>`, `State<S>`, `Context`, `Method`, `Uri`, `HeaderMap`, `Bytes`, `String`, `Schedule`, `Batch<T>`, and what implements `anyfn::FromEvent` or `anyfn::FromEventRef`",
    note = "`T` derives `serde::Deserialize`; `State<S>` needs `state = …` with a function that returns that very `S`"
)]
pub trait FromEvent<S, M = Consumes>: Sized {
    /// Makes it.
    ///
    /// # Errors
    /// The event does not carry it, or carries it malformed: over HTTP the error is the answer.
    fn from_event(event: Event, cx: &Context, state: &S) -> impl Future<Output = Result<Self, Error>> + MaybeSend;
}

impl<S, T> FromEvent<S, Borrows> for T
where
    S: crate::MaybeSync,
    T: FromEventRef<S>,
{
    async fn from_event(mut event: Event, cx: &Context, state: &S) -> Result<Self, Error> {
        T::from_event_ref(&mut event, cx, state).await
    }
}

/// The program's state, made once by the function given as `state`.
#[derive(Clone, Copy, Debug, Default)]
pub struct State<S>(pub S);

impl<S: Clone + MaybeSend + crate::MaybeSync> FromEventRef<S> for State<S> {
    async fn from_event_ref(_: &mut Event, _: &Context, state: &S) -> Result<Self, Error> {
        Ok(Self(state.clone()))
    }
}

impl<S: crate::MaybeSync> FromEventRef<S> for Context {
    async fn from_event_ref(_: &mut Event, cx: &Context, _: &S) -> Result<Self, Error> {
        Ok(cx.clone())
    }
}

impl<S: crate::MaybeSync, T: FromEventRef<S> + MaybeSend> FromEventRef<S> for Option<T> {
    async fn from_event_ref(event: &mut Event, cx: &Context, state: &S) -> Result<Self, Error> {
        T::optional(event, cx, state).await
    }
}

impl<S: crate::MaybeSync, T: FromEventRef<S>> FromEventRef<S> for Result<T, Error> {
    async fn from_event_ref(event: &mut Event, cx: &Context, state: &S) -> Result<Self, Error> {
        Ok(T::from_event_ref(event, cx, state).await)
    }
}
