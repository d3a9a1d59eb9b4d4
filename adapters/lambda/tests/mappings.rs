//! What a custom domain maps to an API is taken off the path, as far as the route tells it.

use anyfn_lambda::{Received, decode};
use bytes::Bytes;
use serde_json::{Value, json};

fn seen(event: &Value) -> (String, Option<String>) {
    match decode(&Bytes::from(event.to_string())).unwrap() {
        Received::Http(http) => (http.request.uri().path().to_owned(), http.raw_target),
        other => panic!("{other:?}"),
    }
}

fn rest(path: &str, resource: &str, parameters: &Value, domain: &str) -> Value {
    json!({ "httpMethod": "GET", "path": path, "resource": resource, "pathParameters": parameters, "headers": {},
            "requestContext": { "domainName": domain, "stage": "prod", "path": path } })
}

const CUSTOM: &str = "api.example";
const OWN: &str = "a1.execute-api.eu-west-1.amazonaws.com";

#[test]
fn the_route_says_what_the_path_is_below() {
    for (path, resource, parameters, expected) in [
        ("/shop/a/b", "/{proxy+}", json!({ "proxy": "a/b" }), "/a/b"),
        ("/v1/shop/a/b", "/{proxy+}", json!({ "proxy": "a/b" }), "/a/b"),
        ("/shop/a/b/", "/{proxy+}", json!({ "proxy": "a/b" }), "/a/b/"),
        ("/shop/a/b/", "/{proxy+}", json!({ "proxy": "a/b/" }), "/a/b/"),
        ("/shop/a%20b", "/{proxy+}", json!({ "proxy": "a b" }), "/a%20b"),
        ("/shop/users/7", "/users/{id}", json!({ "id": "7" }), "/users/7"),
        ("/shop/users", "/users", Value::Null, "/users"),
        ("/shop", "/", Value::Null, "/"),
        ("/shop/", "/", Value::Null, "/"),
        // Nothing is mapped.
        ("/a/b", "/{proxy+}", json!({ "proxy": "a/b" }), "/a/b"),
        // What does not agree is left alone.
        ("/shop/a/b", "/{proxy+}", json!({ "proxy": "x/y" }), "/shop/a/b"),
        ("/shop/a/b", "/{proxy+}", Value::Null, "/shop/a/b"),
        ("/a", "/{proxy+}", json!({ "proxy": "a/b/c" }), "/a"),
        ("/shopa/b", "/{proxy+}", json!({ "proxy": "a/b" }), "/shopa/b"),
        ("//a", "/{proxy+}", json!({ "proxy": "a" }), "//a"),
        ("/shop//a", "/{proxy+}", json!({ "proxy": "/a" }), "//a"),
        ("/", "/{proxy+}", json!({ "proxy": "" }), "/"),
        ("", "/{proxy+}", json!({ "proxy": "a" }), "/"),
    ] {
        let (sent, raw) = seen(&rest(path, resource, &parameters, CUSTOM));
        assert_eq!(sent, expected, "{path} by {resource}");
        assert_eq!(raw.as_deref(), (path != expected).then_some(path), "{path} is within reach");
    }
}

#[test]
fn an_apis_own_domain_maps_nothing() {
    let event = rest("/shop/a", "/{proxy+}", &json!({ "proxy": "a" }), OWN);
    assert_eq!(seen(&event).0, "/shop/a");
}

#[test]
fn http_apis_say_it_in_the_routes_key() {
    let event = |key: &str, parameters: &Value| {
        json!({ "version": "2.0", "rawPath": "/shop/a b", "rawQueryString": "", "routeKey": key, "headers": {},
                "pathParameters": parameters,
                "requestContext": { "domainName": CUSTOM, "stage": "prod", "http": { "method": "GET" } } })
    };
    assert_eq!(seen(&event("ANY /{proxy+}", &json!({ "proxy": "a b" }))).0, "/a%20b");
    // The route for everything says nothing.
    assert_eq!(seen(&event("$default", &Value::Null)).0, "/shop/a%20b");
}
