//! The function on `worker` with its feature `http`.

use bytes::Bytes;
use http::{Response, header};
use http_body_util::{BodyExt as _, Full};
use worker::{Context, Env, HttpRequest, Result, event};

#[event(fetch)]
async fn fetch(request: HttpRequest, _: Env, _: Context) -> Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let answer = Response::builder();
    let answer = match head.uri.path() {
        "/hello" => {
            let greeting = bench_work::hello(head.uri.query());
            answer.header(header::CONTENT_TYPE, "application/json").body(Full::new(greeting.into()))
        }
        "/echo" => {
            let body = body.collect().await?.to_bytes();
            let kind = head.headers.get(header::CONTENT_TYPE).cloned();
            kind.into_iter()
                .fold(answer, |answer, kind| answer.header(header::CONTENT_TYPE, kind))
                .body(Full::new(body))
        }
        _ => answer.status(404).body(Full::default()),
    };
    answer.map_err(|error| error.to_string().into())
}
