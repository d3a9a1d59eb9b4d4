#[anyfn::handler]
async fn hello<T>(_: anyfn::Json<T>) -> &'static str { //~ ERROR name the types
    "hello"
}
