//! The README's test of its own function; `xtask/tests/book.rs` holds that the README shows these lines.

use anyfn::{Json, Query, test};

#[derive(serde::Deserialize)]
struct Params {
    name: Option<String>,
}

async fn hello(Query(params): Query<Params>) -> Json<serde_json::Value> {
    let name = params.name.as_deref().unwrap_or("World");
    Json(serde_json::json!({ "message": format!("Hello, {name}!") }))
}

#[test]
fn the_test_in_the_readme_passes() {
    let answer = test::block_on(test::get("/?name=Ada").send(hello));
    assert_eq!(answer.text(), r#"{"message":"Hello, Ada!"}"#);
}
