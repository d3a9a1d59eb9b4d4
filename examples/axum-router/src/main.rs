//! An axum router with its state, served wherever anyfn runs.

use std::sync::Arc;

use anyfn::Context;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Made once for each cold start, by the first event.
struct Shop {
    name: String,
}

#[anyfn::main]
async fn shop(cx: Context) -> Router {
    let name = cx.env("SHOP_NAME").unwrap_or_else(|| "the corner shop".to_owned());
    Router::new()
        .route("/", get(|| async { "Hello from axum!" }))
        .route("/hello/{name}", get(hello))
        .route("/orders", post(order))
        .route("/where", get(place))
        .with_state(Arc::new(Shop { name }))
}

#[derive(Deserialize)]
struct Polite {
    #[serde(default)]
    formal: bool,
}

async fn hello(State(shop): State<Arc<Shop>>, Path(name): Path<String>, Query(polite): Query<Polite>) -> String {
    let greeting = if polite.formal { "Good day" } else { "Hello" };
    format!("{greeting}, {name}, from {}!", shop.name)
}

#[derive(Serialize, Deserialize)]
struct Order {
    item: String,
    count: u32,
}

async fn order(Json(order): Json<Order>) -> Result<(StatusCode, Json<Order>), (StatusCode, &'static str)> {
    if order.count == 0 {
        return Err((StatusCode::UNPROCESSABLE_ENTITY, "order one at least"));
    }
    Ok((StatusCode::CREATED, Json(order)))
}

/// The context comes as an extractor, on every platform the same.
async fn place(cx: Context) -> Json<Value> {
    cx.log("somebody asks where this runs");
    Json(json!({ "platform": cx.platform(), "region": cx.region(), "cold_start": cx.cold_start() }))
}

#[cfg(test)]
mod tests {
    use anyfn::test::{Memory, TestRequest, TestResponse, block_on, get, post};
    use serde_json::{Value, json};

    use super::{Order, shop};

    fn answer(request: TestRequest) -> TestResponse {
        let cx = Memory::default().env("SHOP_NAME", "Ada's").context();
        block_on(async { request.send(shop(cx).await).await })
    }

    #[test]
    fn a_path_a_query_and_the_state_are_read() {
        assert_eq!(answer(get("/hello/Bob")).text(), "Hello, Bob, from Ada's!");
        assert_eq!(answer(get("/hello/Bob?formal=true")).text(), "Good day, Bob, from Ada's!");
    }

    #[test]
    fn an_order_is_created_or_refused() {
        let order = |count| answer(post("/orders").json(&Order { item: "tea".into(), count }));
        assert_eq!(order(2).status(), 201);
        assert_eq!(order(2).json::<Value>(), json!({ "item": "tea", "count": 2 }));
        assert_eq!(order(0).status(), 422);
    }

    #[test]
    fn the_context_reaches_a_route() {
        assert_eq!(answer(get("/where")).json::<Value>()["platform"], "memory");
        assert_eq!(answer(get("/nowhere")).status(), 404);
    }
}
