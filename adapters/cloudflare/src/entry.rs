//! What the JavaScript side calls.

#![expect(unreachable_pub, reason = "wasm-bindgen exports functions that are `pub`, wherever they stand")]

use std::cell::Cell;
use std::pin::Pin;

use anyfn_core::{Body, Context, DynHandler, Handler, Level, Names, Outcome, dispatch, dispatch_http};
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;

use crate::context::Worker;
use crate::decode::decode;
use crate::encode::encode;
use crate::events::{Delivered, Part, delivered, tick};
use crate::host::{self, Call, Instance};
use crate::ops::{self, Failed, Op};
use crate::{body, tasks};

type Program = &'static Box<dyn DynHandler>;
type Begin = fn(Call, What) -> f64;

thread_local! {
    static PROGRAM: Cell<Option<Program>> = const { Cell::new(None) };
    /// Known by address, so that a program of HTTP alone does not carry what reads the other events.
    static EVENTS: Cell<Option<Begin>> = const { Cell::new(None) };
}

/// What happened, other than a request.
enum What {
    Tick { cron: String, at: f64 },
    Messages { queue: String, count: usize },
}

/// Keeps the handler for whatever comes: requests, ticks of schedules, messages of queues. Call it in `main`, which runs when
/// the module is instantiated: no event is there yet, and the runtime allows neither I/O nor timers nor random numbers.
pub fn run<H: Handler>(handler: H) {
    EVENTS.set(Some(|call, what| {
        let task = tasks::add(happen(call, what));
        if tasks::poll(task) { 0.0 } else { task }
    }));
    run_http(handler);
}

/// [`run`], for requests alone: the module is smaller.
pub fn run_http<H: Handler>(handler: H) {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("(no message)");
        match panic.location() {
            Some(place) => host::error(&format!("anyfn: the handler panicked at {place}: {message}")),
            None => host::error(&format!("anyfn: the handler panicked: {message}")),
        }
        tasks::with_instance(Instance::panicked);
    }));
    // Once for each instance, and instances are given up whole.
    let program: Box<dyn DynHandler> = Box::new(handler);
    PROGRAM.set(Some(Box::leak(Box::new(program))));
}

/// Takes the object that stands for this instance on the JavaScript side, and says whether `main` has run.
#[wasm_bindgen]
pub fn anyfn_attach(instance: Instance) -> bool {
    tasks::attach(instance);
    PROGRAM.get().is_some()
}

/// Begins to answer a request: 0 when that is done, otherwise the task to poll on. Without `body` there is none, unless
/// it is `streamed`.
#[wasm_bindgen]
pub fn anyfn_fetch(call: Call, head: String, body: Option<Vec<u8>>, streamed: bool) -> f64 {
    let body = match body {
        Some(bytes) => Body::from(bytes),
        None if streamed => body::streamed(call.clone()),
        None => Body::empty(),
    };
    let task = tasks::add(serve(call, head, body));
    if tasks::poll(task) { 0.0 } else { task }
}

/// Begins to handle a schedule's tick, like [`anyfn_fetch`]; `at` is in milliseconds since 1970.
#[wasm_bindgen]
pub fn anyfn_scheduled(call: Call, cron: String, at: f64) -> f64 {
    event(call, What::Tick { cron, at })
}

/// Begins to handle a queue's messages, like [`anyfn_fetch`].
#[wasm_bindgen]
pub fn anyfn_queue(call: Call, queue: String, count: usize) -> f64 {
    event(call, What::Messages { queue, count })
}

fn event(call: Call, what: What) -> f64 {
    match EVENTS.get() {
        Some(begin) => begin(call, what),
        None => {
            call.broke(
                "anyfn: this program answers HTTP requests alone: remove the trigger, or declare a handler for it",
            );
            0.0
        }
    }
}

/// Polls a task and says whether it is done.
#[wasm_bindgen]
pub fn anyfn_poll(task: f64) -> bool {
    tasks::poll(task)
}

/// Completes an operation.
#[wasm_bindgen]
pub fn anyfn_complete(op: f64, well: bool, bytes: Option<Vec<u8>>) {
    ops::complete(op, if well { Ok(bytes) } else { Err(Failed) });
}

async fn happen(call: Call, what: What) {
    let cx = Context::new(Worker::new(call.clone(), None, None, None));
    let names = match Names::of_program(&cx) {
        Ok(names) => names,
        Err(error) => return call.broke(&format!("anyfn: {error}")),
    };
    let parts = match what {
        What::Tick { cron, at } => vec![Part { event: tick(&cron, at, &names), messages: Vec::new() }],
        What::Messages { queue, count } => {
            let message = |place| Delivered::new(call.message_id(place), call.attempts(place), call.body(place));
            delivered(&queue, (0..count).map(message).collect(), &names)
        }
    };
    for Part { event, messages } in parts {
        if let Some(outcomes) = event.outcomes() {
            // At once: a panic ends the instance, and what was done by then must not come again.
            let call = SendWrapper::new(call.clone());
            outcomes.watch(move |item, outcome| {
                let after = match outcome {
                    Outcome::Retry { after, .. } => after.map(|after| after.as_secs_f64()),
                    _ => None,
                };
                call.settled(messages[item], outcome.is_settled(), after);
            });
        }
        let Some(program) = PROGRAM.get() else { return call.broke(UNREGISTERED) };
        if let Err(error) = dispatch(program, event, cx.clone()).await {
            call.broke(&format!("anyfn: the event failed: {error}"));
        }
    }
}

const UNREGISTERED: &str = "anyfn: no handler is registered: `main` must call `anyfn_cloudflare::run`";

async fn serve(call: Call, head: String, body: Body) {
    let (answer, cx) = match decode(head, body) {
        Ok(received) => {
            let worker = Worker::new(call.clone(), received.ray, received.client_ip, received.raw_target);
            let cx = Context::new(worker);
            match PROGRAM.get() {
                Some(program) => (dispatch_http(program, received.request, cx.clone()).await, Some(cx)),
                None => {
                    host::error(UNREGISTERED);
                    (anyfn_core::Error::internal("no handler").into_http(), None)
                }
            }
        }
        Err(error) => {
            host::warn(&format!("anyfn: a request was refused: {error}"));
            (error.into_http(), None)
        }
    };
    let (parts, body) = answer.into_parts();
    let head = encode(&parts);
    let length = head.length.map(|length| length as f64);
    let mut body = match body.try_into_whole() {
        Ok(whole) => return call.answer(head.status, &head.headers, head.encoded, length, &whole),
        Err(stream) => stream,
    };
    call.stream(head.status, &head.headers, head.encoded, length);
    loop {
        let frame = std::future::poll_fn(|task| http_body::Body::poll_frame(Pin::new(&mut body), task)).await;
        match frame.map(|frame| frame.map(http_body::Frame::into_data)) {
            Some(Ok(Ok(chunk))) if chunk.is_empty() => {}
            Some(Ok(Ok(chunk))) => {
                // The client went: nobody wants the rest.
                if Op::begin(|op| call.write(op, &chunk)).await.is_err() {
                    return;
                }
            }
            // Workers has no trailers.
            Some(Ok(Err(_))) => {}
            Some(Err(error)) => {
                if let Some(cx) = &cx {
                    cx.log_at(Level::Error, format!("anyfn: http event failed in mid-answer: {error}"));
                }
                return call.end(false);
            }
            None => return call.end(true),
        }
    }
}
