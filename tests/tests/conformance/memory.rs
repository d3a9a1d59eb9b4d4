//! The specification: the echo function called in memory, with no wire and no platform.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyfn_conformance::{Driver, ENV, Happening, Reply, Request, Told};
use anyfn_core::test::{Memory, block_on};
use anyfn_core::{
    App, Batch, Body, Change, ChangeKind, Custom, Entry, Event, Message, ObjectAction, ObjectEvent, Order, Payload,
    Response, Schedule, dispatch, dispatch_http,
};

use crate::Started;

const ORIGIN: &str = "http://memory.test";

struct InMemory {
    app: App,
    invocations: Mutex<Vec<Memory>>,
}

pub(crate) fn start() -> Started {
    Ok(Box::new(InMemory { app: echo::app(), invocations: Mutex::default() }))
}

impl Driver for InMemory {
    fn name(&self) -> &str {
        "memory"
    }

    fn send(&self, request: &Request) -> io::Result<Reply> {
        let memory = ENV
            .iter()
            .fold(Memory::default(), |memory, (name, value)| memory.env(name, value))
            .request_id("in-memory")
            .client_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        self.invocations.lock().unwrap_or_else(PoisonError::into_inner).push(memory.clone());
        let start = Instant::now();
        let reply = block_on(async {
            let answer = dispatch_http(&self.app, portable(request)?, memory.context()).await;
            read(answer, start).await
        });
        std::thread::spawn(move || block_on(memory.finish()));
        reply
    }

    fn happen(&self, event: &Happening) -> io::Result<Told> {
        let event = match *event {
            Happening::Schedule { cron, at } => {
                Event::Schedule(Schedule::new(cron, SystemTime::UNIX_EPOCH + Duration::from_secs(at)))
            }
            Happening::Queue { bodies } => {
                let items = bodies.iter().enumerate().map(|(n, body)| Entry::new(n.to_string(), Payload::from(*body)));
                Event::Queue(Batch::new("echo", Order::Unordered, items))
            }
            Happening::Object { created, key, size } => {
                let action = if created { ObjectAction::Created } else { ObjectAction::Removed };
                let mut object = ObjectEvent::new(action, "echo", key);
                object.size = size;
                Event::Object(Batch::new("echo", Order::Unordered, [Entry::new("0", object)]))
            }
            Happening::Change { kind, old, new } => {
                let kind = match kind {
                    "insert" => ChangeKind::Insert,
                    "update" => ChangeKind::Update,
                    _ => ChangeKind::Remove,
                };
                let row: serde_json::Value = serde_json::from_str(new.or(old).unwrap_or_default())?;
                let keys = Payload::from(format!("{{\"id\":{}}}", row["id"]));
                let change = Change::new(kind, keys, old.map(Payload::from), new.map(Payload::from));
                Event::Change(Batch::new("echo", Order::Total, [Entry::new("0", change)]))
            }
            Happening::Message { attribute: (name, value), body } => {
                let mut message = Message::new("echo", Payload::from(body));
                message.attributes.insert(name.to_owned(), value.to_owned());
                Event::Message(Batch::new("echo", Order::Unordered, [Entry::new("0", message)]))
            }
            Happening::Custom { json } => Event::Custom(Custom::json(json)),
            ref other => return Ok(Told::Never(format!("no event is known for {other:?}"))),
        };
        let memory = Memory::default();
        self.invocations.lock().unwrap_or_else(PoisonError::into_inner).push(memory.clone());
        Ok(match block_on(dispatch(&self.app, event, memory.context())) {
            Ok(Response::Json(json)) => Told::Json(String::from_utf8_lossy(&json).into_owned()),
            Ok(Response::Batch(outcomes)) => {
                let again = outcomes.iter().enumerate().filter(|(_, outcome)| !outcome.is_settled());
                Told::Again(again.map(|(place, _)| place).collect())
            }
            Ok(_) => Told::Again(Vec::new()),
            Err(error) => Told::Failed(error.to_string()),
        })
    }

    fn origin(&self) -> Option<String> {
        Some(ORIGIN.to_owned())
    }

    fn logs(&self) -> Option<String> {
        let invocations = self.invocations.lock().unwrap_or_else(PoisonError::into_inner);
        Some(invocations.iter().flat_map(Memory::log_lines).collect::<Vec<_>>().join("\n"))
    }
}

/// The request as an adapter hands it over: the URI is the public one.
fn portable(request: &Request) -> io::Result<http::Request<Body>> {
    let origin = match request.header("host") {
        Some(host) => format!("http://{}", String::from_utf8_lossy(host)),
        None => ORIGIN.to_owned(),
    };
    let uri = if request.target.starts_with('/') { origin + request.target } else { request.target.to_owned() };
    let mut built = http::Request::builder().method(request.method).uri(uri);
    for (name, value) in request.headers {
        built = built.header(*name, value.trim_ascii());
    }
    built.body(Body::from(request.body.bytes().into_owned())).map_err(io::Error::other)
}

async fn read(answer: http::Response<Body>, start: Instant) -> io::Result<Reply> {
    let (head, mut body) = answer.into_parts();
    let mut reply = Reply { status: head.status.as_u16(), ..Reply::default() };
    reply.headers = head.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    while let Some(frame) =
        std::future::poll_fn(|cx| http_body::Body::poll_frame(std::pin::Pin::new(&mut body), cx)).await
    {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => {
                reply.broken = Some(error.to_string());
                break;
            }
        };
        if let Ok(data) = frame.into_data() {
            reply.pieces.push(start.elapsed());
            reply.body.extend_from_slice(&data);
        }
    }
    reply.took = start.elapsed();
    Ok(reply)
}
