#[anyfn::handler(cron = "0 3 * * *")] //~ ERROR did you mean `schedule`?
async fn nightly() {}
