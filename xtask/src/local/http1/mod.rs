//! HTTP/1.1 by hand, so that nothing is tidied up on the way: the target's bytes, the order, repeats and letters of header
//! names, any method, bodies whole or piece by piece.

mod body;
mod client;
mod head;
mod server;
#[cfg(test)]
mod tests;
mod wire;

use std::net::SocketAddr;

use bytes::Bytes;

pub(super) use body::{Body, channel};
#[cfg(test)]
pub(super) use client::Reply;
pub(super) use client::send;
pub(super) use head::Headers;
pub(super) use server::{serve, serve_counted};

/// A request as it came.
pub(super) struct Request {
    /// The method, in the letters that were sent.
    pub(super) method: String,
    /// The request target, byte for byte.
    pub(super) target: Vec<u8>,
    /// The headers, in order, names as they were sent.
    pub(super) headers: Headers,
    /// How the body is framed.
    pub(super) framing: Framing,
    /// The body, its framing taken off.
    pub(super) body: Body,
    /// Who sent it.
    pub(super) peer: SocketAddr,
    /// Where it was sent.
    pub(super) local: SocketAddr,
}

/// What goes back.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Where it is not the status' usual one.
    pub(super) reason: Option<String>,
    /// Framing headers among them are replaced by true ones.
    pub(super) headers: Headers,
    pub(super) body: Outgoing,
}

impl Answer {
    /// An answer with a whole body.
    pub(super) fn new(status: u16, headers: Headers, body: impl Into<Bytes>) -> Self {
        Self { status, reason: None, headers, body: Outgoing::Whole(body.into()) }
    }

    /// An answer with a whole body of this type.
    pub(super) fn typed(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::new(status, Headers::new().with("content-type", content_type), body)
    }
}

/// A body to be sent.
pub(super) enum Outgoing {
    /// None at all, and no word about it.
    None,
    /// All of it, with its length.
    Whole(Bytes),
    /// Piece by piece: with its length where it is known, otherwise chunked. A failing one breaks the connection.
    Stream { length: Option<u64>, body: Body },
}

/// How a body's end is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none.
    None,
    /// So many bytes.
    Length(u64),
    /// `transfer-encoding: chunked`.
    Chunked,
    /// It ends with the connection; answers only.
    UntilClose,
}
