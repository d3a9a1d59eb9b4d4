//! Which event is whose: served, or refused with what to do.

use serde_json::{Value, json};

use super::{API, alb, bytes, lattice, url, v1, v2, with};
use crate::Gives::{Member, Nothing, Refusal};
use crate::{Delivery, Gives, Seen};

const MIRRORS: &str = "the answer has the shape of its request";
const REFUSED: &str = "what anyfn does not serve is refused by name, with what to do instead";
const CLOSEST: &str = "what tells a gateway is in the event, not in the order of guesses";

const SHAPES: &str = "AWS: payload formats of each gateway";
const LATTICE: &str = "AWS: Lambda functions as targets in VPC Lattice";
const SOCKET: &str = "AWS: WebSocket APIs, Lambda integrations";
const EDGE: &str = "AWS: Lambda@Edge event structure";
const AUTHORIZER: &str = "AWS: Lambda authorizers";

const fn shape(name: &'static str, event: fn() -> Vec<u8>, gives: &'static [Gives]) -> Delivery {
    Delivery::new(name, event).why(MIRRORS, SHAPES).seen(&[Seen::Path("/echo")]).gives(gives)
}

const fn refused(
    name: &'static str,
    source: &'static str,
    event: fn() -> Vec<u8>,
    gives: &'static [Gives],
) -> Delivery {
    Delivery::new(name, event).why(REFUSED, source).gives(gives)
}

fn socket(kind: &str) -> Vec<u8> {
    let route = format!("${}", kind.to_lowercase());
    bytes(&json!({
        "headers": { "Host": API }, "multiValueHeaders": { "Host": [API] }, "isBase64Encoded": false, "body": "hi",
        "requestContext": { "routeKey": route, "eventType": kind, "connectionId": "dGVzdA=", "stage": "prod",
                            "domainName": API, "apiId": "a1b2c3d4e5", "messageDirection": "IN" },
    }))
}

pub(super) const ROWS: &[Delivery] = &[
    shape(
        "gateways/http-api",
        || bytes(&v2("/echo", "$default", API)),
        &[Member("/cookies", "[]"), Nothing("/multiValueHeaders")],
    ),
    shape("gateways/function-url", || bytes(&url("/echo", "")), &[Member("/cookies", "[]")]),
    shape("gateways/rest-api", || bytes(&v1("/echo")), &[Nothing("/cookies"), Nothing("/statusDescription")]),
    shape(
        "gateways/load-balancer",
        || bytes(&alb("/echo")),
        &[Member("/statusDescription", "\"200 OK\""), Nothing("/multiValueHeaders")],
    ),
    shape("gateways/load-balancer-multi", || bytes(&super::alb_multi("/echo")), &[Nothing("/headers")]),
    shape(
        "gateways/lattice",
        || bytes(&lattice("/echo")),
        &[Member("/statusDescription", "\"200 OK\""), Nothing("/multiValueHeaders"), Nothing("/cookies")],
    ),
    Delivery::new("gateways/lattice-post", || {
        with(lattice("/echo"), [("/method", json!("POST")), ("/body", json!("{}"))])
    })
    .why("VPC Lattice's second structure is a request like any other", LATTICE)
    .seen(&[Seen::Method("POST"), Seen::Body(crate::Payload::Bytes(b"{}"))]),
    Delivery::new("gateways/lattice-without-headers", || with(lattice("/echo"), [("/headers", Value::Null)]))
        .why("VPC Lattice's second structure is a request like any other", LATTICE)
        .seen(&[Seen::Path("/echo")]),
    Delivery::new("gateways/rest-without-context", || with(v1("/echo"), [("/requestContext", json!({}))]))
        .why("the console's test events have an empty context", "aws-lambda-rust-runtime #368")
        .seen(&[Seen::Path("/echo")]),
    Delivery::new("gateways/body-like-an-event", || {
        let inner = r#"{"Records":[{"eventSource":"aws:sqs"}],"version":"2.0"}"#;
        with(v1("/echo"), [("/body", json!(inner))])
    })
    .why("what stands in a body tells nothing of the event", SHAPES)
    .seen(&[Seen::Path("/echo")]),
    Delivery::new("gateways/alb-with-elb-null", || with(v1("/echo"), [("/requestContext/elb", Value::Null)]))
        .why(CLOSEST, SHAPES)
        .seen(&[Seen::Path("/echo")])
        .gives(&[Nothing("/statusDescription")]),
    refused(
        "gateways/lattice-v1",
        LATTICE,
        || {
            bytes(&json!({ "raw_path": "/echo", "method": "GET", "headers": { "accept": "*/*" }, "body": null,
                       "query_string_parameters": {}, "is_base64_encoded": false }))
        },
        &[Refusal("event structure version to V2")],
    ),
    refused("gateways/websocket-connect", SOCKET, || socket("CONNECT"), &[Refusal("WebSocket")]),
    refused("gateways/websocket-message", SOCKET, || socket("MESSAGE"), &[Refusal("route plain HTTP to the function")]),
    refused("gateways/websocket-disconnect", SOCKET, || socket("DISCONNECT"), &[Refusal("WebSocket")]),
    refused(
        "gateways/lambda-at-edge",
        EDGE,
        || {
            bytes(&json!({ "Records": [{ "cf": { "config": { "eventType": "viewer-request" },
                       "request": { "uri": "/", "method": "GET", "headers": {} } } }] }))
        },
        &[Refusal("Lambda@Edge")],
    ),
    refused(
        "gateways/rest-authorizer",
        AUTHORIZER,
        || {
            bytes(&json!({ "type": "REQUEST", "methodArn": "arn:aws:execute-api:x:1:a/prod/GET/", "httpMethod": "GET",
                       "path": "/echo", "resource": "/echo", "headers": {}, "requestContext": {} }))
        },
        &[Refusal("authorizer")],
    ),
    refused(
        "gateways/token-authorizer",
        AUTHORIZER,
        || {
            bytes(
                &json!({ "type": "TOKEN", "methodArn": "arn:aws:execute-api:x:1:a/prod/GET/", "authorizationToken": "x" }),
            )
        },
        &[Refusal("authorizer")],
    ),
    refused(
        "gateways/http-api-authorizer",
        AUTHORIZER,
        || {
            bytes(&json!({ "version": "2.0", "type": "REQUEST", "routeArn": "arn:aws:execute-api:x:1:a/prod/GET/",
                       "rawPath": "/echo", "requestContext": { "http": { "method": "GET" } } }))
        },
        &[Refusal("authorizer")],
    ),
];
