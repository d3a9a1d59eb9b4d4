#[anyfn::handler]
fn hello() -> &'static str { //~ ERROR write `async fn`
    "hello"
}
