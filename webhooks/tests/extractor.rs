//! What a function gets, and what a caller and the log are told.

use std::time::{Duration, SystemTime};

use anyfn_core::test::{self, Memory, TestRequest, TestResponse, block_on};
use anyfn_core::{
    Body, BodyError, BoxFuture, Capabilities, Context, Error, IntoHandler as _, Invocation, Json, Result, StateCell,
    dispatch_http,
};
use anyfn_webhooks::{GitHub, Provider, Slack, StandardWebhooks, Stripe, Twilio, Verified, signed};
use http::Request;
use serde_json::{Value, json};

const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn memory<P: Provider>() -> Memory {
    Memory::default().env(P::SECRET, SECRET).at(now())
}

fn post(kind: &str, body: &'static str) -> Request<&'static str> {
    Request::post("https://fn.example/hooks?a=1").header("content-type", kind).body(body).unwrap()
}

fn sent<P: Provider>(request: Request<&'static str>) -> TestRequest {
    TestRequest::from(signed::<P>(request, SECRET, now())).within(&memory::<P>())
}

async fn stripe(Verified(event): Verified<Stripe>) -> Result<Json<Value>> {
    Ok(Json(json!([
        event.id,
        event.kind,
        event.object::<Value>()?,
        event.json::<Value>()?["livemode"],
        event.body.len()
    ])))
}

async fn github(Verified(event): Verified<GitHub>) -> Result<Json<Value>> {
    Ok(Json(json!([event.id, event.kind, event.json::<Value>()?])))
}

async fn slack(Verified(event): Verified<Slack>) -> Result<Json<Value>> {
    let command = event.form::<Value>().ok().map(|form| form["command"].clone());
    Ok(Json(json!([event.kind(), event.challenge(), event.retries, command])))
}

async fn standard(Verified(event): Verified<StandardWebhooks>) -> Json<Value> {
    Json(json!([event.id, event.kind(), event.body.len()]))
}

async fn twilio(Verified(event): Verified<Twilio>) -> Result<Json<Value>> {
    let form: Value = event.form()?;
    Ok(Json(json!([event.get("From"), form["Body"], event.params.len(), event.json::<Value>().ok()])))
}

fn told(answer: &TestResponse) -> Value {
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.json()
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn stripes_event_has_id_kind_and_object() {
    let body = r#"{"id":"evt_1","type":"charge.paid","livemode":false,"data":{"object":{"amount":5}}}"#;
    let answer = block_on(sent::<Stripe>(post(JSON, body)).send(stripe));
    assert_eq!(told(&answer), json!(["evt_1", "charge.paid", { "amount": 5 }, false, body.len()]));
    let thin = block_on(sent::<Stripe>(post(JSON, r#"{"id":"evt_1"}"#)).send(stripe));
    assert_eq!(thin.status(), 422);
    let odd = block_on(sent::<Stripe>(post(JSON, "signed, and no JSON")).send(stripe));
    assert_eq!(odd.status(), 422);
}

#[test]
fn githubs_event_is_read_of_either_content_type() {
    let headers = |mut request: Request<&'static str>| {
        request.headers_mut().insert("x-github-event", "push".parse().unwrap());
        request.headers_mut().insert("x-github-delivery", "72d3162e".parse().unwrap());
        request
    };
    let json = headers(post(JSON, r#"{"ref":"refs/heads/main"}"#));
    let form = headers(post(FORM, "payload=%7B%22ref%22%3A%22refs%2Fheads%2Fmain%22%7D"));
    for request in [json, form] {
        let answer = block_on(sent::<GitHub>(request).send(github));
        assert_eq!(told(&answer), json!(["72d3162e", "push", { "ref": "refs/heads/main" }]));
    }
}

#[test]
fn slack_asks_for_its_challenge_back() {
    let asked = post(JSON, r#"{"token":"t","challenge":"3eZb","type":"url_verification"}"#);
    assert_eq!(told(&block_on(sent::<Slack>(asked).send(slack))), json!(["url_verification", "3eZb", 0, null]));
    let other = post(JSON, r#"{"challenge":"3eZb","type":"event_callback"}"#);
    assert_eq!(told(&block_on(sent::<Slack>(other).send(slack))), json!(["event_callback", null, 0, null]));
    let mut command = post(FORM, "command=%2Fdeploy&text=now");
    command.headers_mut().insert("x-slack-retry-num", "2".parse().unwrap());
    assert_eq!(told(&block_on(sent::<Slack>(command).send(slack))), json!([null, null, 2, "/deploy"]));
    let button = post(FORM, "payload=%7B%22type%22%3A%22block_actions%22%7D");
    assert_eq!(told(&block_on(sent::<Slack>(button).send(slack))), json!(["block_actions", null, 0, null]));
}

#[test]
fn the_standards_event_has_the_id_that_is_signed() {
    let mut request = post(JSON, r#"{"type":"user.created"}"#);
    request.headers_mut().insert("webhook-id", "msg_7".parse().unwrap());
    assert_eq!(told(&block_on(sent::<StandardWebhooks>(request).send(standard))), json!(["msg_7", "user.created", 23]));
    assert_eq!(told(&block_on(sent::<StandardWebhooks>(post(JSON, "")).send(standard))), json!(["msg_1", null, 0]));
}

#[test]
fn twilios_parameters_come_in_a_form_a_query_or_as_json() {
    let form = sent::<Twilio>(post(FORM, "From=%2B41&Body=a+b&Body=c"));
    let form = block_on(form.send(|Verified(event): Verified<Twilio>| async move {
        (event.get("From") == Some("+41") && event.get("Body") == Some("a b") && event.params.len() == 3).to_string()
    }));
    assert_eq!((form.status(), form.text()), (200, "true"));
    let query = Request::get("https://fn.example/sms?From=%2B41&Body=hi").body("").unwrap();
    assert_eq!(told(&block_on(sent::<Twilio>(query).send(twilio))), json!(["+41", "hi", 2, null]));
    let body = r#"{"property": "value", "boolean": true}"#;
    let url = "https://fn.example/x?bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let request = Request::post(url).header("content-type", JSON).body(body).unwrap();
    let answer = block_on(sent::<Twilio>(request).send(twilio));
    assert_eq!(told(&answer)[3], json!({ "property": "value", "boolean": true }));
}

#[test]
fn a_refusal_tells_the_caller_nothing_and_the_log_the_reason() {
    let body = r#"{"type":"user.created"}"#;
    let expected = json!({ "type": "about:blank", "title": "Unauthorized", "status": 401,
                           "detail": "the request is not signed as it has to be" });
    let late = memory::<StandardWebhooks>().at(now() + Duration::from_secs(400));
    for (request, reason) in [
        (
            test::post("/").body(body).within(&memory::<StandardWebhooks>()),
            "the header `webhook-id` is missing, or no text",
        ),
        (sent::<StandardWebhooks>(post(JSON, body)).body("{}"), "the signature is not that of the request"),
        (sent::<StandardWebhooks>(post(JSON, body)).within(&late), "the signature holds, but was made 400 s ago"),
    ] {
        let answer = block_on(request.send(standard));
        assert_eq!((answer.status(), &answer.json::<Value>()), (401, &expected));
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let log = answer.log_lines();
        let told = format!("anyfn: webhook refused: Standard Webhooks: {reason}");
        assert!(log.len() == 1 && log[0].starts_with(&told), "{log:?}");
        assert!(!log[0].contains(SECRET));
    }
}

#[test]
fn a_refusal_of_twilios_says_which_url_was_taken() {
    let elsewhere =
        Request::post("https://fn.example/sms?token=x").header("content-type", FORM).body("From=1").unwrap();
    let mut request = signed::<Twilio>(elsewhere, SECRET, now());
    *request.uri_mut() = "http://fn.example/sms?token=x".parse().unwrap();
    let answer = block_on(TestRequest::from(request).within(&memory::<Twilio>()).send(twilio));
    assert_eq!(answer.status(), 401);
    let log = &answer.log_lines()[0];
    assert!(log.contains("not that of a request to http://fn.example/sms:"), "{log}");
}

#[test]
fn a_secret_that_is_not_there_is_a_mistake_of_configuration() {
    let unset = Memory::default();
    let empty = Memory::default().env("STRIPE_WEBHOOK_SECRET", "");
    let part = Memory::default().env("STRIPE_WEBHOOK_SECRET", "a,");
    for (memory, reason) in [
        (unset, "the secret `STRIPE_WEBHOOK_SECRET` is not set on memory"),
        (empty, "the variable `STRIPE_WEBHOOK_SECRET`: the secret is empty"),
        (part, "the variable `STRIPE_WEBHOOK_SECRET`: the secret is empty"),
    ] {
        let answer = block_on(sent::<Stripe>(post(JSON, "{}")).within(&memory).send(stripe));
        assert_eq!(answer.status(), 500);
        assert!(!answer.text().contains("STRIPE"), "{}", answer.text());
        assert!(answer.log_lines()[0].contains(reason), "{:?}", answer.log_lines());
    }
    let odd = Memory::default().env("WEBHOOK_SECRET", "whsec_no base64").at(now());
    let answer = block_on(sent::<StandardWebhooks>(post(JSON, "{}")).within(&odd).send(standard));
    assert_eq!(answer.status(), 500);
    let told = "the variable `WEBHOOK_SECRET`: the secret is no base64 after `whsec_`";
    assert!(answer.log_lines()[0].contains(told), "{:?}", answer.log_lines());
}

#[test]
fn either_secret_holds_while_one_takes_the_others_place() {
    let both = Memory::default().env("STRIPE_WEBHOOK_SECRET", &format!("whsec_new, {SECRET}")).at(now());
    for secret in ["whsec_new", SECRET] {
        let request = signed::<Stripe>(post(JSON, r#"{"data":{"object":1}}"#), secret, now());
        assert_eq!(block_on(TestRequest::from(request).within(&both).send(stripe)).status(), 200, "{secret}");
    }
    let other = signed::<Stripe>(post(JSON, "{}"), "whsec_old", now());
    assert_eq!(block_on(TestRequest::from(other).within(&both).send(stripe)).status(), 401);
}

#[test]
fn a_body_over_the_platforms_limit_is_too_large() {
    let small = Capabilities::http_only("small").with_limits(Some(10), None);
    let request = sent::<GitHub>(post(JSON, r#"{"more than":"ten bytes"}"#)).on(small);
    assert_eq!(block_on(request.send(github)).status(), 413);
    // A limit that shows while the body is read, as the adapters' own do.
    let chunks = [Ok("{"), Err(BodyError::TooLarge { limit: 1 })];
    let request = signed::<GitHub>(post(JSON, "{"), SECRET, now());
    let request = request.map(|_| Body::from_stream(futures_util::stream::iter(chunks)));
    let handler = github.into_handler(StateCell::unit());
    assert_eq!(block_on(dispatch_http(&handler, request, memory::<GitHub>().context())).status(), 413);
}

#[test]
fn a_function_may_take_the_refusal_itself() {
    async fn lenient(event: Result<Verified<GitHub>, Error>) -> String {
        event.map_or_else(|error| error.status().to_string(), |Verified(event)| event.kind)
    }
    let answer = block_on(test::post("/").body("{}").within(&memory::<GitHub>()).send(lenient));
    assert_eq!((answer.status(), answer.text()), (200, "401 Unauthorized"));
}

/// An invocation whose gateway had a stage in front of the path.
struct Staged(Memory);

impl Invocation for Staged {
    fn platform(&self) -> &'static str {
        "staged"
    }

    fn raw_target(&self) -> Option<&str> {
        Some("/prod/sms")
    }

    fn env(&self, name: &str) -> Option<String> {
        Invocation::env(&self.0, name)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        self.0.sleep(duration)
    }

    fn wait_until(&self, work: BoxFuture<()>) {
        self.0.wait_until(work);
    }
}

#[test]
fn the_target_as_the_platform_delivered_it_is_what_twilio_signed() {
    let answer = |cx: Context| {
        let url = |url: &'static str| Request::post(url).header("content-type", FORM).body("From=1&Body=hi").unwrap();
        let mut request = signed::<Twilio>(url("https://fn.example/prod/sms"), SECRET, now());
        *request.uri_mut() = "https://fn.example/sms".parse().unwrap();
        block_on(dispatch_http(&twilio.into_handler(StateCell::unit()), request.map(Body::from), cx)).status()
    };
    assert_eq!(answer(Context::new(Staged(memory::<Twilio>()))), 200);
    assert_eq!(answer(memory::<Twilio>().context()), 401);
}
