//! The function on `vercel_runtime`.

use http_body_util::BodyExt as _;
use hyper::{Response, header};
use vercel_runtime::{Error, Request, ResponseBody, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(request: Request) -> Result<Response<ResponseBody>, Error> {
    let (head, body) = request.into_parts();
    let answer = Response::builder();
    Ok(match head.uri.path() {
        "/hello" => {
            let greeting = bench_work::hello(head.uri.query());
            answer.header(header::CONTENT_TYPE, "application/json").body(greeting.into())
        }
        "/echo" => {
            let kind = head.headers.get(header::CONTENT_TYPE).cloned();
            let body = body.collect().await?.to_bytes();
            kind.into_iter().fold(answer, |answer, kind| answer.header(header::CONTENT_TYPE, kind)).body(body.into())
        }
        _ => answer.status(404).body("".into()),
    }?)
}
