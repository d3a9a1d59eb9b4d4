//! Signatures that the providers, or their own libraries' tests, have published.

use std::time::{Duration, SystemTime};

use anyfn_webhooks::{Refusal, Secrets, Window, github, slack, standard, stripe, twilio};
use http::{HeaderMap, HeaderName};

fn at(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(second)
}

fn one(secret: &str) -> Secrets {
    Secrets::new([secret]).unwrap()
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
}

const STRIPE_BODY: &str = "{\n  \"id\": \"evt_test_webhook\",\n  \"object\": \"event\"\n}";
const STRIPE_CODE: &str = "2672d138c9a412830f3bfe2ecc5bfb3277cf6f5b49d0119d77dd6cb64da1257e";

fn stripe_at(second: u64, signature: &str) -> Result<(), Refusal> {
    let headers = headers(&[("stripe-signature", signature)]);
    stripe::verify(&headers, STRIPE_BODY.as_bytes(), &one("whsec_test_secret"), at(second))
}

#[test]
fn stripe_signs_time_and_body() {
    assert_eq!(STRIPE_BODY.len(), 51);
    assert_eq!(stripe_at(12345, &format!("t=12345,v1={STRIPE_CODE}")), Ok(()));
    let signed = stripe::sign(STRIPE_BODY.as_bytes(), "whsec_test_secret", at(12345));
    assert_eq!(signed["stripe-signature"], format!("t=12345,v1={STRIPE_CODE}"));
}

#[test]
fn of_stripes_signatures_one_of_the_scheme_is_enough() {
    for good in [
        format!("t=12345,v1={STRIPE_CODE},v1=potato"),
        format!("t=12345,v1=potato,v1={STRIPE_CODE}"),
        format!("t=12345,v0=potato,v1={STRIPE_CODE}"),
        format!("v1={STRIPE_CODE},t=12345"),
    ] {
        assert_eq!(stripe_at(12345, &good), Ok(()), "{good}");
    }
    assert_eq!(stripe_at(12345, &format!("t=12345,v0={STRIPE_CODE}")), Err(Refusal::Scheme("v1")));
    assert_eq!(stripe_at(12345, "t=12345"), Err(Refusal::Scheme("v1")));
    for bad in ["potato".to_owned(), STRIPE_CODE[..63].to_owned(), String::new(), STRIPE_CODE.to_uppercase()] {
        assert_eq!(stripe_at(12345, &format!("t=12345,v1={bad}")), Err(Refusal::Mismatch), "{bad}");
    }
}

#[test]
fn a_header_that_stripe_does_not_write_is_malformed() {
    for malformed in [
        "",
        "potato",
        "v1=1",
        "t=,v1=1",
        "t=x,v1=1",
        "t=-1,v1=1",
        "t=1,v1",
        "t=1,,v1=1",
        "t=1,t=2,v1=1",
        "t=99999999999999999999,v1=1",
    ] {
        assert_eq!(stripe_at(12345, malformed), Err(Refusal::Malformed("stripe-signature")), "{malformed}");
    }
    let none = stripe::verify(&HeaderMap::new(), b"", &one("s"), at(0));
    assert_eq!(none, Err(Refusal::Missing("stripe-signature")));
    let twice = headers(&[("stripe-signature", "t=1,v1=1"), ("stripe-signature", "t=1,v1=1")]);
    assert_eq!(stripe::verify(&twice, b"", &one("s"), at(0)), Err(Refusal::Malformed("stripe-signature")));
}

#[test]
fn stripes_signatures_hold_for_five_minutes() {
    let signature = format!("t=12345,v1={STRIPE_CODE}");
    assert_eq!(stripe_at(12345 + 300, &signature), Ok(()));
    assert_eq!(stripe_at(12345 + 301, &signature), Err(Refusal::TooOld(Duration::from_secs(301))));
    assert_eq!(stripe_at(12345 - 301, &signature), Err(Refusal::TooNew(Duration::from_secs(301))));
    let wide = Window::at(at(u64::from(u32::MAX))).tolerance(Duration::from_secs(u64::MAX));
    let headers = headers(&[("stripe-signature", &signature)]);
    assert_eq!(stripe::verify(&headers, STRIPE_BODY.as_bytes(), &one("whsec_test_secret"), wide), Ok(()));
}

#[test]
fn github_signs_the_body() {
    for (secret, body, code) in [
        (
            "It's a Secret to Everybody",
            "Hello, World!",
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
        ("mysecret", r#"{"foo":"bar"}"#, "4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3"),
    ] {
        let sent = |value: &str| headers(&[("x-hub-signature-256", value)]);
        let verify = |value: &str| github::verify(&sent(value), body.as_bytes(), &one(secret));
        assert_eq!(verify(&format!("sha256={code}")), Ok(()));
        assert_eq!(verify(&format!("sha256={}", code.to_uppercase())), Err(Refusal::Mismatch));
        assert_eq!(verify("sha256="), Err(Refusal::Mismatch));
        assert_eq!(verify(code), Err(Refusal::Scheme("sha256")));
        assert_eq!(verify(&format!("sha1={code}")), Err(Refusal::Scheme("sha256")));
        assert_eq!(github::sign(body.as_bytes(), secret), sent(&format!("sha256={code}")));
    }
    let older = headers(&[("x-hub-signature", "sha1=1")]);
    assert_eq!(github::verify(&older, b"", &one("s")), Err(Refusal::Missing("x-hub-signature-256")));
}

struct Message {
    secret: &'static str,
    id: &'static str,
    second: u64,
    body: &'static str,
    signature: &'static str,
}

const MESSAGES: [Message; 2] = [
    Message {
        secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        second: 1_614_265_330,
        body: r#"{"test": 2432232314}"#,
        signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    Message {
        secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        second: 1_649_367_553,
        body: r#"{"email":"test@example.com","username":"test_user"}"#,
        signature: "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
    },
];

impl Message {
    fn verify(&self, signature: &str, secret: &str, now: u64) -> Result<(), Refusal> {
        let second = self.second.to_string();
        let headers =
            headers(&[("webhook-id", self.id), ("webhook-timestamp", &second), ("webhook-signature", signature)]);
        standard::verify(&headers, self.body.as_bytes(), &one(secret), at(now))
    }
}

#[test]
fn the_standard_signs_id_time_and_body() {
    for message in MESSAGES {
        assert_eq!(message.verify(message.signature, message.secret, message.second), Ok(()));
        let bare = message.secret.strip_prefix("whsec_").unwrap();
        assert_eq!(message.verify(message.signature, bare, message.second), Ok(()));
        let signed = standard::sign(message.id, message.body.as_bytes(), message.secret, at(message.second)).unwrap();
        assert_eq!(signed["webhook-signature"], message.signature);
    }
}

#[test]
fn of_the_standards_signatures_one_is_enough() {
    let message = &MESSAGES[0];
    let verify = |signature: &str| message.verify(signature, message.secret, message.second);
    let other = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    assert_eq!(
        verify(&format!(
            "{other} v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== {}",
            message.signature
        )),
        Ok(())
    );
    assert_eq!(verify(other), Err(Refusal::Mismatch));
    assert_eq!(verify("v1,"), Err(Refusal::Mismatch));
    assert_eq!(verify(&message.signature[..message.signature.len() - 3]), Err(Refusal::Mismatch));
    assert_eq!(verify(&message.signature.replace("v1,", "v2,")), Err(Refusal::Scheme("v1")));
    assert_eq!(verify(&message.signature.replace("v1,", "v1a,")), Err(Refusal::Scheme("v1")));
    assert_eq!(verify(""), Err(Refusal::Scheme("v1")));
}

#[test]
fn the_standards_signatures_hold_for_five_minutes() {
    let message = &MESSAGES[0];
    let at = |now| message.verify(message.signature, message.secret, now);
    assert_eq!((at(message.second + 300), at(message.second - 300)), (Ok(()), Ok(())));
    assert_eq!(at(message.second + 301), Err(Refusal::TooOld(Duration::from_secs(301))));
    assert_eq!(at(message.second - 301), Err(Refusal::TooNew(Duration::from_secs(301))));
}

#[test]
fn each_header_of_the_standard_is_needed() {
    let message = &MESSAGES[0];
    let signed = standard::sign(message.id, b"", message.secret, at(0)).unwrap();
    assert_eq!(standard::verify(&signed, b"", &one(message.secret), at(0)), Ok(()), "an empty payload is one");
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut rest = signed.clone();
        rest.remove(name);
        assert_eq!(standard::verify(&rest, b"", &one(message.secret), at(0)), Err(Refusal::Missing(name)));
    }
    let mut odd = signed;
    odd.insert("webhook-timestamp", "soon".parse().unwrap());
    assert_eq!(standard::verify(&odd, b"", &one(message.secret), at(0)), Err(Refusal::Malformed("webhook-timestamp")));
}

#[test]
fn the_standards_older_names_are_read_where_all_of_them_stand_alone() {
    let message = &MESSAGES[0];
    let second = message.second.to_string();
    let mut older =
        headers(&[("svix-id", message.id), ("svix-timestamp", &second), ("svix-signature", message.signature)]);
    let verify = |headers: &HeaderMap| {
        standard::verify(headers, message.body.as_bytes(), &one(message.secret), at(message.second))
    };
    assert_eq!(verify(&older), Ok(()));
    older.insert("webhook-id", "another".parse().unwrap());
    assert_eq!(verify(&older), Err(Refusal::Missing("webhook-timestamp")));
}

#[test]
fn a_secret_that_is_no_base64_is_this_programs_fault() {
    let message = &MESSAGES[0];
    for secret in ["whsec_", "whsec_!", "no base64"] {
        let refusal = message.verify(message.signature, secret, message.second).unwrap_err();
        assert_eq!(refusal, Refusal::Secret("is no base64 after `whsec_`"));
        assert_eq!(refusal.into_error().status(), 500);
    }
}

const SLACK_BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
                          channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
                          response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
                          trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";

#[test]
fn slack_signs_time_and_body() {
    let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    let secret = "8f742231b10e8888abcd99yyyzzz85a5";
    let verify = |signature: &str, second: &str, now| {
        let headers = headers(&[("x-slack-signature", signature), ("x-slack-request-timestamp", second)]);
        slack::verify(&headers, SLACK_BODY.as_bytes(), &one(secret), at(now))
    };
    let second = 1_531_420_618;
    assert_eq!(verify(signature, "1531420618", second), Ok(()));
    assert_eq!(slack::sign(SLACK_BODY.as_bytes(), secret, at(second))["x-slack-signature"], signature);
    assert_eq!(verify(signature, "1531420618", second + 301), Err(Refusal::TooOld(Duration::from_secs(301))));
    assert_eq!(verify(signature, "1531420618", second - 301), Err(Refusal::TooNew(Duration::from_secs(301))));
    assert_eq!(verify(signature, "1531420619", second), Err(Refusal::Mismatch));
    assert_eq!(verify(&signature[3..], "1531420618", second), Err(Refusal::Scheme("v0")));
    assert_eq!(verify(signature, "now", second), Err(Refusal::Malformed("x-slack-request-timestamp")));
    let timeless = headers(&[("x-slack-signature", signature)]);
    let refused = slack::verify(&timeless, SLACK_BODY.as_bytes(), &one(secret), at(second));
    assert_eq!(refused, Err(Refusal::Missing("x-slack-request-timestamp")));
}

const FORM: &str = "application/x-www-form-urlencoded";
const CALL: &str = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";

fn twilio(url: &str, signature: &str, body: &str) -> Result<(), Refusal> {
    let headers = headers(&[("content-type", FORM), ("x-twilio-signature", signature)]);
    twilio::verify(url, &headers, body.as_bytes(), &one("12345"))
}

#[test]
fn twilio_signs_url_and_form_and_the_port_may_be_said_or_not() {
    for (signed, other, signature) in [
        ("https://mycompany.com/", "https://mycompany.com:443/", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("http://mycompany.com:1234/", "http://mycompany.com:1234/", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        ("https://mycompany.com:443/", "https://mycompany.com/", "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com:80/", "http://mycompany.com/", "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        ("https://user:pass@mycompany.com/", "https://user:pass@mycompany.com:443/", "CukzLTc1tT5dXEDIHm/tKBanW10="),
        ("https://user@mycompany.com/", "https://user@mycompany.com:443/", "2YRLlVAflCqxaNicjMpJcSTgzSs="),
    ] {
        let url = |base: &str| format!("{base}myapp.php?foo=1&bar=2");
        assert_eq!(twilio(&url(signed), signature, CALL), Ok(()), "{signed}");
        assert_eq!(twilio(&url(other), signature, CALL), Ok(()), "{other}");
        let made = twilio::sign(&url(signed), FORM, CALL.as_bytes(), "12345");
        assert_eq!(made["x-twilio-signature"], signature);
        let elsewhere = format!("{}?foo=1&bar=3", url(signed).split('?').next().unwrap());
        assert!(matches!(twilio(&elsewhere, signature, CALL), Err(Refusal::Url(_))));
    }
}

#[test]
fn twilio_sorts_the_form_and_takes_what_repeats_once() {
    let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    let mut shuffled: Vec<_> = CALL.split('&').rev().collect();
    shuffled.push(shuffled[0]);
    assert_eq!(twilio(url, signature, &shuffled.join("&")), Ok(()));
    assert!(twilio(url, signature, &format!("{CALL}&More=1")).is_err());
    assert!(twilio(url, signature, "").is_err());
}

#[test]
fn a_path_that_looks_like_a_hash_of_the_body_is_a_path() {
    const FORM: &str = "application/x-www-form-urlencoded";
    let (url, body) = ("https://fn.example/bodySHA256", b"From=me");
    let mut headers = twilio::sign(url, FORM, body, "token");
    headers.insert("content-type", FORM.parse().unwrap());
    let secrets = Secrets::new(["token"]).unwrap();
    assert_eq!(twilio::verify(url, &headers, body, &secrets), Ok(()));
    assert!(twilio::verify(url, &headers, b"From=you", &secrets).is_err());
}

#[test]
fn twilio_names_a_body_of_json_in_the_url() {
    let body = r#"{"property": "value", "boolean": true}"#;
    let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let url = format!("https://mycompany.com/myapp.php?foo=1&bodySHA256={hash}");
    let mut headers = twilio::sign(&url, "application/json", body.as_bytes(), "12345");
    headers.insert("content-type", "application/json".parse().unwrap());
    let verify = |url: &str, body: &str| twilio::verify(url, &headers, body.as_bytes(), &one("12345"));
    assert_eq!(verify(&url, body), Ok(()));
    assert_eq!(verify(&url, "{}"), Err(Refusal::Uncovered("its SHA-256 is not the one in the URL")));
    assert_eq!(verify(&url, ""), Err(Refusal::Uncovered("its SHA-256 is not the one in the URL")));
    let unnamed = verify("https://mycompany.com/myapp.php?foo=1", body);
    assert_eq!(unnamed, Err(Refusal::Uncovered("it is no form, and the URL has no `bodySHA256`")));
}

#[test]
fn any_of_several_secrets_signs() {
    let secrets = Secrets::parse("new, whsec_test_secret ,other").unwrap();
    let headers = headers(&[("stripe-signature", &format!("t=12345,v1={STRIPE_CODE}"))]);
    assert_eq!(stripe::verify(&headers, STRIPE_BODY.as_bytes(), &secrets, at(12345)), Ok(()));
    for none in ["", " ", "a,", ",a", "a,,b"] {
        assert_eq!(Secrets::parse(none).unwrap_err(), Refusal::Secret("is empty"), "{none:?}");
    }
    assert_eq!(format!("{secrets:?}"), "Secrets(3)");
}
