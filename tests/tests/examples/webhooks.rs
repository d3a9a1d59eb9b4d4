//! Signed requests over the wire to `examples/webhooks` on every platform's own local runtime: a signature holds only where the
//! body's bytes and the public URL arrive as they were sent.

use std::time::SystemTime;

use anyfn_webhooks::{GitHub, Provider, Slack, StandardWebhooks, Stripe, Twilio, signed};
use anyfn_xtask::build::Target;
use anyfn_xtask::local::lambda::{Lambda, Shape};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::program::{Program, post, with};

/// The vectors' own, some of them beside another, as while one takes the other's place.
const SECRETS: [(&str, &str); 6] = [
    ("STRIPE_WEBHOOK_SECRET", "whsec_test_secret"),
    ("GITHUB_WEBHOOK_SECRET", "It's a Secret to Everybody,mysecret"),
    ("TWILIO_AUTH_TOKEN", "12345"),
    ("SLACK_SIGNING_SECRET", "whatever, 8f742231b10e8888abcd99yyyzzz85a5"),
    ("WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw,whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
    ("DONE", "memory:"),
];
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
/// The form of Twilio's vectors, and their path.
const CALL: &str = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
const APP: &str = "/myapp.php?foo=1&bar=2";
const PRESSED: &str = "<Say>You pressed 1, 2, 3, 4.</Say>";
/// What the log says of a good signature that was made long ago: that it was good.
const OLD: &str = "the signature holds, but was made ";
const OTHER: &str = "the signature is not that of ";

fn start(target: Target, lambda: Option<&Lambda>, more: &[(&str, &str)]) -> Program {
    Program::start("webhooks", target, lambda, &[&SECRETS[..], more].concat())
}

impl Program {
    /// Sends a request, and expects it to be taken (with an answer that ends so) or refused (with this in the log).
    fn expect(&self, request: &http::Request<Vec<u8>>, expected: Result<&str, &str>) {
        let before = self.logs().len();
        let reply = self.ask(request);
        let text = String::from_utf8_lossy(&reply.body);
        let asked = format!("{} {} {:?}", request.method(), request.uri(), request.headers());
        match expected {
            Ok(answer) => {
                assert_eq!(reply.status, 200, "{asked}: {text} {:?}", self.logs());
                assert!(text.contains(answer), "{asked}: {text}");
            }
            Err(reason) => {
                assert_eq!(reply.status, 401, "{asked}: {text}");
                assert_eq!(reply.header("content-type"), [b"application/problem+json"]);
                assert!(!text.contains("signature"), "the caller was told: {text}");
                self.logged(before, &["webhook refused", reason]);
            }
        }
    }
}

/// Signed at this moment.
fn fresh<P: Provider>(request: http::Request<Vec<u8>>, secret: &str) -> http::Request<Vec<u8>> {
    signed::<P>(request, secret, SystemTime::now()).map(|body| body.to_vec())
}

/// What no time is signed of, as it was published; it is taken whenever it comes.
fn vectors_without_a_time(program: &Program) {
    let github = "http://fn.example/github";
    for (kind, body, code) in [
        ("text/plain", "Hello, World!", "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"),
        (JSON, r#"{"foo":"bar"}"#, "4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3"),
    ] {
        let code = format!("sha256={code}");
        let signed = |body: &str| with(post(github, kind, body), &[("x-hub-signature-256", &code)]);
        program.expect(&signed(body), Ok("not needed here"));
        program.expect(&signed(&format!("{body} ")), Err(OTHER));
    }
    program.expect(&post(github, JSON, "{}"), Err("the header `x-hub-signature-256` is missing"));
    for (base, signature) in [
        ("http://mycompany.com:1234", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        ("http://mycompany.com:80", "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        // The same one, where the client leaves its scheme's own port out.
        ("http://mycompany.com", "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    ] {
        let call = post(&format!("{base}{APP}"), FORM, CALL);
        program.expect(&with(call, &[("x-twilio-signature", signature)]), Ok(PRESSED));
    }
    for (url, form) in [
        (format!("http://mycompany.com:1234{APP}"), CALL.replace("1234&", "1235&")),
        (format!("http://mycompany.com:1234{APP}&x=1"), CALL.to_owned()),
        (format!("http://mycompany.com:1235{APP}"), CALL.to_owned()),
        (format!("http://other.example:1234{APP}"), CALL.to_owned()),
    ] {
        let signature = "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=";
        program.expect(&with(post(&url, FORM, form), &[("x-twilio-signature", signature)]), Err(OTHER));
    }
    // Signed for https, and asked for over http.
    let call = post(&format!("http://mycompany.com{APP}"), FORM, CALL);
    program.expect(&with(call, &[("x-twilio-signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")]), Err(OTHER));
}

/// What was published long ago: the signature holds, so the bytes are right, and the request is refused for its age.
fn vectors_with_a_time(program: &Program) {
    let code = "t=12345,v1=2672d138c9a412830f3bfe2ecc5bfb3277cf6f5b49d0119d77dd6cb64da1257e";
    let event = "{\n  \"id\": \"evt_test_webhook\",\n  \"object\": \"event\"\n}";
    let stripe = |event: &str| with(post("http://fn.example/stripe", JSON, event), &[("stripe-signature", code)]);
    program.expect(&stripe(event), Err(OLD));
    program.expect(&stripe(&event.replace("  ", " ")), Err(OTHER));
    let command = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
                   channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=\
                   https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
                   trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let code = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    let slack = [("x-slack-signature", code), ("x-slack-request-timestamp", "1531420618")];
    program.expect(&with(post("http://fn.example/slack", FORM, command), &slack), Err(OLD));
    let now = fresh::<Slack>(post("http://fn.example/slack", FORM, command), "8f742231b10e8888abcd99yyyzzz85a5");
    program.expect(&now, Ok("roadrunner, you gave `/webhook-collect`"));
    for (id, second, body, code) in [
        (
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            r#"{"test": 2432232314}"#,
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        (
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            "1649367553",
            r#"{"email":"test@example.com","username":"test_user"}"#,
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        ),
    ] {
        let headers = [("webhook-id", id), ("webhook-timestamp", second), ("webhook-signature", code)];
        program.expect(&with(post("http://fn.example/hooks", JSON, body), &headers), Err(OLD));
    }
}

/// How a gateway hands over a query.
#[derive(Clone, Copy)]
enum Queries {
    /// As it was sent.
    Whole,
    /// As names with their values: which came after which, and whether there was a `=`, is lost.
    Parsed,
}

/// What is signed at this moment, with bodies and URLs that a gateway could spoil.
fn signed_now(program: &Program, queries: Queries) {
    let hooks = |kind: &str, body: Vec<u8>| {
        fresh::<StandardWebhooks>(post("http://fn.example/hooks", kind, body), "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    };
    program.expect(&hooks(JSON, Vec::new()), Ok("ok"));
    let session = json!({ "client_reference_id": "é\u{2028}7", "payment_status": "paid" });
    let event = json!({ "id": "evt_1", "type": "checkout.session.completed", "data": { "object": session } });
    let stripe = post("http://fn.example/stripe", JSON, event.to_string());
    // Twice, as Stripe may: signed anew, and one order.
    for _ in 0..2 {
        program.expect(&fresh::<Stripe>(stripe.clone(), "whsec_test_secret"), Ok("queued"));
    }
    program.logged(0, &["is paid"]);
    assert_eq!(program.logs().iter().filter(|line| line.contains("is paid")).count(), 1, "{:?}", program.logs());
    let github = |kind: &str, body: Vec<u8>| fresh::<GitHub>(post("http://fn.example/github", kind, body), "mysecret");
    program.expect(&github("application/octet-stream", (0..=255).collect()), Ok("not needed here"));
    program.expect(&github(JSON, b"\xef\xbb\xbf{\r\n\t\"a\" : 1 }\r\n".to_vec()), Ok("not needed here"));
    program.expect(&github(JSON, vec![b' '; 200_000]), Ok("not needed here"));
    let sms = |url: &str| fresh::<Twilio>(post(url, FORM, "From=%2B41&Body=a+%C3%A9%0D%0A"), "12345");
    program.expect(&sms("http://fn.example/sms"), Ok("You said: a é"));
    program.expect(&sms("http://Hooks.example:8443/sms?b=2&a=x+y&c=%27q%27&d="), Ok("You said: a é"));
    let repeating = sms("http://fn.example/sms?b=2&a=x&b=1&flag");
    match queries {
        Queries::Whole => program.expect(&repeating, Ok("You said: a é")),
        Queries::Parsed => program.expect(&repeating, Err(OTHER)),
    }
    let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let named = format!("http://fn.example/sms?bodySHA256={hash}");
    let body = r#"{"property": "value", "boolean": true}"#;
    program.expect(&fresh::<Twilio>(post(&named, JSON, body), "12345"), Ok("You said nothing."));
    let get = http::Request::get("http://fn.example/sms?Body=hi+there&From=%2B41").body(Vec::new()).unwrap();
    program.expect(&fresh::<Twilio>(get, "12345"), Ok("You said: hi there"));
}

fn everything(target: Target, lambda: Option<&Lambda>) {
    let shape = lambda.map(|lambda| lambda.shape);
    let parsed = matches!(shape, Some(Shape::V1 | Shape::Alb | Shape::AlbMulti));
    let program = start(target, lambda, &[]);
    vectors_without_a_time(&program);
    vectors_with_a_time(&program);
    signed_now(&program, if parsed { Queries::Parsed } else { Queries::Whole });
}

#[test]
fn the_server_takes_what_is_signed() {
    everything(Target::Server, None);
}

#[test]
fn workers_take_what_is_signed() {
    everything(Target::Cloudflare, None);
}

#[test]
fn vercel_takes_what_is_signed() {
    everything(Target::Vercel, None);
}

#[test]
fn lambda_behind_an_http_api_takes_what_is_signed() {
    everything(Target::Lambda, Some(&Lambda::emulator(Shape::V2)));
}

#[test]
fn lambda_behind_a_rest_api_takes_what_is_signed() {
    everything(Target::Lambda, Some(&Lambda::emulator(Shape::V1)));
}

#[test]
fn lambda_behind_its_url_takes_what_is_signed() {
    everything(Target::Lambda, Some(&Lambda::emulator(Shape::Url)));
}

#[test]
fn lambda_behind_a_load_balancer_takes_what_is_signed() {
    everything(Target::Lambda, Some(&Lambda::emulator(Shape::Alb)));
}

#[test]
fn lambda_behind_a_load_balancer_with_multi_value_headers_takes_what_is_signed() {
    everything(Target::Lambda, Some(&Lambda::emulator(Shape::AlbMulti)));
}

#[test]
fn a_gateways_stage_is_part_of_the_url_that_was_signed() {
    for shape in [Shape::V1, Shape::V2] {
        let program = start(Target::Lambda, Some(&Lambda::emulator(shape).stage("prod")), &[]);
        let url = "http://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod/sms?b=2&a=x";
        let sms = fresh::<Twilio>(post(url, FORM, "Body=hi"), "12345");
        program.expect(&sms, Ok("You said: hi"));
    }
}

/// Twilio's vectors of https, each as the front door in question says that it was https.
const OVER_TLS: [(&str, &str, Option<&str>); 5] = [
    ("mycompany.com", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", None),
    ("mycompany.com:443", "kvajT1Ptam85bY51eRf/AJRuM3w=", None),
    ("mycompany.com", "kvajT1Ptam85bY51eRf/AJRuM3w=", None),
    ("mycompany.com", "CukzLTc1tT5dXEDIHm/tKBanW10=", Some("user:pass")),
    ("mycompany.com", "2YRLlVAflCqxaNicjMpJcSTgzSs=", Some("user:")),
];

#[test]
fn the_server_believes_a_trusted_proxy_that_it_was_https() {
    let trusting = start(Target::Server, None, &[("ANYFN_TRUST_PROXY", "1")]);
    let forwarded = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")];
    for (host, signature, user) in OVER_TLS {
        let mut call = with(post(&format!("http://{host}{APP}"), FORM, CALL), &[("x-twilio-signature", signature)]);
        if let Some(user) = user {
            call = with(call, &[("authorization", &format!("Basic {}", BASE64_STANDARD.encode(user)))]);
        }
        trusting.expect(&with(call.clone(), &forwarded), Ok(PRESSED));
        trusting.expect(&call, Err("a request to http://mycompany.com"));
    }
}

#[test]
fn an_http_api_says_that_it_was_https() {
    let program = start(Target::Lambda, Some(&Lambda::emulator(Shape::V2)), &[]);
    for (host, signature, user) in OVER_TLS {
        let (path, query) = APP.split_once('?').unwrap();
        let mut headers = json!({ "host": host, "content-type": FORM, "x-twilio-signature": signature,
                                  "x-forwarded-proto": "https", "x-forwarded-port": "443" });
        if let Some(user) = user {
            headers["authorization"] = format!("Basic {}", BASE64_STANDARD.encode(user)).into();
        }
        let event = json!({
            "version": "2.0", "rawPath": path, "rawQueryString": query, "headers": headers,
            "requestContext": { "http": { "method": "POST", "path": path, "sourceIp": "203.0.113.9" },
                                "domainName": host, "stage": "$default", "requestId": "r" },
            "body": BASE64_STANDARD.encode(CALL), "isBase64Encoded": true,
        });
        let told: Value = serde_json::from_str(&program.invoke(&event.to_string())).unwrap();
        assert_eq!(told["statusCode"], 200, "{host} {user:?}: {told} {:?}", program.logs());
    }
}
