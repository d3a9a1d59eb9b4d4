//! The table of deliveries.

mod answers;
mod bodies;
mod gateways;
mod headers;
mod others;
mod paths;
mod queries;

use serde_json::{Value, json};

use crate::Delivery;

/// What lambda_http 1.3.2 was seen to do with these rows, and whence they come, is told in the issues that they name.
const PARTS: &[&[Delivery]] =
    &[paths::ROWS, queries::ROWS, headers::ROWS, bodies::ROWS, answers::ROWS, gateways::ROWS, others::ROWS];

const COUNT: usize = {
    let (mut count, mut part) = (0, 0);
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
};

static ALL: [Delivery; COUNT] = {
    let mut all = [Delivery::new("", Vec::new); COUNT];
    let (mut next, mut part) = (0, 0);
    while part < PARTS.len() {
        let mut row = 0;
        while row < PARTS[part].len() {
            all[next] = PARTS[part][row];
            next += 1;
            row += 1;
        }
        part += 1;
    }
    all
};

/// Every delivery, in the order of the table.
pub static DELIVERIES: &[Delivery] = &ALL;

/// An API's own domain.
const API: &str = "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com";
/// A domain of one's own.
const CUSTOM: &str = "api.example";

/// A Function URL's event.
fn url(path: &str, query: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
        "headers": { "host": "fn.example" }, "isBase64Encoded": false,
        "requestContext": { "domainName": "abc.lambda-url.eu-west-1.on.aws", "stage": "$default",
                            "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7",
                                      "userAgent": "curl/8.5.0" } },
    })
}

/// An HTTP API's event: the path is decoded.
fn v2(path: &str, stage: &str, domain: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": { "host": domain },
        "isBase64Encoded": false,
        "requestContext": { "domainName": domain, "stage": stage,
                            "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7",
                                      "userAgent": "curl/8.5.0" } },
    })
}

/// A REST API's event.
fn v1(path: &str) -> Value {
    json!({
        "httpMethod": "GET", "resource": "/{proxy+}", "path": path,
        "pathParameters": { "proxy": path.trim_start_matches('/') },
        "headers": { "Host": API, "X-Forwarded-Proto": "https" },
        "multiValueHeaders": { "Host": [API], "X-Forwarded-Proto": ["https"] },
        "queryStringParameters": null, "multiValueQueryStringParameters": null, "body": null, "isBase64Encoded": false,
        "requestContext": { "domainName": API, "stage": "prod", "path": format!("/prod{path}"),
                            "identity": { "sourceIp": "203.0.113.7" } },
    })
}

/// A load balancer's event, single values.
fn alb(path: &str) -> Value {
    json!({
        "httpMethod": "GET", "path": path, "queryStringParameters": {}, "body": "", "isBase64Encoded": false,
        "headers": { "host": "lb.example", "x-forwarded-proto": "http", "x-forwarded-for": "6.6.6.6, 203.0.113.7" },
        "requestContext": { "elb": { "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/x/1" } },
    })
}

/// The same with multi-value headers.
fn alb_multi(path: &str) -> Value {
    json!({
        "httpMethod": "GET", "path": path, "multiValueQueryStringParameters": {}, "body": "", "isBase64Encoded": false,
        "multiValueHeaders": { "host": ["lb.example"], "x-forwarded-proto": ["http"], "x-forwarded-for": ["203.0.113.7"] },
        "requestContext": { "elb": { "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/x/1" } },
    })
}

/// A VPC Lattice service's event, structure version 2.
fn lattice(path: &str) -> Value {
    json!({
        "version": "2.0", "path": path, "method": "GET",
        "headers": { "host": ["svc.example"], "x-forwarded-for": ["10.0.2.100"] },
        "queryStringParameters": {}, "body": null, "isBase64Encoded": false,
        "requestContext": {
            "serviceNetworkArn": "arn:aws:vpc-lattice:eu-west-1:1:servicenetwork/sn-0",
            "serviceArn": "arn:aws:vpc-lattice:eu-west-1:1:service/svc-0",
            "identity": { "sourceVpcArn": "arn:aws:ec2:eu-west-1:1:vpc/vpc-0", "type": "AWS_IAM" },
            "region": "eu-west-1", "timeEpoch": "1724875399456789",
        },
    })
}

/// The event with these members instead of its own; a member that is given as null is null.
fn with<const N: usize>(mut event: Value, members: [(&str, Value); N]) -> Vec<u8> {
    for (pointer, value) in members {
        match event.pointer_mut(pointer) {
            Some(member) => *member = value,
            None => event[pointer.trim_start_matches('/')] = value,
        }
    }
    bytes(&event)
}

/// The event without this member.
fn without(mut event: Value, member: &str) -> Vec<u8> {
    if let Some(members) = event.as_object_mut() {
        members.remove(member);
    }
    bytes(&event)
}

fn bytes(event: &Value) -> Vec<u8> {
    event.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::DELIVERIES;

    #[test]
    fn every_row_has_a_name_of_its_own_a_rule_and_a_source_and_checks_something() {
        let mut names = HashSet::new();
        for row in DELIVERIES {
            assert!(names.insert(row.name), "two rows are called {}", row.name);
            assert!(!row.why.is_empty() && !row.source.is_empty(), "{} gives no reason", row.name);
            assert!(!(row.seen.is_empty() && row.answer.is_empty() && row.gives.is_empty()), "{}", row.name);
        }
    }
}
