//! Greets by name.

use anyfn::{Json, Query, handler};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Params {
    name: Option<String>,
}

#[derive(Serialize)]
struct Greeting {
    message: String,
}

/// Answers every request. What it needs stands in its arguments, and nothing in it names a platform.
#[handler]
async fn hello(Query(params): Query<Params>) -> Json<Greeting> {
    let name = params.name.as_deref().unwrap_or("World");
    Json(Greeting {
        message: format!("Hello, {name}!"),
    })
}

#[cfg(test)]
mod tests {
    use anyfn::test::{block_on, get};

    use super::hello;

    #[test]
    fn greets_by_name() {
        let answer = block_on(get("/?name=Ada").send(hello));
        assert_eq!(
            (answer.status(), answer.text()),
            (200, r#"{"message":"Hello, Ada!"}"#)
        );
    }

    #[test]
    fn greets_the_world_without_a_name() {
        assert_eq!(
            block_on(get("/").send(hello)).text(),
            r#"{"message":"Hello, World!"}"#
        );
    }
}
