#[anyfn::handler(queue = "jobs", queue = "jobs")] //~ ERROR has a handler already
async fn job() {}
