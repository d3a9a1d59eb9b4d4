//! The service that knows the orders.

use std::time::Duration;

use anyfn::Error;
use serde::Deserialize;

use crate::report::Report;

/// How long an answer may take. A tick that fails comes again.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Deserialize)]
pub(crate) struct Order {
    pub(crate) cents: u64,
    pub(crate) country: String,
}

pub(crate) fn client() -> Result<reqwest::Client, Error> {
    // Who does TLS is the program's choice, once; a second start finds the first one's.
    #[cfg(not(target_family = "wasm"))]
    let _ = rustls_graviola::default_provider().install_default();
    reqwest::Client::builder().build().map_err(Error::internal)
}

/// A day's orders.
pub(crate) async fn of(client: &reqwest::Client, api: &str, day: &str) -> Result<Vec<Order>, Error> {
    let request = client.get(format!("{api}/orders")).query(&[("day", day)]).timeout(PATIENCE);
    let orders = async { request.send().await?.error_for_status()?.json().await };
    orders.await.map_err(|error: reqwest::Error| Error::internal(quiet(error)))
}

/// Tells whoever wants to know that a report is there.
pub(crate) async fn tell(client: &reqwest::Client, url: &str, day: &str, report: &Report) -> reqwest::Result<()> {
    let news = serde_json::json!({ "text": format!("{day}: {} orders, {} cents", report.orders, report.cents) });
    let told =
        client.post(url).json(&news).timeout(PATIENCE).send().await.and_then(reqwest::Response::error_for_status);
    told.map(drop).map_err(quiet)
}

/// Where the other service is, is a secret wherever its URL has a key in it: the log need not know it.
fn quiet(error: reqwest::Error) -> reqwest::Error {
    error.without_url()
}
