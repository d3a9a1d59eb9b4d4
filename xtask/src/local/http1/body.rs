//! A body on its way, piece by piece, with the trailers at its end.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::sync::{mpsc, watch};

use super::Headers;

/// The receiving end.
pub(crate) struct Body {
    parts: mpsc::UnboundedReceiver<Part>,
    /// Counts the pieces that wait.
    waiting: watch::Sender<usize>,
    trailers: Option<Headers>,
}

enum Part {
    Data(Bytes),
    End(Headers),
    Failed(io::Error),
}

/// The sending end; dropped before [`Sender::end`], the body is cut short.
pub(crate) struct Sender {
    parts: mpsc::UnboundedSender<Part>,
    waiting: watch::Sender<usize>,
}

/// A body, and where to put its pieces.
///
/// Pieces are taken as fast as they come, however slow the reader: when the writer was done is seen when it was. A writer that
/// has no end waits with [`Sender::taken`].
pub(crate) fn channel() -> (Sender, Body) {
    let (sender, parts) = mpsc::unbounded_channel();
    let waiting = watch::Sender::new(0);
    (Sender { parts: sender, waiting: waiting.clone() }, Body { parts, waiting, trailers: None })
}

impl Sender {
    /// Sends a piece; `false` when nobody wants it any more.
    pub(crate) fn data(&self, data: Bytes) -> bool {
        self.waiting.send_modify(|waiting| *waiting += 1);
        self.parts.send(Part::Data(data)).is_ok()
    }

    /// Waits until the reader has taken all that was sent; `false` when nobody wants any more.
    pub(crate) async fn taken(&self) -> bool {
        let mut waiting = self.waiting.subscribe();
        tokio::select! {
            () = self.parts.closed() => false,
            _ = waiting.wait_for(|waiting| *waiting == 0) => true,
        }
    }

    /// Waits until nobody wants any more.
    pub(crate) async fn closed(&self) {
        self.parts.closed().await;
    }

    /// The body is complete.
    pub(crate) fn end(self, trailers: Headers) {
        let _ = self.parts.send(Part::End(trailers));
    }

    /// The body will never be complete.
    pub(crate) fn fail(self, error: io::Error) {
        let _ = self.parts.send(Part::Failed(error));
    }
}

impl Body {
    /// The next piece, or `None` at the end.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.trailers.is_some() {
            return Ok(None);
        }
        match self.parts.recv().await {
            Some(Part::Data(data)) => {
                self.waiting.send_modify(|waiting| *waiting -= 1);
                Ok(Some(data))
            }
            Some(Part::End(trailers)) => {
                self.trailers = Some(trailers);
                Ok(None)
            }
            Some(Part::Failed(error)) => Err(error),
            None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the body was cut short")),
        }
    }

    /// All that is left, or `None` when that is more than `limit` bytes.
    pub(crate) async fn collect(&mut self, limit: usize) -> io::Result<Option<Bytes>> {
        let mut all = BytesMut::new();
        while let Some(piece) = self.next().await? {
            all.extend_from_slice(&piece);
            if all.len() > limit {
                return Ok(None);
            }
        }
        Ok(Some(all.freeze()))
    }

    /// What came after the last piece; `None` before the end.
    pub(crate) fn trailers(&self) -> Option<&Headers> {
        self.trailers.as_ref()
    }
}
