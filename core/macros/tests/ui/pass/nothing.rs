#![deny(warnings)]

#[anyfn::handler]
async fn nothing() {}
