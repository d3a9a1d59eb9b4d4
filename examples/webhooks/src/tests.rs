//! The whole program in memory, with requests that are signed as the providers sign theirs.

use std::sync::Arc;
use std::time::SystemTime;

use anyfn::http::Request;
use anyfn::test::{Memory, TestRequest, TestResponse, block_on, post};
use anyfn::webhooks::{GitHub, Provider, Slack, StandardWebhooks, Stripe, Twilio, signed};
use anyfn::{App, State};
use serde_json::{Value, json};

use crate::Shared;
use crate::outbox::InMemory;

const SECRET: &str = "c2VjcmV0";

fn send<P: Provider>(request: Request<String>) -> TestResponse {
    let memory = Memory::default().env(P::SECRET, SECRET).env("DONE", "memory:");
    let request = signed::<P>(request, SECRET, SystemTime::now());
    block_on(TestRequest::from(request).within(&memory).send_to(&crate::app()))
}

fn json_to(path: &str, body: &Value) -> Request<String> {
    Request::post(format!("https://fn.example{path}"))
        .header("content-type", "application/json")
        .body(body.to_string())
        .unwrap()
}

fn form_to(path: &str, body: &str) -> Request<String> {
    Request::post(format!("https://fn.example{path}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.to_owned())
        .unwrap()
}

fn checkout(status: &str) -> Value {
    let session = json!({ "client_reference_id": "7", "amount_total": 4200, "payment_status": status });
    json!({ "id": "evt_1", "type": "checkout.session.completed", "data": { "object": session } })
}

#[test]
fn a_paid_checkout_is_queued_once() {
    let outbox = Arc::new(InMemory::default());
    let shared = Shared { outbox: outbox.clone() };
    let handler = move |cx, event| crate::payments::paid(cx, State(shared.clone()), event);
    let app = App::builder().http(crate::once_for_each_event(handler)).build();
    let send = |secret| {
        let memory = Memory::default().env("STRIPE_WEBHOOK_SECRET", SECRET).env("DONE", "memory:");
        let request = signed::<Stripe>(json_to("/stripe", &checkout("paid")), secret, SystemTime::now());
        block_on(TestRequest::from(request).within(&memory).send_to(&app))
    };
    // Whoever knows the id, and no secret, has no say in it.
    assert_eq!(send("b3RoZXI=").status(), 401);
    for _ in 0..2 {
        let answer = send(SECRET);
        assert_eq!((answer.status(), answer.text()), (200, "queued"));
    }
    // As JSON: in which order serde_json writes members depends on what else is built.
    let sent: Vec<Value> = outbox.sent().iter().map(|message| message.parse().unwrap()).collect();
    assert_eq!(sent, [json!({ "order": "7", "cents": 4200 })]);
}

#[test]
fn what_is_not_paid_is_not_queued() {
    assert_eq!(send::<Stripe>(json_to("/stripe", &checkout("unpaid"))).text(), "not paid yet");
    assert_eq!(
        send::<Stripe>(json_to("/stripe", &json!({ "id": "evt_2", "type": "charge.failed" }))).text(),
        "not needed here"
    );
}

#[test]
fn a_push_to_the_default_branch_is_built_after_the_answer() {
    let push = |branch: &str| {
        let repository = json!({ "full_name": "a/b", "default_branch": "main" });
        let mut request = json_to("/github", &json!({ "ref": branch, "after": "c0ffee", "repository": repository }));
        request.headers_mut().insert("x-github-event", "push".parse().unwrap());
        send::<GitHub>(request)
    };
    let answer = push("refs/heads/main");
    assert_eq!((answer.text(), answer.log_lines()), ("building", vec!["building a/b at c0ffee".to_owned()]));
    assert_eq!(push("refs/heads/other").text(), "another branch");
    assert_eq!(send::<GitHub>(json_to("/github", &json!({}))).text(), "not needed here");
}

#[test]
fn a_text_message_is_answered_in_twiml() {
    let answer = send::<Twilio>(form_to("/sms", "From=%2B41&Body=a+%3C+b+%26+c"));
    assert_eq!(answer.headers()["content-type"], "text/xml; charset=utf-8");
    let said = "<Response><Message>You said: a &lt; b &amp; c</Message></Response>";
    assert!(answer.text().ends_with(said), "{}", answer.text());
    let pressed = send::<Twilio>(form_to("/myapp.php", "Digits=12"));
    assert!(pressed.text().ends_with("<Say>You pressed 1, 2.</Say></Response>"), "{}", pressed.text());
}

#[test]
fn a_command_and_a_challenge_are_answered() {
    let answer = send::<Slack>(form_to("/slack", "command=%2Fdeploy&text=now&user_name=ada"));
    assert_eq!(answer.json::<Value>()["text"], "ada, you gave `/deploy now`");
    let asked = json!({ "type": "url_verification", "challenge": "3eZb" });
    assert_eq!(send::<Slack>(json_to("/slack", &asked)).text(), "3eZb");
}

#[test]
fn what_follows_the_standard_is_received() {
    let answer = send::<StandardWebhooks>(json_to("/hooks", &json!({ "type": "user.created" })));
    assert_eq!((answer.text(), answer.log_lines()), ("ok", vec!["received msg_1 user.created".to_owned()]));
}

#[test]
fn nothing_is_served_that_is_not_signed() {
    let memory = [
        "STRIPE_WEBHOOK_SECRET",
        "GITHUB_WEBHOOK_SECRET",
        "TWILIO_AUTH_TOKEN",
        "SLACK_SIGNING_SECRET",
        "WEBHOOK_SECRET",
    ]
    .into_iter()
    .fold(Memory::default().env("DONE", "memory:"), |memory, name| memory.env(name, SECRET));
    let app: App = crate::app();
    for path in ["/stripe", "/github", "/sms", "/myapp.php", "/slack", "/hooks"] {
        assert_eq!(block_on(post(path).body("{}").within(&memory).send_to(&app)).status(), 401, "{path}");
    }
}
