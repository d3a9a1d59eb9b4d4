//! What is changed in any bit is refused; what is signed here is taken.

use std::time::{Duration, SystemTime};

use anyfn_webhooks::{Delivery, GitHub, Provider, Secrets, Slack, StandardWebhooks, Stripe, Twilio};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use proptest::prelude::*;

const NOW: Duration = Duration::from_secs(1_700_000_000);
const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const FORM: &str = "application/x-www-form-urlencoded";

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + NOW
}

fn signed<P: Provider>(kind: &str, body: impl Into<Bytes>) -> Delivery {
    let request = Request::post("https://fn.example/hooks?a=1").header("content-type", kind).body(body.into()).unwrap();
    Delivery::new(anyfn_webhooks::signed::<P>(request, SECRET, now()))
}

fn holds<P: Provider>(delivery: &Delivery) -> bool {
    P::verify(delivery, &Secrets::new([SECRET]).unwrap(), now()).is_ok()
}

/// The same request with another body.
fn with(delivery: &Delivery, body: impl Into<Bytes>) -> Delivery {
    let mut other = delivery.clone();
    other.body = body.into();
    other
}

/// Each way in which one bit of this can be another.
fn flips(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|bit| {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        changed
    })
}

/// Every bit of the headers that the provider writes.
fn no_bit_of_the_headers_may_change<P: Provider>(delivery: &Delivery, names: &[&'static str]) {
    assert!(holds::<P>(delivery), "{}", P::NAME);
    for name in names {
        let value = delivery.head.headers[*name].as_bytes();
        let mut tried = 0;
        for changed in flips(value) {
            let Ok(changed) = HeaderValue::from_bytes(&changed) else { continue };
            let mut other = delivery.clone();
            other.head.headers.insert(HeaderName::from_static(name), changed.clone());
            assert!(!holds::<P>(&other), "{}: {name}: {changed:?} is taken for {value:?}", P::NAME);
            tried += 1;
        }
        assert!(tried >= value.len() * 5, "{name}: few values were tried");
    }
}

fn no_bit_of_the_body_may_change<P: Provider>(delivery: &Delivery) {
    for changed in flips(&delivery.body) {
        let other = with(delivery, changed);
        assert!(!holds::<P>(&other), "{}: {:?} is taken for {:?}", P::NAME, other.body, delivery.body);
    }
}

const BODY: &str = r#"{"id":"evt_1","type":"a.b","data":{"object":{"n":1,"text":"é\u0000 "}}}"#;

#[test]
fn no_bit_may_change() {
    let json = "application/json";
    let stripe = signed::<Stripe>(json, BODY);
    no_bit_of_the_headers_may_change::<Stripe>(&stripe, &["stripe-signature"]);
    no_bit_of_the_body_may_change::<Stripe>(&stripe);
    let github = signed::<GitHub>(json, BODY);
    no_bit_of_the_headers_may_change::<GitHub>(&github, &["x-hub-signature-256"]);
    no_bit_of_the_body_may_change::<GitHub>(&github);
    let slack = signed::<Slack>(json, BODY);
    no_bit_of_the_headers_may_change::<Slack>(&slack, &["x-slack-signature", "x-slack-request-timestamp"]);
    no_bit_of_the_body_may_change::<Slack>(&slack);
    let standard = signed::<StandardWebhooks>(json, BODY);
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    no_bit_of_the_headers_may_change::<StandardWebhooks>(&standard, &names);
    no_bit_of_the_body_may_change::<StandardWebhooks>(&standard);
    let twilio = signed::<Twilio>(FORM, "From=%2B41&Body=hi");
    no_bit_of_the_headers_may_change::<Twilio>(&twilio, &["x-twilio-signature"]);
}

/// A form has several spellings (`%2b` is `%2B`), so what counts is what the handler reads.
#[test]
fn no_bit_of_twilios_form_or_url_may_change_what_is_read() {
    let delivery = signed::<Twilio>(FORM, "From=%2B41790000000&Body=a+b%C3%A9&NumMedia=0&Empty=");
    let read = |delivery: &Delivery| Twilio::read(delivery.clone()).unwrap().params;
    let (mut refused, mut same) = (0, 0);
    for changed in flips(&delivery.body) {
        let other = with(&delivery, changed);
        if holds::<Twilio>(&other) {
            assert_eq!(read(&other), read(&delivery), "{:?}", other.body);
            same += 1;
        } else {
            refused += 1;
        }
    }
    assert!(refused > same * 20, "{refused} refused, {same} the same");
    for changed in flips(delivery.head.uri.to_string().as_bytes()) {
        let Ok(uri) = http::Uri::try_from(changed) else { continue };
        if uri == delivery.head.uri {
            continue;
        }
        let mut other = delivery.clone();
        other.head.uri = uri;
        assert!(!holds::<Twilio>(&other), "{}", other.head.uri);
    }
}

fn taken_and_refused<P: Provider>(kind: &str, body: &[u8], bit: usize) {
    let delivery = signed::<P>(kind, body.to_vec());
    assert!(holds::<P>(&delivery), "{}", P::NAME);
    if let Some(changed) = flips(body).nth(bit % (body.len() * 8).max(1)) {
        assert!(!holds::<P>(&with(&delivery, changed)), "{}: a changed body", P::NAME);
    }
    let longer = Bytes::from([body, b"x"].concat());
    assert!(!holds::<P>(&with(&delivery, longer)), "{}: a longer body", P::NAME);
    let other = P::verify(&delivery, &Secrets::new(["AAAA"]).unwrap(), now());
    assert!(other.is_err(), "{}: another secret", P::NAME);
}

proptest! {
    #[test]
    fn any_body_is_taken_as_it_was_signed_and_in_no_other_way(
        body in prop::collection::vec(any::<u8>(), 0..300),
        bit in any::<usize>(),
    ) {
        taken_and_refused::<Stripe>("application/json", &body, bit);
        taken_and_refused::<GitHub>("application/json", &body, bit);
        taken_and_refused::<Slack>("application/json", &body, bit);
        taken_and_refused::<StandardWebhooks>("application/json", &body, bit);
    }

    #[test]
    fn any_form_is_taken_as_it_was_signed(pairs in prop::collection::vec(("[ -~é]{1,12}", "\\PC{0,12}"), 1..8)) {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let delivery = signed::<Twilio>(FORM, body);
        prop_assert!(holds::<Twilio>(&delivery));
        prop_assert_eq!(&Twilio::read(delivery.clone()).unwrap().params, &pairs);
        let longer = Bytes::from([&delivery.body[..], b"&zz=1"].concat());
        let other = with(&delivery, longer);
        prop_assert!(!holds::<Twilio>(&other));
    }

    #[test]
    fn no_header_panics(value in prop::collection::vec(any::<u8>(), 0..120), body in prop::collection::vec(any::<u8>(), 0..40)) {
        let Ok(value) = HeaderValue::from_bytes(&value) else { return Ok(()) };
        let mut request = Request::post("https://fn.example/hooks").body(Bytes::from(body)).unwrap();
        for name in [
            "stripe-signature", "x-hub-signature-256", "x-slack-signature", "x-slack-request-timestamp", "webhook-id",
            "webhook-timestamp", "webhook-signature", "x-twilio-signature", "authorization", "content-type",
        ] {
            request.headers_mut().insert(name, value.clone());
        }
        let delivery = Delivery::new(request);
        prop_assert!(!holds::<Stripe>(&delivery) && !holds::<GitHub>(&delivery) && !holds::<Slack>(&delivery));
        prop_assert!(!holds::<StandardWebhooks>(&delivery) && !holds::<Twilio>(&delivery));
    }
}
