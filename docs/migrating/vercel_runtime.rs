use vercel_runtime::{Error, Request, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> { run(service_fn(handler)).await }

async fn handler(_: Request) -> Result<serde_json::Value, Error> {
    Ok(serde_json::json!({ "message": "Hello" }))
}
