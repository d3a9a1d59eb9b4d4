use lambda_http::{Body, Error, Request, RequestExt, Response, run, service_fn};

async fn handler(request: Request) -> Result<Response<Body>, Error> {
    let name = request.query_string_parameters_ref().and_then(|query| query.first("name")).unwrap_or("World");
    Ok(Response::builder().header("content-type", "text/plain").body(format!("Hello, {name}!").into())?)
}

#[tokio::main]
async fn main() -> Result<(), Error> { run(service_fn(handler)).await }
