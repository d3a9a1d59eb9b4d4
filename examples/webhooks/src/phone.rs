//! Twilio: text messages and keys of a telephone, answered in its markup (TwiML).

use anyfn::webhooks::{Twilio, Verified};

type Twiml = ([(&'static str, &'static str); 1], String);

/// Answers a text message with another.
pub(crate) async fn sms(Verified(event): Verified<Twilio>) -> Twiml {
    let text = event.get("Body").unwrap_or_default().trim();
    twiml("Message", &if text.is_empty() { "You said nothing.".to_owned() } else { format!("You said: {text}") })
}

/// Reads out the keys that a caller has pressed.
pub(crate) async fn digits(Verified(event): Verified<Twilio>) -> Twiml {
    let keys: Vec<String> = event.get("Digits").unwrap_or_default().chars().map(String::from).collect();
    twiml("Say", &format!("You pressed {}.", keys.join(", ")))
}

fn twiml(verb: &str, text: &str) -> Twiml {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let xml = format!(r#"<?xml version="1.0" encoding="UTF-8"?><Response><{verb}>{text}</{verb}></Response>"#);
    ([("content-type", "text/xml; charset=utf-8")], xml)
}
