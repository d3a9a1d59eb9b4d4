//! What a customer has ordered, kept up to date by the changes of the table of orders.

mod changes;
mod order;
#[cfg(test)]
mod tests;
mod views;

use std::sync::Arc;

use anyfn::{Context, Error, Json, Path, State};

use crate::order::Rates;
use crate::views::{InMemory, Summary, Views};

/// What the handlers share.
#[derive(Clone)]
struct Shop {
    views: Arc<dyn Views>,
    rates: Arc<Rates>,
}

/// Made once for each cold start. Put your database's client here.
async fn open(cx: Context) -> Result<Shop, Error> {
    let rates = cx.env("RATES").unwrap_or_default().parse()?;
    Ok(Shop { views: Arc::new(InMemory::default()), rates: Arc::new(rates) })
}

/// What is known of a customer's orders.
async fn customer(State(shop): State<Shop>, Path(name): Path<String>) -> Result<Json<Summary>, Error> {
    Ok(Json(Summary::of(shop.views.of(name).await?)))
}

anyfn::app! {
    state = open;
    http("/customers/{name}") => customer,
    change("orders") => changes::changed,
}
