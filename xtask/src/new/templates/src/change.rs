//! Follows the rows of a table.

use anyfn::{Change, ChangeKind, Context, Error, Item, handler};
use serde::Deserialize;

#[derive(Deserialize)]
struct Order {
    id: u64,
}

/// Called for each row that changes; one that fails comes again, and in a stream what follows it.
#[handler(change = "orders")]
async fn changed(cx: Context, Item(row): Item<Change<Order>>) -> Result<(), Error> {
    match (row.kind, row.new) {
        (ChangeKind::Insert, Some(order)) => cx.log(format!("order {} came in", order.id)),
        (kind, _) => cx.log(format!("an order: {kind:?}")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use anyfn::ChangeKind;
    use anyfn::test::{block_on, change};

    use super::changed;

    #[test]
    fn tells_a_new_order_from_one_that_went() {
        let order = r#"{"id":7}"#;
        let came =
            block_on(change("orders", ChangeKind::Insert, order, None, Some(order)).send(changed));
        assert_eq!(came.log_lines(), ["order 7 came in"]);
        let went =
            block_on(change("orders", ChangeKind::Remove, order, Some(order), None).send(changed));
        assert_eq!(went.log_lines(), ["an order: Remove"]);
    }
}
