//! What a function says while it works, in each platform's own log, and the trace that it hands on.

use anyfn::{Context, Error, Item, Json, TraceContext};
use serde::{Deserialize, Serialize};
use tracing::{Instrument, debug, info, info_span, warn};

#[derive(Debug, Serialize, Deserialize)]
struct Parcel {
    id: u64,
    grams: u32,
}

/// What the next service would be asked.
fn next(trace: Option<&TraceContext>) -> http::Request<()> {
    let mut request = http::Request::new(());
    if let Some(trace) = trace {
        trace.inject(request.headers_mut());
    }
    request
}

/// Takes a parcel, and says which trace the service that labels it would see.
async fn take(cx: Context, trace: Option<TraceContext>, Json(parcel): Json<Parcel>) -> Result<String, Error> {
    let Parcel { id, grams } = parcel;
    if grams > 30_000 {
        warn!(id, grams, "too heavy");
        return Err(Error::bad_request("a parcel weighs 30 kg at most"));
    }
    async { debug!("looked at") }.instrument(info_span!("scale", grams)).await;
    async { info!(id, "weighed") }.instrument(info_span!("scale", grams)).await;
    cx.wait_until(async move { info!(id, "labelled") });
    let request = next(trace.as_ref());
    let parent = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
    Ok(parent.unwrap_or("no trace").to_owned())
}

/// Sends a parcel; what weighs nothing comes again.
async fn send(Item(parcel): Item<Parcel>) -> Result<(), Error> {
    if parcel.grams == 0 {
        return Err(Error::internal(format!("parcel {} weighs nothing", parcel.id)));
    }
    info!(id = parcel.id, "sent");
    Ok(())
}

anyfn::app! {
    http("/parcels") => take,
    queue("parcels") => send,
}

#[cfg(test)]
mod tests {
    use anyfn::test;

    use super::*;

    #[test]
    fn the_trace_is_handed_on() {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let parcel = serde_json::json!({ "id": 1, "grams": 500 });
        let answer = test::block_on(test::post("/parcels").header("traceparent", parent).json(&parcel).send(take));
        assert_eq!((answer.status(), answer.text()), (200, parent));
        assert_eq!(test::block_on(test::post("/parcels").json(&parcel).send(take)).text(), "no trace");
    }

    #[test]
    fn what_is_too_heavy_is_refused() {
        let parcel = serde_json::json!({ "id": 2, "grams": 30_001 });
        assert_eq!(test::block_on(test::post("/parcels").json(&parcel).send(take)).status(), 400);
    }
}
