//! A first lesson's function: greets by name, says when and where it ran, and answers GET and POST differently.

use anyfn::http::{HeaderValue, Method, StatusCode, header};
use anyfn::{Context, Error, Json, Query, handler};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Caller {
    name: Option<String>,
}

#[derive(Serialize)]
struct Greeting {
    message: String,
    name: String,
    timestamp: String,
    region: Option<String>,
}

#[handler]
async fn hello(
    cx: Context,
    method: Method,
    Query(asked): Query<Caller>,
    sent: Option<Json<Caller>>,
) -> Result<(StatusCode, Json<Greeting>), Error> {
    let (status, word, caller) = match (method, sent) {
        (Method::GET | Method::HEAD, _) => (StatusCode::OK, "Hello", asked),
        (Method::POST, Some(Json(sent))) => (StatusCode::CREATED, "Welcome", sent),
        (Method::POST, None) => return Err(Error::bad_request(r#"send JSON such as {"name":"Ada"}"#)),
        _ => {
            let allowed = HeaderValue::from_static("GET, HEAD, POST");
            return Err(Error::new(StatusCode::METHOD_NOT_ALLOWED).header(header::ALLOW, allowed));
        }
    };
    let name = caller.name.unwrap_or_else(|| "World".into());
    let greeting = Greeting {
        message: format!("{word}, {name}!"),
        name,
        timestamp: humantime::format_rfc3339_millis(cx.now()).to_string(),
        region: cx.region().map(str::to_owned),
    };
    Ok((status, Json(greeting)))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use anyfn::http::Method;
    use anyfn::test::{Memory, TestRequest, TestResponse, block_on, get, post, request};

    fn send(request: TestRequest) -> TestResponse {
        let memory =
            Memory::default().at(SystemTime::UNIX_EPOCH + Duration::from_millis(1_767_225_600_007)).region("fra1");
        block_on(request.within(&memory).send(super::hello))
    }

    #[test]
    fn get_and_post_are_answered_differently() {
        let answer = send(get("/?name=Ada"));
        let said = r#"{"message":"Hello, Ada!","name":"Ada","timestamp":"2026-01-01T00:00:00.007Z","region":"fra1"}"#;
        assert_eq!((answer.status(), answer.text()), (200, said));
        let answer = send(post("/").header("content-type", "application/json").body(r#"{"name":"Ada"}"#));
        assert_eq!((answer.status(), answer.text()), (201, &*said.replace("Hello", "Welcome")));
    }

    #[test]
    fn what_is_missing_or_wrong_is_said() {
        assert!(send(get("/")).text().starts_with(r#"{"message":"Hello, World!""#));
        assert_eq!(send(post("/")).status(), 400);
        assert_eq!(send(post("/").header("content-type", "application/json").body("{")).status(), 400);
        let put = send(request(Method::PUT, "/"));
        assert_eq!((put.status(), &put.headers()["allow"]), (405, &"GET, HEAD, POST".parse().unwrap()));
    }
}
