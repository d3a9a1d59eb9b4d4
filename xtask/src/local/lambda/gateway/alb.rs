//! Load balancers.

use serde_json::{Value, json};

use super::Call;
use super::parts::{ACCOUNT, all_of, body, forwarded, last_of, lower_case};
use super::target::{parameters, split, text};
use crate::local::lambda::REGION;

/// A load balancer's Lambda target (ELB: "Use Lambda functions as targets of an Application Load Balancer").
///
/// Names and values of parameters are not decoded; without multi-value headers the last of several is kept.
pub(super) fn event(call: &Call<'_>, multi: bool) -> Value {
    let (path, query) = split(call.target);
    let mut headers = lower_case(call);
    for (name, value) in forwarded(call).iter() {
        headers.push(name, value);
    }
    let (body, base64) = body(call);
    let query: Vec<_> = parameters(query.unwrap_or_default()).map(|(name, value)| (text(name), text(value))).collect();
    let query = query.iter().map(|(name, value)| (name.as_str(), value.clone()));
    let headers = headers.iter().map(|(name, value)| (name, text(value)));
    let (headers, query) = if multi {
        (("multiValueHeaders", all_of(headers)), ("multiValueQueryStringParameters", all_of(query)))
    } else {
        (("headers", last_of(headers)), ("queryStringParameters", last_of(query)))
    };
    json!({
        "requestContext": {
            "elb": {
                "targetGroupArn": format!(
                    "arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/function/6d0ecf831eec9f09"
                ),
            },
        },
        "httpMethod": call.method,
        "path": text(path),
        query.0: query.1,
        headers.0: headers.1,
        "body": body.unwrap_or_default(),
        "isBase64Encoded": base64,
    })
}
