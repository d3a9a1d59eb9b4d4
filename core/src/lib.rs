#![doc = include_str!("../docs/crate.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod app;
mod body;
mod capabilities;
mod context;
mod error;
mod event;
mod handler;
mod maybe_send;
mod names;
mod panics;
mod shutdown;
mod state;
mod trace;

pub mod batch;
pub mod cloudevents;
pub mod extract;
pub mod manifest;
pub mod response;
pub mod test;

pub use {bytes, http};

pub use app::{App, AppBuilder};
pub use batch::{Batch, Entry, Item, Order, Outcome};
pub use body::{Body, BodyError};
pub use capabilities::{Capabilities, Trigger};
pub use context::{BoxFuture, Context, Invocation, Level};
pub use error::{BoxError, Error, ErrorKind};
pub use event::{Change, ChangeKind, Custom, Event, Message, ObjectAction, ObjectEvent, Payload, Schedule};
pub use extract::{Form, FromEvent, FromEventRef, Json, Path, Query, State};
pub use handler::{DynFuture, DynHandler, Handler, IntoHandler};
pub use maybe_send::{MaybeSend, MaybeSync};
pub use names::Names;
pub use panics::{dispatch, dispatch_http};
pub use response::{IntoResponse, Response};
pub use shutdown::{OnShutdown, dispatch_shutdown};
pub use state::StateCell;
pub use trace::TraceContext;

/// What most functions return: a value, or anyfn's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
