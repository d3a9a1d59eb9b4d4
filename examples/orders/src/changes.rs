//! The table's changes, as they come.

use anyfn::{Batch, Change, ChangeKind, Context, Error, Level, State};

use crate::Shop;
use crate::order::Order;
use crate::views::{Row, Version};

/// Puts each change into the view. One that fails holds back the later ones of the same row, and no others, so that nobody
/// sees an order shipped that was never paid.
pub(crate) async fn changed(cx: Context, State(shop): State<Shop>, batch: Batch<Change<Order>>) {
    let mut held = Vec::new();
    for entry in &batch.items {
        let change = &entry.payload;
        if held.contains(&&change.keys) {
            batch.retry(entry, None, Error::internal("an earlier change of this row failed"));
            continue;
        }
        match project(&cx, &shop, change).await {
            Ok(()) => batch.done(entry),
            Err(error) => {
                cx.log_at(Level::Error, format!("change {} comes again: {error}", entry.receipt));
                batch.retry(entry, None, error);
                held.push(&change.keys);
            }
        }
    }
}

async fn project(cx: &Context, shop: &Shop, change: &Change<Order>) -> Result<(), Error> {
    let order = match change.kind {
        ChangeKind::Remove => change.old.as_ref(),
        ChangeKind::Insert | ChangeKind::Update => change.new.as_ref(),
    };
    let order =
        order.ok_or_else(|| Error::internal("a change without its row: the table's stream has to carry both"))?;
    let removed = change.kind == ChangeKind::Remove;
    let row = Row {
        id: order.id.clone(),
        version: Version { number: order.version, removed },
        customer: order.customer.clone(),
        status: order.status,
        euro_cents: if removed { 0 } else { shop.rates.euro_cents(order)? },
    };
    // Every sender of changes may send one twice, and some of them late.
    let said = if shop.views.put(row).await? { "is" } else { "has been" };
    let what = if removed { "removed".to_owned() } else { format!("{:?}", order.status).to_lowercase() };
    cx.log(format!("order {} {said} {what}", order.id));
    Ok(())
}
