const JOBS: &str = "jobs";

#[anyfn::handler(queue = JOBS)] //~ ERROR write a text in quotes
async fn job() {}

fn used() -> &'static str {
    JOBS
}
