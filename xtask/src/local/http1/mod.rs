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

pub(crate) use body::{Body, channel};
#[cfg(test)]
pub(crate) use client::Reply;
pub(crate) use client::send;
pub(crate) use head::Headers;
pub(crate) use server::{serve, serve_counted};

/// A request as it came.
pub(crate) struct Request {
    /// The method, in the letters that were sent.
    pub(crate) method: String,
    /// The request target, byte for byte.
    pub(crate) target: Vec<u8>,
    /// The headers, in order, names as they were sent.
    pub(crate) headers: Headers,
    /// How the body is framed.
    pub(crate) framing: Framing,
    /// The body, its framing taken off.
    pub(crate) body: Body,
    /// Who sent it.
    pub(crate) peer: SocketAddr,
    /// Where it was sent.
    pub(crate) local: SocketAddr,
}

/// What goes back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Where it is not the status' usual one.
    pub(crate) reason: Option<String>,
    /// Framing headers among them are replaced by true ones.
    pub(crate) headers: Headers,
    pub(crate) body: Outgoing,
}

impl Answer {
    /// An answer with a whole body.
    pub(crate) fn new(status: u16, headers: Headers, body: impl Into<Bytes>) -> Self {
        Self { status, reason: None, headers, body: Outgoing::Whole(body.into()) }
    }

    /// An answer with a whole body of this type.
    pub(crate) fn typed(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::new(status, Headers::new().with("content-type", content_type), body)
    }
}

/// A body to be sent.
pub(crate) enum Outgoing {
    /// None at all, and no word about it.
    None,
    /// All of it, with its length.
    Whole(Bytes),
    /// Piece by piece: with its length where it is known, otherwise chunked. A failing one breaks the connection.
    Stream { length: Option<u64>, body: Body },
}

/// How a body's end is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none.
    None,
    /// So many bytes.
    Length(u64),
    /// `transfer-encoding: chunked`.
    Chunked,
    /// It ends with the connection; answers only.
    UntilClose,
}
