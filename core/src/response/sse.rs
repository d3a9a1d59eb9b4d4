//! Server-sent events.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderValue, header};

use super::{IntoResponse, Response, typed};
use crate::{Body, Error, MaybeSend};

/// One server-sent event (HTML Standard, section 9.2.5).
///
/// ```
/// use anyfn_core::response::SseEvent;
/// assert_eq!(SseEvent::data("a\nb").event("tick").id("7").to_string(), "event: tick\nid: 7\ndata: a\ndata: b\n\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct SseEvent {
    fields: String,
    data: String,
}

impl SseEvent {
    /// An event with this text; a line of its own for each of the text's.
    pub fn data(text: impl Into<String>) -> Self {
        Self { fields: String::new(), data: text.into() }
    }

    /// The event's type.
    #[must_use]
    pub fn event(self, kind: impl AsRef<str>) -> Self {
        self.field("event", kind.as_ref())
    }

    /// The identifier that a client sends back when it connects again.
    #[must_use]
    pub fn id(self, id: impl AsRef<str>) -> Self {
        self.field("id", id.as_ref())
    }

    /// A field ends at its line: what would break the frame is left out.
    fn field(mut self, name: &str, value: &str) -> Self {
        let value: String = value.chars().filter(|c| !matches!(c, '\n' | '\r' | '\0')).collect();
        self.fields.push_str(&format!("{name}: {value}\n"));
        self
    }
}

impl std::fmt::Display for SseEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.fields)?;
        for line in self.data.replace("\r\n", "\n").split(['\n', '\r']) {
            writeln!(f, "data: {line}")?;
        }
        f.write_str("\n")
    }
}

/// A stream of server-sent events, each sent when it is ready where the target streams.
#[derive(Clone, Debug)]
pub struct Sse<S>(pub S);

impl<S> IntoResponse for Sse<S>
where
    S: Stream<Item = SseEvent> + MaybeSend + 'static,
{
    fn into_response(self) -> Result<Response, Error> {
        let mut response = typed("text/event-stream", Body::from_stream(Frames(Box::pin(self.0))));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        Ok(Response::Http(response))
    }
}

struct Frames<S>(Pin<Box<S>>);

impl<S: Stream<Item = SseEvent>> Stream for Frames<S> {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx).map(|event| event.map(|event| Ok(Bytes::from(event.to_string()))))
    }
}
