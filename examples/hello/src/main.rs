//! Greets by name.

use anyfn::{Json, Query, handler};

#[derive(serde::Deserialize)]
struct Params {
    name: Option<String>,
}

#[handler]
async fn hello(Query(params): Query<Params>) -> Json<serde_json::Value> {
    let name = params.name.as_deref().unwrap_or("World");
    Json(serde_json::json!({ "message": format!("Hello, {name}!") }))
}

#[cfg(test)]
mod tests {
    use anyfn::test;

    #[test]
    fn greets_by_name() {
        test::block_on(async {
            let answer = test::get("/?name=Ada").send(super::hello).await;
            assert_eq!((answer.status(), answer.text()), (200, r#"{"message":"Hello, Ada!"}"#));
        });
    }
}
