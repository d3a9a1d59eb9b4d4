//! Asked of each part of a handler on its own, so that the compiler points at the part that does not fit.

use std::marker::PhantomData;

use crate::batch::FromItem;
use crate::{AppBuilder, FromEvent, FromEventRef, IntoResponse, Item, MaybeSend};

/// The parts of a handler of a program whose state is `S`.
#[derive(Debug)]
pub struct Parts<S>(PhantomData<fn() -> S>);

impl<S> Parts<S> {
    /// Of a handler that this program gets.
    pub fn of(_: &AppBuilder<S>) -> Self {
        Self(PhantomData)
    }

    /// An argument that others follow.
    pub fn argument<T: FromEventRef<S>>(&self) {}

    /// The last argument.
    pub fn last_argument<M, T: LastArgument<S, M>>(&self) {}

    /// The future that the function returns.
    pub fn future<F: MaybeSend>(&self, _: F) {}

    /// What the function returns.
    pub fn answer<T: IntoResponse>(&self) {}
}

/// What may stand last: what consumes the event, and an item of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no extractor for a program whose state is `{S}`",
    label = "not an extractor",
    note = "extractors are `Query<T>`, `Path<T>`, `Json<T>`, `Form<T>`, `Item<T>`, `Batch<T>`, `State<S>`, `Context`, `HeaderMap`, `Bytes`, `String`, `Schedule`, `Event`, and what implements `anyfn::FromEvent` or `anyfn::FromEventRef`",
    note = "`T` derives `serde::Deserialize`; `State<S>` needs `state = …` with a function that returns that very `S`"
)]
pub trait LastArgument<S, M> {}

/// Marks extractors.
#[derive(Debug)]
pub struct Extracted<M>(PhantomData<fn() -> M>);

/// Marks items.
#[derive(Debug)]
pub struct OfBatch;

impl<S, M, T: FromEvent<S, M>> LastArgument<S, Extracted<M>> for T {}

impl<S, T: FromItem> LastArgument<S, OfBatch> for Item<T> {}
