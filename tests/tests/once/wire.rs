//! A program that does things once, over the wire: on Lambda with a table of DynamoDB, on Workers with D1 and KV.

use std::time::{Duration, Instant};

use anyfn_conformance::client::{Reply, send};
use anyfn_conformance::{Payload, Request};
use anyfn_xtask::build::{BuildOptions, Target, build};
use anyfn_xtask::local::events::{Event, Told};
use anyfn_xtask::local::{Options, Running, start};
use tokio::runtime::Runtime;

use crate::moto::{Moto, TABLE, VARIABLES};

struct Program {
    target: Target,
    running: Running,
    runtime: Runtime,
}

impl Program {
    fn start(target: Target, variables: &[(&str, &str)]) -> Self {
        let options = variables.iter().fold(Options::new(), |options, (name, value)| options.env(*name, *value));
        let runtime = Runtime::new().unwrap();
        let built = build(&BuildOptions::local(&[target], Some("once"))).unwrap();
        let running = runtime.block_on(start(target, &built, None, &options)).unwrap();
        Self { target, running, runtime }
    }

    fn ask(&self, target: &'static str, key: Option<&'static str>, body: &'static str) -> Reply {
        let headers: &[_] = match key {
            Some(key) => &[("host", &b"fn.example"[..]), ("idempotency-key", key.as_bytes())],
            None => &[("host", &b"fn.example"[..])],
        };
        let headers = Box::leak(headers.to_vec().into_boxed_slice());
        let request =
            Request { method: "POST", headers, body: Payload::Bytes(body.as_bytes()), ..Request::get(target) };
        send(self.running.addr(), &request)
            .unwrap_or_else(|error| panic!("{target}: {error} {:?}", self.running.logs()))
    }

    fn told(&self, target: &'static str) -> String {
        let reply = self.ask(target, None, "");
        assert_eq!(reply.status, 200, "{target}: {:?}", self.running.logs());
        String::from_utf8(reply.body).unwrap()
    }

    fn tell(&self, bodies: &[&str]) -> Told {
        let bodies = bodies.iter().map(|body| (*body).to_owned()).collect();
        let event = Event::Queue { name: "jobs".to_owned(), bodies };
        self.runtime.block_on(self.running.receiver(self.target, "").send(&event)).unwrap()
    }

    /// How often what ends the line ran: all that was asked before has been answered.
    fn runs(&self, what: &str, expected: usize) {
        let line = format!("ran {what}");
        let count = || self.running.logs().iter().filter(|said| said.contains(&line)).count();
        let start = Instant::now();
        while count() < expected && start.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(10));
        }
        // A line too many would come as late as the last one.
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(count(), expected, "{line}: {:?}", self.running.logs());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.runtime.block_on(self.running.stop());
    }
}

/// Status, type, cookies and body.
type Compared<'a> = (u16, Vec<&'a [u8]>, Vec<&'a [u8]>, &'a [u8]);

/// What a gateway or a runtime adds by itself aside.
fn answer(reply: &Reply) -> Compared<'_> {
    (reply.status, reply.header("content-type"), reply.header("set-cookie"), &reply.body)
}

fn a_request_gets_its_first_answer_again(program: &Program, path: &'static str) {
    let first = program.ask(path, Some("\"one\""), "a");
    let shown = answer(&first);
    let expected = (201, vec![&b"application/x-run"[..]], vec![&b"a=1"[..], b"b=2"]);
    assert_eq!((shown.0, shown.1, shown.2), expected, "{first:?} {:?}", program.running.logs());
    assert_eq!(answer(&program.ask(path, Some("one"), "a")), answer(&first));
    assert_eq!(answer(&program.ask(path, Some("\"one\""), "a")), answer(&first));
    let other = program.ask(path, Some("one"), "b");
    assert_eq!((other.status, other.header("content-type")), (422, vec![&b"application/problem+json"[..]]));
    assert_ne!(program.ask(path, Some("another"), "a").body, first.body);
    program.runs(path, 2);
}

fn what_failed_runs_again(program: &Program) {
    for _ in 0..2 {
        assert_eq!(program.ask("/pay?fail", Some("failing"), "").status, 503);
    }
}

fn a_message_runs_once(program: &Program) {
    let (one, two, bad) = (r#"{"id":"one"}"#, r#"{"id":"two"}"#, r#"{"id":"bad","fail":true}"#);
    assert_eq!(program.tell(&[one, bad]), Told::Again(vec![1]), "{:?}", program.running.logs());
    assert_eq!(program.tell(&[one, bad, two]), Told::Again(vec![1]));
    assert_eq!(program.tell(&[one, two]), Told::Again(vec![]));
    program.runs("\"one\"", 1);
    program.runs("\"two\"", 1);
    program.runs("\"bad\"", 2);
    // Healed, it is done.
    assert_eq!(program.tell(&[r#"{"id":"bad"}"#]), Told::Again(vec![]));
    assert_eq!(program.tell(&[bad]), Told::Again(vec![]));
    program.runs("\"bad\"", 3);
}

#[test]
fn on_lambda_with_a_table_of_dynamodb() {
    let moto = Moto::start();
    let (url, table) = (moto.url(), format!("dynamodb:{TABLE}"));
    let variables = [&VARIABLES[..], &[("AWS_ENDPOINT_URL_DYNAMODB", &*url), ("STORE", &*table)]].concat();
    let program = Program::start(Target::Lambda, &variables);
    assert_eq!(program.told("/check/STORE/wire"), "every rule holds");
    a_request_gets_its_first_answer_again(&program, "/pay");
    what_failed_runs_again(&program);
    a_message_runs_once(&program);
    // Other instances know what this one has done, wherever they run.
    let first = program.ask("/pay", Some("everywhere"), "");
    drop(program);
    for target in [Target::Lambda, Target::Server, Target::Vercel] {
        let program = Program::start(target, &variables);
        assert_eq!(answer(&program.ask("/pay", Some("everywhere"), "")), answer(&first), "{target:?}");
        if target == Target::Lambda {
            assert_eq!(program.tell(&[r#"{"id":"one"}"#]), Told::Again(vec![]));
        }
        program.runs("", 0);
    }
    // Nothing runs, where nobody says what is done.
    let program = Program::start(Target::Lambda, &VARIABLES);
    assert_eq!(program.ask("/pay", Some("nowhere"), "").status, 500);
    program.runs("", 0);
}

#[test]
fn on_workers_with_d1_and_kv() {
    let program = Program::start(Target::Cloudflare, &[]);
    assert_eq!(program.told("/check/D1/wire"), "every rule holds");
    assert_eq!(program.told("/race/D1/race"), "one has begun");
    assert_eq!(program.told("/check/KV/wire"), "every rule holds");
    a_request_gets_its_first_answer_again(&program, "/pay");
    what_failed_runs_again(&program);
    a_message_runs_once(&program);
    a_request_gets_its_first_answer_again(&program, "/pay/kv");
}
