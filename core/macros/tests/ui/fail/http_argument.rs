#[anyfn::handler(http = "/hello")] //~ ERROR write `path = "/users/{id}"`
async fn hello() {}
