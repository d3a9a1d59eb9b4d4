//! Events, genuine and forged, and the queues' API that they are asked for at.

mod api;
mod queue;
mod refused;
mod taken;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyfn_core::{Context, Error, Event, Handler, ObjectEvent, Outcome, Response};

use super::Platform;
use crate::events::answer;
use crate::serve::Outside;

thread_local! {
    /// A test and its instance share a thread, and no other test has it.
    static VARIABLES: RefCell<HashMap<String, String>> = RefCell::default();
}

fn set(variables: &[(&str, &str)]) {
    let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    VARIABLES.with_borrow_mut(|all| all.extend(owned));
}

async fn platform(handler: &Notes) -> Platform {
    let variable = |name: &str| VARIABLES.with_borrow(|all| all.get(name).cloned());
    Platform::start_with(handler.clone(), Outside { variable, events: Some(answer) }).await
}

/// A handler that writes down what it gets, and lets items fail that say so.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    fn note(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }
}

impl Handler for Notes {
    async fn call(&self, event: Event, cx: Context) -> Result<Response, Error> {
        match event {
            Event::Http(request) => {
                self.note(format!("http {}", request.uri().path()));
                Ok(Response::Http(http::Response::default()))
            }
            Event::Schedule(tick) => {
                let late = cx.now().duration_since(tick.scheduled_at).unwrap();
                let since = tick.scheduled_at.duration_since(std::time::UNIX_EPOCH).unwrap();
                assert!(late < Duration::from_secs(61) && since.as_millis() % 60_000 == 0, "{late:?} {since:?}");
                self.note(format!("tick {}", tick.name));
                if tick.name == "fails" { Err(Error::bad_request("no")) } else { Ok(Response::Done) }
            }
            Event::Object(batch) => {
                let ObjectEvent { action, bucket, key, size, etag, .. } = &batch.items[0].payload;
                self.note(format!("{action:?} {} {bucket} {key} {size:?} {etag:?}", batch.source));
                Ok(Response::Done)
            }
            Event::Queue(batch) => {
                let item = &batch.items[0];
                let text = std::str::from_utf8(&item.payload.0).unwrap();
                self.note(format!("{} {} {:?} {text}", batch.source, item.receipt, item.attempts));
                match text {
                    "panics" => panic!("as told"),
                    "fails" => Err(Error::internal("as told")),
                    "later" => {
                        batch.retry(item, Some(Duration::from_secs(90)), Error::internal("not yet"));
                        Ok(Response::Batch(batch.outcomes().take()))
                    }
                    "poison" => Ok(Response::Batch(vec![Outcome::Drop { error: Error::internal("never") }])),
                    _ => Ok(Response::Done),
                }
            }
            other => {
                self.note(format!("{other:?}"));
                Ok(Response::Done)
            }
        }
    }
}
