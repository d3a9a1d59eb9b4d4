//! A list of things to do: an axum API with tower-http's layers, its OpenAPI document, and a page that shows changes live.

mod api;
mod events;
mod layers;
mod page;
#[cfg(test)]
mod tests;
mod todos;

use std::sync::Arc;
use std::time::Duration;

use anyfn::Context;
use axum::Router;
use axum::extract::FromRef;

use crate::layers::Limits;
use crate::todos::{InMemory, Store};

/// What the handlers share; each takes the part that it needs.
#[derive(Clone)]
struct Shared {
    todos: Arc<dyn Store>,
    limits: Limits,
}

impl FromRef<Shared> for Arc<dyn Store> {
    fn from_ref(shared: &Shared) -> Self {
        Arc::clone(&shared.todos)
    }
}

impl FromRef<Shared> for Limits {
    fn from_ref(shared: &Shared) -> Self {
        shared.limits.clone()
    }
}

/// Made once for each cold start. Put your database's client here.
#[anyfn::main]
async fn todo(cx: Context) -> Router {
    let seconds = |name: &str, usual| {
        let given = cx.env(name).and_then(|text| text.parse().ok());
        Duration::from_secs_f64(given.filter(|given| (0.0..=900.0).contains(given)).unwrap_or(usual))
    };
    let limits = Limits {
        answer: seconds("ANSWER_SECONDS", 10.0),
        events: seconds("EVENTS_SECONDS", 25.0),
        origins: cx.env("ALLOWED_ORIGINS").unwrap_or_default().into(),
    };
    program(Shared { todos: Arc::new(InMemory::default()), limits })
}

fn program(shared: Shared) -> Router {
    let (routes, document) = api::routes().split_for_parts();
    let routes = routes.merge(page::routes(&document));
    layers::around(routes, &shared.limits).with_state(shared)
}
