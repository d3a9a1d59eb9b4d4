#[anyfn::handler(path = "users")] //~ ERROR write "/users"
async fn user() {}
