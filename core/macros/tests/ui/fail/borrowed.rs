#[anyfn::handler]
async fn hello(body: &str) -> String { //~ ERROR take the value, not a reference
    body.to_owned()
}
