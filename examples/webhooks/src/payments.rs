//! Stripe: a checkout that is paid becomes a message for whoever ships.

use anyfn::webhooks::{Stripe, Verified};
use anyfn::{Context, Error, State};
use serde::Deserialize;

use crate::Shared;

#[derive(Deserialize)]
struct Session {
    client_reference_id: Option<String>,
    amount_total: Option<u64>,
    payment_status: String,
}

/// Sends the message before it answers: Stripe delivers again whatever was not answered with a success.
pub(crate) async fn paid(
    cx: Context,
    State(shared): State<Shared>,
    Verified(event): Verified<Stripe>,
) -> Result<&'static str, Error> {
    // The second one is for payments that take days, as by bank transfer.
    if !matches!(&*event.kind, "checkout.session.completed" | "checkout.session.async_payment_succeeded") {
        return Ok("not needed here");
    }
    let session: Session = event.object()?;
    if session.payment_status != "paid" {
        return Ok("not paid yet");
    }
    let order = session.client_reference_id.ok_or_else(|| Error::internal("a checkout without an order"))?;
    let message = serde_json::json!({ "order": order, "cents": session.amount_total });
    shared.outbox.send(message.to_string()).await?;
    cx.log(format!("order {order} is paid"));
    Ok("queued")
}
