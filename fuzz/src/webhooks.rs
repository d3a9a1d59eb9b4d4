//! Webhooks: what nobody signed is refused, what is signed is taken, and neither panics.

use std::time::{Duration, SystemTime};

use anyfn_webhooks::{Delivery, GitHub, Provider, Refusal, Secrets, Slack, StandardWebhooks, Stripe, Twilio};
use bytes::Bytes;

use crate::input::{Message, decoder};

/// No signature by it is in the corpus.
const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The first byte says whose request follows.
pub fn webhooks(data: &[u8]) {
    let Some((kind, rest)) = decoder(data, 5) else { return };
    let message = Message::read(rest);
    let Some(request) = message.request(Bytes::from(message.body.clone())) else { return };
    // As every adapter gives it: `https://fn.example?a` is another spelling of `https://fn.example/?a`.
    if !request.uri().path_and_query().is_some_and(|target| target.as_str().starts_with('/')) {
        return;
    }
    let delivery = Delivery::new(request);
    match kind % 5 {
        0 => whose::<Stripe>(delivery),
        1 => whose::<GitHub>(delivery),
        2 => whose::<Slack>(delivery),
        3 => whose::<StandardWebhooks>(delivery),
        _ => whose::<Twilio>(delivery),
    }
}

fn whose<P: Provider>(mut delivery: Delivery) {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let secrets = Secrets::new([SECRET]).expect("a secret");
    assert!(P::verify(&delivery, &secrets, now).is_err(), "{}: nobody signed {delivery:?}", P::NAME);
    let Ok(signature) = P::sign(&delivery, SECRET, now) else { return };
    delivery.head.headers.extend(signature);
    let verified = P::verify(&delivery, &secrets, now);
    // Twilio's covers a form, or a body whose hash is in the URL, and no other; and the URL has a host.
    if P::NAME == "Twilio" && matches!(verified, Err(Refusal::Uncovered(_) | Refusal::Missing("host"))) {
        return;
    }
    assert!(verified.is_ok(), "{}: {verified:?} of what was signed, {delivery:?}", P::NAME);
    let late = now + Duration::from_secs(301);
    let replayed = P::verify(&delivery, &secrets, late).is_ok();
    assert_eq!(replayed, matches!(P::NAME, "GitHub" | "Twilio"), "{}: {delivery:?}", P::NAME);
    // What is signed can be anything, and is told if it is no event.
    let _ = P::read(delivery.clone());
    let body = [&delivery.body[..], b"&x=1"].concat();
    delivery.body = body.into();
    if P::NAME != "Twilio" {
        assert!(P::verify(&delivery, &secrets, now).is_err(), "{}: a longer body {delivery:?}", P::NAME);
    }
}
