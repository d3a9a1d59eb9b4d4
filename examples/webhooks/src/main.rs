//! Payments, pushes, text messages and commands: what others tell this program in signed requests.

mod chat;
mod outbox;
mod payments;
mod phone;
mod pushes;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use anyfn::idempotency::{Bound, Once, Wrapped};
use anyfn::webhooks::{StandardWebhooks, Verified};
use anyfn::{Context, Error};
use serde::Deserialize;

use crate::outbox::{InMemory, Outbox};

/// What all handlers share.
#[derive(Clone)]
struct Shared {
    outbox: Arc<dyn Outbox>,
}

/// Made once for each cold start. Put your queue's client here.
async fn connect(_: Context) -> Result<Shared, Error> {
    Ok(Shared { outbox: Arc::new(InMemory::default()) })
}

/// Anything that follows the standard. The id is signed: keep those that were dealt with, since they come again.
async fn received(cx: Context, Verified(event): Verified<StandardWebhooks>) -> &'static str {
    cx.log(format!("received {} {}", event.id, event.kind().unwrap_or_default()));
    "ok"
}

/// Stripe delivers an event again until it is answered with a success, and now and then after that too. Its id says that it is the
/// same; what is not signed is refused, and not kept.
fn once_for_each_event<F>(handler: F) -> Wrapped<F> {
    #[derive(Deserialize)]
    struct Event {
        id: String,
    }
    Once::new("stripe", Bound::to("DONE")).by(|work| Some(work.json::<Event>()?.id)).wrap(handler)
}

anyfn::app! {
    state = connect;
    http("/stripe") => once_for_each_event(payments::paid),
    http("/github") => pushes::pushed,
    http("/sms") => phone::sms,
    // A telephone number may keep the URL that it had: this is the one in Twilio's documentation.
    http("/myapp.php") => phone::digits,
    http("/slack") => chat::command,
    http("/hooks") => received,
}
