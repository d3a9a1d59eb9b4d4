//! The function by hand on `lambda_runtime` and the types of `aws_lambda_events`.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, header};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<ApiGatewayV2httpRequest>) -> Result<ApiGatewayV2httpResponse, Error> {
    let request = event.payload;
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = 200;
    let mut headers = HeaderMap::new();
    match request.raw_path.as_deref().unwrap_or("/") {
        "/hello" => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            answer.body = Some(Body::Text(bench_work::hello(request.raw_query_string.as_deref())));
        }
        "/echo" => {
            if let Some(kind) = request.headers.get(header::CONTENT_TYPE) {
                headers.insert(header::CONTENT_TYPE, kind.clone());
            }
            let text = request.body.unwrap_or_default();
            let body = if request.is_base64_encoded { STANDARD.decode(text)? } else { text.into_bytes() };
            answer.body = Some(match String::from_utf8(body) {
                Ok(text) => Body::Text(text),
                Err(bytes) => Body::Binary(bytes.into_bytes()),
            });
            answer.is_base64_encoded = matches!(answer.body, Some(Body::Binary(_)));
        }
        _ => answer.status_code = 404,
    }
    answer.headers = headers;
    Ok(answer)
}
