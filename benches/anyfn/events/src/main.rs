//! Messages of a queue and objects of a bucket on anyfn.

use anyfn::{Error, Item, ObjectEvent};

#[derive(serde::Deserialize)]
struct Order {
    id: u64,
}

async fn order(Item(order): Item<Order>) -> Result<(), Error> {
    if order.id == 0 { Err(Error::internal("an order without a number")) } else { Ok(()) }
}

async fn stored(Item(object): Item<ObjectEvent>) -> Result<(), Error> {
    if object.key.is_empty() { Err(Error::internal("an object without a key")) } else { Ok(()) }
}

anyfn::app! {
    queue("orders") => order,
    object_created("uploads") => stored,
}
