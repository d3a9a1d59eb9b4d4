//! The Ohkami on Lambda. Answers of known length are buffered and streams are streamed, as it has it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use echo_ohkami::{Platform, Work, app};
use ohkami::Request;
use serde_json::{Value, json};

static WARM: AtomicBool = AtomicBool::new(false);

#[derive(Clone)]
struct Lambda;

impl Platform for Lambda {
    // What Lambda itself says of the invocation, its deadline among it, is not handed on.
    fn context(&self, req: &Request) -> Value {
        json!({
            "platform": "lambda",
            "request_id": req.context.lambda().requestId,
            "region": std::env::var("AWS_REGION").ok(),
            "client_ip": req.ip,
            "cold_start": !WARM.swap(true, Ordering::SeqCst),
            "remaining_ms": null,
        })
    }

    fn env(&self, _: &Request, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn sleep(&self, time: Duration) -> Work {
        Box::pin(tokio::time::sleep(time))
    }

    // It has nothing for work after the answer: a task goes on when the process does.
    fn after(&self, _: &Request, work: Work) {
        tokio::spawn(work);
    }

    fn log(&self, line: &str) {
        println!("{line}");
    }
}

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda_runtime::run(app(Lambda)).await
}
