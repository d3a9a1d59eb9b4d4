//! Requests with an `Idempotency-Key`.

#[path = "common/clock.rs"]
mod clock;
#[path = "common/diary.rs"]
mod diary;

use std::time::Duration;

use anyfn_core::http::Method;
use anyfn_core::test::{TestRequest, TestResponse, block_on, get, post, request};
use anyfn_core::{App, Body, Context, Error, Event, Handler, Response};
use anyfn_idempotency::{Memory, Once, once};
use clock::at;
use diary::Diary;

/// Writes down each request, and answers as its path says.
#[derive(Clone, Default)]
struct Shop(Diary);

impl Handler for Shop {
    async fn call(&self, event: Event, cx: Context) -> Result<Response, Error> {
        let Event::Http(request) = event else { panic!("{event:?}") };
        let (head, body) = request.into_parts();
        let body = body.collect(1 << 20).await?;
        let path = head.uri.path();
        self.0.write(format!("{} {path} {}", head.method, String::from_utf8_lossy(&body)));
        match path.trim_start_matches('/').parse::<u16>() {
            Ok(status) if status >= 600 => return Err(Error::new((status - 500).try_into().unwrap()).detail("no")),
            Ok(status) => {
                let answer = http::Response::builder().status(status);
                let answer = answer.header("set-cookie", "a=1").header("x-n", "1").header("set-cookie", "b=2");
                return Ok(Response::Http(answer.body(Body::from(vec![0, 0xff, b'\n'])).unwrap()));
            }
            Err(_) => {}
        }
        match path {
            "/nothing" => Ok(Response::Done),
            "/json" => Ok(Response::Json("{}".into())),
            "/panic" => panic!("as asked"),
            "/stream" => {
                let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>("a"), Ok("b")]);
                Ok(Response::Http(http::Response::new(Body::from_stream(chunks))))
            }
            "/long" => Ok(Response::Http(http::Response::new(Body::from(vec![b'x'; 2000])))),
            "/never" => {
                cx.sleep(Duration::from_secs(3600)).await;
                Ok(Response::Done)
            }
            _ => panic!("{path}"),
        }
    }
}

struct Program {
    diary: Diary,
    app: App,
}

fn program(set: impl Fn(Once) -> Once) -> Program {
    let shop = Shop::default();
    let diary = shop.0.clone();
    let app = App::builder().http(set(Once::new("shop", Memory::new())).wrap(shop)).build();
    Program { diary, app }
}

impl Program {
    fn ask(&self, request: TestRequest) -> TestResponse {
        block_on(request.send_to(&self.app))
    }

    fn keyed(&self, path: &str, key: &str, body: &'static str) -> TestResponse {
        self.ask(post(path).header("idempotency-key", key).body(body))
    }

    /// How often it ran since the last time.
    fn runs(&self) -> usize {
        self.diary.take().len()
    }
}

fn same(first: &TestResponse, again: &TestResponse) {
    assert_eq!((first.status(), first.headers(), first.bytes()), (again.status(), again.headers(), again.bytes()));
}

#[test]
fn the_first_answer_comes_again_byte_for_byte() {
    let program = program(|once| once);
    for path in ["/200", "/201", "/299", "/302", "/400", "/404", "/422", "/204", "/nothing", "/json", "/904", "/922"] {
        let key = format!("key of {path}").replace(' ', "-");
        let first = program.keyed(path, &key, "a");
        assert_eq!(program.runs(), 1, "{path}");
        for _ in 0..2 {
            same(&first, &program.keyed(path, &key, "a"));
        }
        // With quotes it is the same key.
        same(&first, &program.keyed(path, &format!("\"{key}\""), "a"));
        assert_eq!(program.runs(), 0, "{path}");
    }
    let answer = program.keyed("/200", "key-of-/200", "a");
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
    assert_eq!(
        (&cookies[..], &answer.bytes()[..]),
        (&["a=1", "b=2"].map(http::HeaderValue::from_static).each_ref()[..], &[0, 0xff, b'\n'][..])
    );
}

#[test]
fn what_may_go_better_later_runs_again() {
    let program = program(|once| once);
    for path in ["/500", "/503", "/599", "/401", "/403", "/407", "/408", "/409", "/425", "/429", "/1003", "/panic"] {
        let first = program.keyed(path, "k", "a");
        same(&first, &program.keyed(path, "k", "a"));
        assert_eq!(program.runs(), 2, "{path}");
    }
}

#[test]
fn another_request_with_the_same_key_is_422() {
    let program = program(|once| once);
    assert_eq!(program.keyed("/200", "k", "a").status(), 200);
    let base = || post("/200").header("idempotency-key", "k");
    for other in [
        base().body("b"),
        base().body("a").header("content-type", "text/plain"),
        base().body("a").header("authorization", "Bearer another"),
        post("/200?x").header("idempotency-key", "k").body("a"),
        post("/201").header("idempotency-key", "k").body("a"),
        request(Method::PUT, "/200").header("idempotency-key", "k").body("a"),
    ] {
        let answer = program.ask(other);
        assert_eq!(answer.status(), 422);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    assert_eq!(program.runs(), 1);
    // What else a client changes between two tries is no other request.
    assert_eq!(program.ask(base().body("a").header("user-agent", "x").header("traceparent", "y")).status(), 200);
    assert_eq!(program.runs(), 0);
}

#[test]
fn without_a_key_it_runs_each_time_or_is_refused() {
    let free = program(|once| once);
    let strict = program(Once::required);
    for _ in 0..2 {
        assert_eq!(free.ask(post("/200").body("a")).status(), 200);
        let refused = strict.ask(post("/200").body("a"));
        assert_eq!(
            (refused.status(), refused.headers()["content-type"].as_bytes()),
            (400, &b"application/problem+json"[..])
        );
        for safe in [get("/200"), request(Method::HEAD, "/200"), request(Method::OPTIONS, "/200")] {
            assert_eq!(strict.ask(safe.header("idempotency-key", "k")).status(), 200);
        }
    }
    assert_eq!((free.runs(), strict.runs()), (2, 6));
    for wrong in ["\"", "a b", ""] {
        assert_eq!(free.keyed("/200", wrong, "a").status(), 400);
        assert_eq!(strict.keyed("/200", wrong, "a").status(), 400);
    }
    assert_eq!((free.runs(), strict.runs()), (0, 0));
}

#[test]
fn while_the_first_is_in_progress_the_second_is_409_and_after_its_lease_it_runs() {
    let Program { diary, app } = program(|once| once.lease(Duration::from_secs(60)));
    let ask = |path: &str, body: &'static str| post(path).header("idempotency-key", "k").body(body);
    let mut first = Box::pin(ask("/never", "a").within(&at(0)).send_to(&app));
    assert!(futures_util::FutureExt::now_or_never(&mut first).is_none());
    let busy = block_on(ask("/never", "a").within(&at(59)).send_to(&app));
    assert_eq!((busy.status(), busy.headers()["retry-after"].as_bytes()), (409, &b"1"[..]));
    assert_eq!(block_on(ask("/never", "b").within(&at(59)).send_to(&app)).status(), 422);
    assert_eq!(diary.take().len(), 1);
    // It dies, and nobody is told.
    drop(first);
    assert_eq!(block_on(ask("/never", "a").within(&at(59)).send_to(&app)).status(), 409);
    assert_eq!(block_on(ask("/200", "a").within(&at(60)).send_to(&app)).status(), 200);
    assert_eq!(block_on(ask("/200", "a").within(&at(600)).send_to(&app)).status(), 200);
    assert_eq!(diary.take(), ["POST /200 a"]);
}

#[test]
fn the_lease_is_the_platforms_deadline() {
    let Program { diary, app } = program(|once| once.lease(Duration::from_secs(3600)));
    let ask = |path: &str| post(path).header("idempotency-key", "k");
    let dying = at(0).deadline_in(Duration::from_secs(10));
    assert!(futures_util::FutureExt::now_or_never(ask("/never").within(&dying).send_to(&app)).is_none());
    // A second more: platforms are not that exact.
    assert_eq!(block_on(ask("/200").within(&at(10)).send_to(&app)).status(), 422);
    assert_eq!(block_on(ask("/200").within(&at(11)).send_to(&app)).status(), 200);
    assert_eq!(diary.take(), ["POST /never ", "POST /200 "]);
}

#[test]
fn an_answer_that_cannot_be_kept_is_given_once() {
    let program = program(|once| once.longest_answer(1000));
    for path in ["/stream", "/long"] {
        let first = program.keyed(path, path, "");
        assert_eq!((first.status(), first.bytes().is_empty()), (200, false), "{path}");
        let again = program.keyed(path, path, "");
        assert_eq!((again.status(), again.headers().contains_key("retry-after")), (409, false), "{path}");
    }
    assert_eq!(program.runs(), 2);
}

#[test]
fn what_is_done_is_forgotten_in_the_end() {
    let Program { diary, app } = program(|once| once.keep(Duration::from_secs(100)));
    let ask =
        |seconds| block_on(post("/200").header("idempotency-key", "k").within(&at(seconds)).send_to(&app)).status();
    assert_eq!([ask(0), ask(99), ask(100), ask(150)], [200; 4]);
    assert_eq!(diary.take().len(), 2);
}

#[test]
fn a_key_may_be_made_of_anything_in_the_request() {
    let by = |work: &anyfn_idempotency::Work<'_>| Some(work.json::<serde_json::Value>()?.get("id")?.to_string());
    let program = program(|once| once.by(by));
    for (body, runs) in [(r#"{"id":1}"#, 1), (r#"{"id":1}"#, 0), (r#"{"id":2}"#, 1), ("no JSON", 1), ("no JSON", 1)] {
        assert_eq!(program.ask(post("/200").body(body)).status(), 200);
        assert_eq!(program.runs(), runs, "{body}");
    }
    assert_eq!(program.ask(post("/200").body(r#"{"id":1,"x":2}"#)).status(), 422);
}

#[test]
fn functions_and_services_are_wrapped_as_they_are() {
    async fn hello(name: String) -> String {
        format!("Hello, {name}!")
    }
    let answer = block_on(post("/").body("Ada").send(once("hello", Memory::new(), hello)));
    assert_eq!(answer.text(), "Hello, Ada!");
}
