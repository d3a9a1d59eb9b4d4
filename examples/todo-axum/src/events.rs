//! The list as it changes, in server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyfn::Context;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::Event;
use futures_util::stream::{Stream, unfold};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::layers::Limits;
use crate::todos::Store;

/// How often the store is asked. It is asked, and does not call: on some platforms nothing may reach from one request into
/// another, and the change may have been another instance's.
const PAUSE: Duration = Duration::from_millis(200);
/// What is left of the invocation's time for the end of the answer.
const REST: Duration = Duration::from_secs(1);

#[derive(Deserialize, IntoParams)]
pub(crate) struct Since {
    /// The revision that is known; a browser that connects again says it in the header `last-event-id`.
    revision: Option<u64>,
}

/// The whole list whenever it has changed, until the answer ends and the browser connects again by itself.
#[utoipa::path(
    get,
    path = "/api/events",
    params(Since),
    responses((status = OK, body = String, content_type = "text/event-stream"))
)]
pub(crate) async fn events(
    cx: Context,
    State(todos): State<Arc<dyn Store>>,
    State(limits): State<Limits>,
    Query(since): Query<Since>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let time = cx.remaining().map_or(limits.events, |left| limits.events.min(left.saturating_sub(REST)));
    let watch = Watch { until: cx.now() + time, known: last.or(since.revision), cx, todos };
    Sse::new(unfold(Some(watch), step))
}

struct Watch {
    cx: Context,
    todos: Arc<dyn Store>,
    known: Option<u64>,
    until: SystemTime,
}

/// The next event; the last one says how soon to connect again.
async fn step(watch: Option<Watch>) -> Option<(Result<Event, Infallible>, Option<Watch>)> {
    let mut watch = watch?;
    loop {
        let list = watch.todos.list().await;
        if watch.known != Some(list.revision) {
            watch.known = Some(list.revision);
            let data = serde_json::to_string(&list.todos).unwrap_or_default();
            let event = Event::default().event("todos").id(list.revision.to_string()).data(data);
            return Some((Ok(event), Some(watch)));
        }
        if watch.cx.now() >= watch.until {
            let event = Event::default().retry(PAUSE).comment("until soon");
            return Some((Ok(event), None));
        }
        watch.cx.sleep(PAUSE).await;
    }
}
