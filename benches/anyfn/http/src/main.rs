//! The benchmarked function on anyfn.

use std::convert::Infallible;

use anyfn::{Body, Error, handler};
use bench_work::{CHUNK, CHUNKS};
use futures_util::stream;
use http::{Request, Response, header};

#[handler]
async fn bench(request: Request<Body>) -> Result<Response<Body>, Error> {
    let (head, body) = request.into_parts();
    let answer = Response::builder();
    match head.uri.path() {
        "/hello" => {
            let greeting = bench_work::hello(head.uri.query());
            answer.header(header::CONTENT_TYPE, "application/json").body(greeting.into())
        }
        "/echo" => {
            let kind = head.headers.get(header::CONTENT_TYPE).cloned();
            let body = body.collect(usize::MAX).await.map_err(Error::internal)?;
            let answer = kind.into_iter().fold(answer, |answer, kind| answer.header(header::CONTENT_TYPE, kind));
            answer.body(body.into())
        }
        "/stream" => {
            let chunks = std::iter::repeat_n(Ok::<_, Infallible>(CHUNK), CHUNKS);
            answer.body(Body::from_stream(stream::iter(chunks)))
        }
        _ => return Err(Error::not_found()),
    }
    .map_err(Error::internal)
}
