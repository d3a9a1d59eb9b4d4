#[anyfn::handler]
async fn hello(_: impl Sized) -> &'static str { //~ ERROR name the types
    "hello"
}
