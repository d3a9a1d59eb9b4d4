//! The body's text apart from the rest of an event.

use anyfn_core::{Body, Error};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::event::Envelope;
use crate::json::{self, Content};

/// An event with an empty text where its body stands, and the body.
///
/// The fast path for requests with a body: `serde_json` gets the kilobyte around it alone.
pub(super) struct Cut {
    pub(super) rest: Vec<u8>,
    /// Where in `rest` the empty text is.
    at: usize,
    content: Content,
}

impl Cut {
    /// Cuts out the first text that is a member `body` of any object; `None` where there is none, and for what takes more
    /// care.
    pub(super) fn of(event: &Bytes) -> Option<Self> {
        const MEMBER: &[u8] = b"\"body\":\"";
        let member = memchr::memmem::find(event, MEMBER)?;
        // In a text the quotes would be escaped, and then what stands here is a backslash.
        if !matches!(event[..member].last(), Some(b',' | b'{')) {
            return None;
        }
        let at = member + MEMBER.len();
        let (content, end) = json::string(event, at)?;
        let rest = [&event[..at], &event[end..]].concat();
        Some(Self { rest, at, content })
    }

    /// The body of the event, if it was the event's own that was cut out of what is now `rest` and no deeper one, and is
    /// text where it says so.
    pub(super) fn body(self, rest: &[u8], envelope: &Envelope<'_>) -> Option<Result<Body, Error>> {
        let empty = envelope.body.as_ref()?;
        if !empty.is_empty() || empty.as_ptr() != rest[self.at..].as_ptr() {
            return None;
        }
        if envelope.is_base64_encoded == Some(true) {
            // What is wrong is looked at whole: it may be no JSON at all.
            return Some(Ok(match &self.content {
                Content::AsItIs(text) => decoded(text),
                Content::Unescaped(text) => decoded(text),
            }
            .ok()?));
        }
        match self.content {
            Content::AsItIs(text) => json::is_text(&text).then(|| Ok(text.into())),
            Content::Unescaped(text) => Some(Ok(String::from_utf8(text).ok()?.into())),
        }
    }
}

/// The bytes that a text of base64 stands for.
pub(super) fn decoded(text: &[u8]) -> Result<Body, Error> {
    // Vector instructions; what they refuse, the other one gives a reason for.
    let bytes = base64_simd::STANDARD.decode_to_vec(text).or_else(|_| STANDARD.decode(text));
    bytes
        .map(Body::from)
        .map_err(|error| Error::bad_request("the body is not the base64 that the event says").source(error))
}
