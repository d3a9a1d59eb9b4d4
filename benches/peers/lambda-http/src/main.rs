//! The function on `lambda_http`.

use http::header;
use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(request: Request) -> Result<Response<Body>, Error> {
    let (head, body) = request.into_parts();
    let answer = Response::builder();
    Ok(match head.uri.path() {
        "/hello" => {
            let greeting = bench_work::hello(head.uri.query());
            answer.header(header::CONTENT_TYPE, "application/json").body(greeting.into())
        }
        "/echo" => {
            let kind = head.headers.get(header::CONTENT_TYPE).cloned();
            kind.into_iter().fold(answer, |answer, kind| answer.header(header::CONTENT_TYPE, kind)).body(body)
        }
        _ => answer.status(404).body(Body::Empty),
    }?)
}
