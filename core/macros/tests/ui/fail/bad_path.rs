#[anyfn::handler(path = "/users/{id")] //~ ERROR is no path
async fn user() {}
