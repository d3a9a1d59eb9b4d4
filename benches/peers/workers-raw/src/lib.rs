//! The function on `worker`'s own types.

use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(mut request: Request, _: Env, _: Context) -> Result<Response> {
    let url = request.url()?;
    match url.path() {
        "/hello" => {
            let answer = Response::builder().with_header("content-type", "application/json")?;
            Ok(answer.fixed(bench_work::hello(url.query()).into_bytes()))
        }
        "/echo" => {
            let kind = request.headers().get("content-type")?;
            let body = request.bytes().await?;
            let mut answer = Response::builder();
            if let Some(kind) = kind {
                answer = answer.with_header("content-type", &kind)?;
            }
            Ok(answer.fixed(body))
        }
        _ => Response::error("", 404),
    }
}
