#[anyfn::handler(schedule = "61 * * * *")] //~ ERROR 61
async fn nightly() {}
