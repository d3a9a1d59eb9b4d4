//! One body type: empty, whole, or a stream.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http_body::{Frame, SizeHint};

use crate::panics::catch_step;
use crate::{BoxError, MaybeSend};

type Streaming = Pin<Box<dyn http_body::Body<Data = Bytes, Error = BoxError> + Send>>;

/// The body of a request or a response: empty, whole bytes, or a stream.
///
/// The adapter chooses the wire form; a handler never does. `Body` is `Send` on every target, so that an
/// `axum::Router` serves it everywhere.
///
/// ```
/// use anyfn_core::Body;
/// let body = Body::from("hello");
/// assert_eq!(body.whole().unwrap(), "hello");
/// ```
#[derive(Default)]
pub struct Body(Inner);

#[derive(Default)]
enum Inner {
    #[default]
    Empty,
    Whole(Bytes),
    Stream(Streaming),
}

impl Body {
    /// A body with nothing in it.
    pub const fn empty() -> Self {
        Self(Inner::Empty)
    }

    /// Wraps any [`http_body::Body`] whose chunks are [`Bytes`]; a [`Body`] is passed through as it is.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut body = Some(body);
        if let Some(same) = (&mut body as &mut dyn std::any::Any).downcast_mut::<Option<Self>>() {
            return same.take().unwrap_or_default();
        }
        match body {
            Some(body) if body.is_end_stream() => Self::empty(),
            Some(body) => Self(Inner::Stream(Box::pin(MapErr(Box::pin(body))))),
            None => Self::empty(),
        }
    }

    /// A body sent chunk by chunk, each when it is ready where the target streams.
    ///
    /// An error ends the response early; the platform's client sees a broken transfer, never a complete one.
    pub fn from_stream<S, T, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<T, E>> + MaybeSend + 'static,
        T: Into<Bytes> + 'static,
        E: Into<BoxError> + 'static,
    {
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        let stream = send_wrapper::SendWrapper::new(stream);
        Self(Inner::Stream(Box::pin(StreamBody(Box::pin(stream)))))
    }

    /// The bytes, if they are all here: `None` for a stream.
    pub fn whole(&self) -> Option<&Bytes> {
        static NOTHING: Bytes = Bytes::new();
        match &self.0 {
            Inner::Empty => Some(&NOTHING),
            Inner::Whole(bytes) => Some(bytes),
            Inner::Stream(_) => None,
        }
    }

    /// The bytes, if they are all here; the stream itself otherwise.
    pub fn try_into_whole(self) -> Result<Bytes, Self> {
        match self.0 {
            Inner::Empty => Ok(Bytes::new()),
            Inner::Whole(bytes) => Ok(bytes),
            Inner::Stream(_) => Err(self),
        }
    }

    /// Whether the body arrives chunk by chunk.
    pub const fn is_stream(&self) -> bool {
        matches!(self.0, Inner::Stream(_))
    }

    /// Makes a stream whose length is known whole, since it is a buffer in disguise; leaves any other as it is.
    pub(crate) async fn buffered(self) -> Result<Self, BodyError> {
        match http_body::Body::size_hint(&self).exact() {
            Some(_) if self.is_stream() => self.collect(usize::MAX).await.map(Self::from),
            _ => Ok(self),
        }
    }

    /// Reads the body to its end, at most `limit` bytes.
    ///
    /// # Errors
    /// [`BodyError::TooLarge`] beyond the limit, [`BodyError::Read`] when the stream fails.
    pub async fn collect(self, limit: usize) -> Result<Bytes, BodyError> {
        let mut stream = match self.0 {
            Inner::Empty => return Ok(Bytes::new()),
            Inner::Whole(bytes) if bytes.len() > limit => return Err(BodyError::TooLarge { limit }),
            Inner::Whole(bytes) => return Ok(bytes),
            Inner::Stream(_) => self,
        };
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(frame) = std::future::poll_fn(|cx| http_body::Body::poll_frame(Pin::new(&mut stream), cx)).await
        {
            let Ok(data) = frame.map_err(BodyError::Read)?.into_data() else { continue };
            if first.len() + rest.len() + data.len() > limit {
                return Err(BodyError::TooLarge { limit });
            }
            if first.is_empty() {
                first = data;
            } else {
                // Most bodies come in one chunk, which is handed on without a copy.
                rest.extend_from_slice(&data);
            }
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let mut all = BytesMut::with_capacity(first.len() + rest.len());
        all.extend_from_slice(&first);
        all.extend_from_slice(&rest);
        Ok(all.freeze())
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Inner::Empty => Poll::Ready(None),
            Inner::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Inner::Empty;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Inner::Stream(stream) => match catch_step(|| stream.as_mut().poll_frame(cx)) {
                Ok(polled) => polled,
                Err(panicked) => {
                    // Whatever it has left behind is not polled again.
                    self.0 = Inner::Empty;
                    Poll::Ready(Some(Err(panicked)))
                }
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Empty => true,
            Inner::Whole(bytes) => bytes.is_empty(),
            Inner::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Empty => SizeHint::with_exact(0),
            Inner::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Inner::Stream(stream) => stream.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Empty => f.write_str("Body(empty)"),
            Inner::Whole(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Inner::Stream(_) => f.write_str("Body(stream)"),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        if bytes.is_empty() { Self::empty() } else { Self(Inner::Whole(bytes)) }
    }
}

macro_rules! from_bytes_like {
    ($($type:ty),*) => {$(
        impl From<$type> for Body {
            fn from(value: $type) -> Self {
                Self::from(Bytes::from(value))
            }
        }
    )*};
}
from_bytes_like!(&'static str, String, Vec<u8>, &'static [u8]);

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

/// Why a body could not be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum BodyError {
    /// It is longer than `limit` bytes.
    TooLarge {
        /// The limit that was given, in bytes.
        limit: usize,
    },
    /// The stream failed before its end.
    Read(BoxError),
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "the body is longer than {limit} bytes"),
            Self::Read(source) => write!(f, "the body could not be read to its end: {source}"),
        }
    }
}

impl StdError for BodyError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::TooLarge { .. } => None,
            Self::Read(source) => Some(&**source),
        }
    }
}

struct MapErr<B>(Pin<Box<B>>);

impl<B> http_body::Body for MapErr<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.as_mut().poll_frame(cx).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

struct StreamBody<S>(Pin<Box<S>>);

impl<S, T, E> http_body::Body for StreamBody<S>
where
    S: Stream<Item = Result<T, E>>,
    T: Into<Bytes>,
    E: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0
            .as_mut()
            .poll_next(cx)
            .map(|next| next.map(|item| item.map(|data| Frame::data(data.into())).map_err(Into::into)))
    }
}
