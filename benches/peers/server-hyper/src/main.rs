//! The function on bare hyper.

use std::convert::Infallible;
use std::error::Error;

use bench_work::{CHUNK, CHUNKS};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt as _, Either, Full, StreamBody};
use hyper::body::{Body, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::var("PORT")?.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service_fn(answer)));
    }
}

async fn answer(
    request: Request<Incoming>,
) -> Result<Response<impl Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>>, hyper::Error> {
    let (head, body) = request.into_parts();
    Ok(match head.uri.path() {
        "/hello" => {
            let mut answer = Response::new(Either::Left(Full::new(bench_work::hello(head.uri.query()).into())));
            answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
            answer
        }
        "/echo" => {
            let mut answer = Response::new(Either::Left(Full::new(body.collect().await?.to_bytes())));
            if let Some(kind) = head.headers.get(header::CONTENT_TYPE) {
                answer.headers_mut().insert(header::CONTENT_TYPE, kind.clone());
            }
            answer
        }
        "/stream" => {
            let chunk = || Ok::<_, Infallible>(Frame::data(Bytes::from_static(CHUNK)));
            Response::new(Either::Right(StreamBody::new(stream::iter(std::iter::repeat_with(chunk).take(CHUNKS)))))
        }
        _ => {
            let mut answer = Response::new(Either::Left(Full::default()));
            *answer.status_mut() = hyper::StatusCode::NOT_FOUND;
            answer
        }
    })
}
