//! A function that does each thing once, for tests over the wire: it answers, and logs, how often it ran.

use std::sync::atomic::{AtomicU64, Ordering};

use anyfn::http::{Request, StatusCode};
use anyfn::idempotency::{Bound, Once, Wrapped, conformance, once};
use anyfn::{Body, Context, Error, IntoResponse, Item, Path, Response, Result};
use serde_json::Value;

static RUNS: AtomicU64 = AtomicU64::new(0);

/// The stores that a test may ask for.
fn stores() -> [(&'static str, Bound); 3] {
    ["STORE", "KV", "D1"].map(|name| (name, Bound::to(name)))
}

/// Holds a store against the rules of all stores.
async fn check(cx: Context, Path((name, run)): Path<(String, String)>) -> Result<String> {
    let store = stores().into_iter().find(|(known, _)| *known == name).ok_or_else(Error::not_found)?.1;
    match conformance::check(&store, &cx, &run).await {
        Ok(()) => Ok("every rule holds".to_owned()),
        Err(error) => Ok(error.to_string()),
    }
}

/// How many of so many have begun.
async fn race(cx: Context, Path((name, key)): Path<(String, String)>) -> Result<String> {
    let store = stores().into_iter().find(|(known, _)| *known == name).ok_or_else(Error::not_found)?.1;
    match conformance::race(&store, &cx, &key, 10).await {
        Ok(()) => Ok("one has begun".to_owned()),
        Err(error) => Ok(error.to_string()),
    }
}

/// Says how often anything ran, in a body that no text holds, and two lines of one header.
async fn pay(cx: Context, request: Request<Body>) -> Result<Response> {
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    cx.log(format!("ran {}", request.uri().path()));
    if request.uri().query() == Some("fail") {
        return Err(Error::new(StatusCode::SERVICE_UNAVAILABLE));
    }
    let headers = [("content-type", "application/x-run"), ("set-cookie", "a=1"), ("set-cookie", "b=2")];
    let answer =
        headers.iter().fold(anyfn::http::Response::builder(), |answer, (name, value)| answer.header(*name, *value));
    let body = [&[0, 0xff][..], run.to_string().as_bytes()].concat();
    answer.status(201).body(Body::from(body)).map_err(Error::internal)?.into_response()
}

async fn work(cx: Context, Item(job): Item<Value>) -> Result<()> {
    cx.log(format!("ran {}", job["id"]));
    if job["fail"] == true { Err(Error::internal("as asked")) } else { Ok(()) }
}

fn by_id<F>(handler: F) -> Wrapped<F> {
    Once::new("work", Bound::to("STORE")).by(|work| Some(work.json::<Value>()?["id"].to_string())).wrap(handler)
}

anyfn::app! {
    http("/check/{store}/{run}") => check,
    http("/race/{store}/{key}") => race,
    http("/pay") => once("pay", Bound::to("STORE"), pay),
    http("/pay/kv") => once("pay", Bound::to("KV"), pay),
    queue("jobs") => by_id(work),
}
