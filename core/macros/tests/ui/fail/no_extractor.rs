struct Name;

#[anyfn::handler]
async fn hello(_: Name) -> &'static str { //~ ERROR no extractor
    //~^ ERROR not a handler
    "hello"
}
