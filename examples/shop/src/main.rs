//! The back of a shop: one program that requests, a schedule, a queue, uploads, rows and published messages run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyfn::{Change, ChangeKind, Context, Error, Item, Json, Message, ObjectEvent, Path, Schedule, State};
use serde::{Deserialize, Serialize};

#[derive(Clone)]
struct Shop {
    currency: String,
    shipped: Arc<AtomicU64>,
}

/// Made once for each cold start.
async fn open(cx: Context) -> Result<Shop, Error> {
    Ok(Shop { currency: cx.env("CURRENCY").unwrap_or_else(|| "EUR".to_owned()), shipped: Arc::default() })
}

#[derive(Debug, Serialize, Deserialize)]
struct Order {
    id: u64,
    cents: u64,
}

/// What an order costs.
async fn price(State(shop): State<Shop>, Path(cents): Path<u64>) -> Json<String> {
    Json(format!("{}.{:02} {}", cents / 100, cents % 100, shop.currency))
}

/// An order is to be sent off; one without a price fails alone and comes again.
async fn ship(cx: Context, State(shop): State<Shop>, Item(order): Item<Order>) -> Result<(), Error> {
    if order.cents == 0 {
        return Err(Error::internal(format!("order {} has no price", order.id)));
    }
    shop.shipped.fetch_add(1, Ordering::Relaxed);
    cx.log(format!("shipped {}", order.id));
    Ok(())
}

/// Every night at three, UTC.
async fn report(cx: Context, State(shop): State<Shop>, tick: Schedule) {
    let shipped = shop.shipped.load(Ordering::Relaxed);
    cx.log(format!("shipped {shipped} by {:?}", tick.scheduled_at));
}

/// The instance ends.
async fn close(cx: Context, State(shop): State<Shop>) {
    cx.log(format!("closed after {} orders", shop.shipped.load(Ordering::Relaxed)));
}

/// A product's picture was uploaded.
async fn picture(cx: Context, Item(object): Item<ObjectEvent>) {
    cx.log(format!("{} has {} bytes", object.key, object.size.unwrap_or_default()));
}

/// A row of the table of orders changed.
async fn audit(cx: Context, Item(row): Item<Change<Order>>) {
    match (row.kind, row.new) {
        (ChangeKind::Insert, Some(order)) => cx.log(format!("order {} came in", order.id)),
        (kind, _) => cx.log(format!("an order: {kind:?}")),
    }
}

/// Somebody paid.
async fn paid(cx: Context, Item(message): Item<Message<Order>>) {
    cx.log(format!("order {} is paid", message.body.id));
}

anyfn::app! {
    state = open;
    on_shutdown = close;
    http("/price/{cents}") => price,
    queue("orders-to-ship") => ship,
    schedule("0 3 * * *") => report,
    object_created("pictures") => picture,
    change("orders") => audit,
    message("payments") => paid,
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use anyfn::{ChangeKind, test};

    use super::app;

    #[test]
    fn orders_ship_and_one_without_a_price_comes_again() {
        test::block_on(async {
            let app = app();
            let orders = [r#"{"id":1,"cents":995}"#, r#"{"id":2,"cents":0}"#, r#"{"id":3,"cents":5}"#];
            let outcome = test::queue("orders-to-ship", orders).send_to(&app).await;
            assert_eq!(outcome.failed(), [1]);
            let report = test::schedule("0 3 * * *", SystemTime::UNIX_EPOCH).send_to(&app).await;
            assert!(report.log_lines()[0].starts_with("shipped 2 by"), "{report:?}");
        });
    }

    #[test]
    fn every_other_trigger_is_heard() {
        test::block_on(async {
            let app = app();
            let order = r#"{"id":7,"cents":100}"#;
            let picture = test::object_created("pictures", "a b.png").send_to(&app).await;
            assert_eq!(picture.log_lines(), ["a b.png has 0 bytes"]);
            let row = test::change("orders", ChangeKind::Insert, r#"{"id":7}"#, None, Some(order)).send_to(&app).await;
            assert_eq!(row.log_lines(), ["order 7 came in"]);
            let paid = test::message("payments", order).send_to(&app).await;
            assert_eq!(paid.log_lines(), ["order 7 is paid"]);
        });
    }

    #[test]
    fn a_price_is_said_in_the_shops_currency() {
        test::block_on(async {
            let memory = test::Memory::default().env("CURRENCY", "NOK");
            let answer = test::get("/price/1995").within(&memory).send_to(&app()).await;
            assert_eq!(answer.json::<String>(), "19.95 NOK");
        });
    }
}
