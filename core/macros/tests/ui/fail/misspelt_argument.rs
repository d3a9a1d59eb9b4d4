#[anyfn::handler(quee = "jobs")] //~ ERROR did you mean `queue`?
async fn job() {}
