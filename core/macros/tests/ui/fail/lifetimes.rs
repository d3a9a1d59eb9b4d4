#[anyfn::handler]
async fn hello<'a>() -> &'a str { //~ ERROR has no generics
    "hello"
}
