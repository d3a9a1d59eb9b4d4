//! An axum router, served wherever anyfn runs.

use std::sync::Arc;

use anyfn::Context;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

/// What the routes share, made once for each cold start.
struct Shared {
    greeting: String,
}

#[derive(Serialize)]
struct Greeting {
    message: String,
}

#[anyfn::main]
async fn router(cx: Context) -> Router {
    let greeting = cx.env("GREETING").unwrap_or_else(|| "Hello".to_owned());
    Router::new()
        .route("/", get(|| async { "Try /hello/Ada" }))
        .route("/hello/{name}", get(hello))
        .with_state(Arc::new(Shared { greeting }))
}

async fn hello(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Json<Greeting> {
    Json(Greeting {
        message: format!("{}, {name}!", shared.greeting),
    })
}

#[cfg(test)]
mod tests {
    use anyfn::test::{Memory, block_on, get};

    use super::router;

    #[test]
    fn greets_by_name() {
        let cx = Memory::default().env("GREETING", "Good day").context();
        let answer = block_on(async { get("/hello/Ada").send(router(cx).await).await });
        assert_eq!(
            (answer.status(), answer.text()),
            (200, r#"{"message":"Good day, Ada!"}"#)
        );
    }

    #[test]
    fn says_that_other_paths_are_not_found() {
        let cx = Memory::default().context();
        assert_eq!(
            block_on(async { get("/nowhere").send(router(cx).await).await }).status(),
            404
        );
    }
}
