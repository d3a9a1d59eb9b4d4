//! Extractors of a request's head.

use http::{HeaderMap, Method, Uri, Version};
use serde::de::DeserializeOwned;

use super::FromEventRef;
use crate::{Body, Context, Error, ErrorKind, Event, MaybeSend, MaybeSync};

/// The HTTP request of an event that is one.
pub(super) fn request(event: &mut Event) -> Result<&mut http::Request<Body>, Error> {
    match event {
        Event::Http(request) => Ok(request),
        other => Err(no_http(other)),
    }
}

pub(super) fn no_http(event: &Event) -> Error {
    Error::of(ErrorKind::Mismatch)
        .source(format!("the handler reads an HTTP request, and a {} event came", event.trigger()))
}

/// The query, read by `serde`: names to fields; a name that repeats fills a `Vec`.
///
/// A query that does not fit answers 400. `Option<Query<T>>` is `None` where there is no query at all.
///
/// ```
/// use anyfn_core::Query;
///
/// #[derive(serde::Deserialize)]
/// struct Page { #[serde(default)] tag: Vec<String>, page: Option<u32> }
///
/// async fn list(Query(Page { tag, page }): Query<Page>) -> String {
///     format!("{tag:?} {page:?}")
/// }
/// # anyfn_core::test::block_on(async {
/// let answer = anyfn_core::test::get("/?tag=a&tag=b&page=2").send(list).await;
/// assert_eq!(answer.text(), r#"["a", "b"] Some(2)"#);
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<T>(pub T);

impl<S: MaybeSync, T: DeserializeOwned + MaybeSend> FromEventRef<S> for Query<T> {
    async fn from_event_ref(event: &mut Event, _: &Context, _: &S) -> Result<Self, Error> {
        let query = request(event)?.uri().query().unwrap_or_default();
        serde_html_form::from_str(query)
            .map(Self)
            .map_err(|source| Error::bad_request(format!("the query cannot be read: {source}")))
    }

    async fn optional(event: &mut Event, cx: &Context, state: &S) -> Result<Option<Self>, Error> {
        match event {
            Event::Http(request) if request.uri().query().is_some() => {
                Self::from_event_ref(event, cx, state).await.map(Some)
            }
            _ => Ok(None),
        }
    }
}

macro_rules! head {
    ($type:ty, $request:ident => $value:expr) => {
        impl<S: MaybeSync> FromEventRef<S> for $type {
            async fn from_event_ref(event: &mut Event, _: &Context, _: &S) -> Result<Self, Error> {
                let $request = request(event)?;
                Ok($value)
            }
        }
    };
}

head!(Method, request => request.method().clone());
head!(Uri, request => request.uri().clone());
head!(Version, request => request.version());
head!(HeaderMap, request => request.headers().clone());
