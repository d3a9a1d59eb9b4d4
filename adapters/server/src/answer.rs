//! One request: decoded, handled within its time, encoded.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use anyfn_core::{Body, Context, Error, ErrorKind, Handler, Level, cloudevents, dispatch_http};
use http::{HeaderMap, Method, Version, header};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use crate::body::{Limited, Rest};
use crate::context::ServerInvocation;
use crate::decode::decode;
use crate::encode::{Answer, Flight, encode};
use crate::serve::Server;
use crate::wire::{Activity, Busy};

pub(crate) async fn answer<H: Handler>(
    server: Arc<Server<H>>,
    activity: Arc<Activity>,
    peer: IpAddr,
    request: http::Request<Incoming>,
) -> Result<http::Response<Answer>, Infallible> {
    let settings = &server.settings;
    let deadline = settings.request.map(|limit| Instant::now() + limit);
    let head = request.method() == Method::HEAD;
    let mut flight = Flight::new(Busy::new(&activity), &server.in_flight, deadline, head);
    let http1 = request.version() < Version::HTTP_2;
    let continues = request.headers().contains_key(header::EXPECT);
    let rest = Rest::default();
    let declared = request.body().size_hint().lower();
    let request = request.map(|body| Limited::body(body, &rest, settings, &activity));
    let received = decode(request, peer, settings).and_then(|received| {
        if declared <= settings.max_body {
            return Ok(received);
        }
        Err(Error::of(ErrorKind::TooLarge).detail(format!("a body may have {} bytes at most", settings.max_body)))
    });
    let answer = match received {
        Err(error) => {
            eprintln!("anyfn: a request was refused: {error}");
            error.into_http()
        }
        Ok(received) => {
            let id = request_id(received.request.headers());
            let ends = settings.request.map(|limit| SystemTime::now() + limit);
            let invocation = ServerInvocation::new(&server.instance, id, ends, received.raw_target, received.client_ip);
            let cx = Context::new(invocation);
            flight.cx = Some(cx.clone());
            handle(&server, received.request, cx, deadline).await
        }
    };
    // HTTP/2 resets the one stream by itself; some clients take that for an error where their whole body was small.
    let close = !rest.drained(!continues).await && http1;
    if close {
        activity.leave_unread();
    }
    Ok(encode(answer, close, flight))
}

async fn handle<H: Handler>(
    server: &Server<H>,
    request: http::Request<Body>,
    cx: Context,
    deadline: Option<Instant>,
) -> http::Response<Body> {
    let events = request.uri().path() == cloudevents::PATH;
    let handler = &server.handler;
    let handled = async {
        match (events, server.settings.events_from_anyone) {
            (false, _) => dispatch_http(handler, request, cx.clone()).await,
            (true, false) => cloudevents::serve(handler, request, cx.clone()).await,
            (true, true) => cloudevents::receive(handler, request, cx.clone()).await,
        }
    };
    let Some(deadline) = deadline else { return handled.await };
    timeout_at(deadline, handled).await.unwrap_or_else(|_| {
        let error = Error::of(ErrorKind::Deadline).detail("the request was not answered in time");
        cx.log_at(Level::Error, format!("anyfn: http event failed: {error} (ANYFN_REQUEST_SECONDS)"));
        error.into_http()
    })
}

/// The name that whoever is in front gave the request; a short one, since it goes to the log.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    (!id.is_empty() && id.len() <= 128).then(|| id.to_owned())
}
