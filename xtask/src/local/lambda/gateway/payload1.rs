//! Payload 1.0: REST APIs.

use serde_json::{Map, Value, json};

use super::Call;
use super::parts::{ACCOUNT, API, all_of, below_stage, body, forwarded, host_name, is_forwarded, is_hop, last_of};
use super::target::{form_decoded, parameters, split, text};
use super::time::now;
use crate::local::http1::{Answer, Headers};
use crate::local::lambda::{REGION, ids};

/// API Gateway's REST API, payload 1.0 (API Gateway: "Lambda proxy integrations in API Gateway").
pub(super) fn rest_api(stage: Option<&str>, call: &Call<'_>) -> Result<Value, Answer> {
    let (full, query) = split(call.target);
    let full = text(full);
    let path = match stage {
        Some(stage) => below_stage(&full, stage)
            .ok_or_else(|| Answer::typed(403, "application/json", r#"{"message":"Forbidden"}"#))?,
        None => &full,
    };
    let domain = match stage {
        Some(_) => format!("{API}.execute-api.{REGION}.amazonaws.com"),
        None => host_name(call.headers),
    };
    // A regional endpoint keeps the names' letters, and adds its own in capitals.
    let mut headers = Headers::new();
    for (name, value) in call.headers.iter().filter(|(name, _)| !is_hop(name) && !is_forwarded(name)) {
        headers.push(name, value);
    }
    for (name, value) in forwarded(call).iter() {
        let name: Vec<_> = name.split('-').map(|part| part[..1].to_uppercase() + &part[1..]).collect();
        headers.push(name.join("-"), value);
    }
    let decoded: Vec<_> =
        parameters(query.unwrap_or_default()).map(|(name, value)| (form_decoded(name), form_decoded(value))).collect();
    let or_null = |map: Map<String, Value>| if map.is_empty() { Value::Null } else { map.into() };
    let (time, epoch) = now();
    let (body, base64) = body(call);
    Ok(json!({
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": call.method,
        "headers": last_of(headers.iter().map(|(name, value)| (name, text(value)))),
        "multiValueHeaders": all_of(headers.iter().map(|(name, value)| (name, text(value)))),
        "queryStringParameters": or_null(last_of(decoded.iter().map(|(name, value)| (name.as_str(), value.clone())))),
        "multiValueQueryStringParameters":
            or_null(all_of(decoded.iter().map(|(name, value)| (name.as_str(), value.clone())))),
        "pathParameters": { "proxy": path.trim_start_matches('/') },
        "stageVariables": null,
        "requestContext": {
            "resourceId": "x1y2z3",
            "resourcePath": "/{proxy+}",
            "httpMethod": call.method,
            "extendedRequestId": "JKJaXmPLvHcESHA=",
            "requestTime": time,
            "path": full,
            "accountId": ACCOUNT,
            "protocol": "HTTP/1.1",
            "stage": stage.unwrap_or("prod"),
            "domainPrefix": domain.split('.').next(),
            "requestTimeEpoch": epoch,
            "requestId": ids::uuid(),
            "identity": {
                "cognitoIdentityPoolId": null,
                "accountId": null,
                "cognitoIdentityId": null,
                "caller": null,
                "sourceIp": call.client.to_string(),
                "principalOrgId": null,
                "accessKey": null,
                "cognitoAuthenticationType": null,
                "cognitoAuthenticationProvider": null,
                "userArn": null,
                "userAgent": call.headers.get("user-agent").map(text),
                "user": null,
            },
            "domainName": domain,
            "apiId": API,
        },
        "body": body,
        "isBase64Encoded": base64,
    }))
}
