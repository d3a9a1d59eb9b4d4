//! VPC Lattice's second event structure: a request like any other.

use anyfn_core::test::block_on;
use anyfn_lambda::{Http, Received, Shape, decode};
use bytes::Bytes;
use serde_json::{Value, json};

fn lattice() -> Value {
    json!({
        "version": "2.0", "path": "/api/a%20b", "method": "POST",
        "headers": { "host": ["svc.example"], "x-many": ["one", "two"], "x-forwarded-for": ["10.0.2.100"],
                     "cookie": ["a=1", "b=2"] },
        "queryStringParameters": { "multi": ["a", "DEF"], "state": ["x y"] },
        "body": "aGVsbG8=", "isBase64Encoded": true,
        "requestContext": { "serviceNetworkArn": "arn:aws:vpc-lattice:x:1:servicenetwork/sn-0",
                            "serviceArn": "arn:aws:vpc-lattice:x:1:service/svc-0", "region": "ap-southeast-2",
                            "identity": { "type": "AWS_IAM" }, "timeEpoch": "1724875399456789" },
    })
}

fn http(event: &Value) -> Http {
    match decode(&Bytes::from(event.to_string())).unwrap() {
        Received::Http(http) => *http,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_list_arrives_whole() {
    let http = http(&lattice());
    assert_eq!((http.shape, http.client_ip), (Shape::Lattice, None));
    assert_eq!(http.request.uri(), "https://svc.example/api/a%20b?multi=a&multi=DEF&state=x%20y");
    assert_eq!(http.request.method(), "POST");
    assert_eq!(http.request.headers().get_all("x-many").iter().collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(http.request.headers()["cookie"], "a=1; b=2");
    assert_eq!(&block_on(http.request.into_body().collect(100)).unwrap()[..], b"hello");
}

#[test]
fn a_parameter_is_right_whether_it_was_decoded_or_not() {
    let mut event = lattice();
    for (value, seen) in [("a%26b", "q=a%26b"), ("a&b=c", "q=a%26b=c"), ("a b", "q=a%20b"), ("%%URL%%", "q=%%URL%%")] {
        event["queryStringParameters"] = json!({ "q": [value] });
        assert_eq!(http(&event).request.uri().query(), Some(seen));
    }
}

#[test]
fn what_is_missing_is_none() {
    let mut event = lattice();
    for member in ["headers", "queryStringParameters", "body"] {
        event[member] = Value::Null;
    }
    let http = http(&event);
    assert_eq!(http.request.uri(), "/api/a%20b");
    assert!(http.request.headers().is_empty());
}
