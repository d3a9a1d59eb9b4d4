//! Events and bodies to measure with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The headers of a browser's request as a gateway passes them on, 15 of them, and more where more are asked for.
pub(crate) fn headers(count: usize) -> Vec<(String, String)> {
    const REAL: [(&str, &str); 15] = [
        ("host", "fn.example.com"),
        (
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
        ),
        ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
        ("accept-language", "en-GB,en;q=0.9,de;q=0.8"),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("cache-control", "max-age=0"),
        ("referer", "https://www.example.com/start"),
        ("sec-ch-ua", "\"Chromium\";v=\"130\", \"Not?A_Brand\";v=\"99\""),
        ("sec-ch-ua-mobile", "?0"),
        ("sec-fetch-dest", "document"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", "same-site"),
        ("x-amzn-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"),
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-proto", "https"),
    ];
    let real = REAL.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let more = (0..).map(|n| (format!("x-custom-header-{n}"), format!("the value of custom header number {n}")));
    real.chain(more).take(count).collect()
}

/// A body to post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Posted {
    /// JSON of about this many bytes, a third of which is escaped where it stands in JSON.
    Text(usize),
    /// Bytes that are no text.
    Binary(usize),
}

impl Posted {
    pub(crate) fn bytes(self) -> Vec<u8> {
        match self {
            Self::Text(length) => {
                let mut text = String::from("[");
                for number in 0.. {
                    let item = format!(r#"{{"id":{number},"a":"x","b":["y","z"]}},"#);
                    if text.len() + item.len() > length {
                        break;
                    }
                    text.push_str(&item);
                }
                text.pop();
                text.push(']');
                text.into_bytes()
            }
            // Neither all alike nor random: no run differs from the next.
            Self::Binary(length) => (0..length as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect(),
        }
    }

    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Text(_) => "application/json",
            Self::Binary(_) => "application/octet-stream",
        }
    }
}

/// A request as an HTTP API or a Function URL sends it, payload 2.0.
pub(crate) fn payload2(method: &str, path: &str, query: &str, count: usize, body: Option<Posted>) -> Vec<u8> {
    let mut headers: serde_json::Map<_, _> = headers(count).into_iter().map(|(n, v)| (n, Value::from(v))).collect();
    let mut event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "headers": null,
        "requestContext": {
            "accountId": "anonymous", "apiId": "abcdefghijklmnop", "domainName": "abcdefghijklmnop.lambda-url.eu-west-1.on.aws",
            "domainPrefix": "abcdefghijklmnop",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7",
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"
            },
            "requestId": "9e8d7c6b-1a2b-3c4d-5e6f-0123456789ab", "routeKey": "$default", "stage": "$default",
            "time": "23/Nov/2026:20:00:00 +0000", "timeEpoch": 1_795_464_000_000_u64
        },
        "isBase64Encoded": false
    });
    if let Some(body) = body {
        headers.insert("content-type".into(), body.kind().into());
        let bytes = body.bytes();
        headers.insert("content-length".into(), bytes.len().to_string().into());
        match String::from_utf8(bytes) {
            Ok(text) => event["body"] = text.into(),
            Err(bytes) => {
                event["body"] = STANDARD.encode(bytes.as_bytes()).into();
                event["isBase64Encoded"] = true.into();
            }
        }
    }
    event["headers"] = headers.into();
    event.to_string().into_bytes()
}

/// Ten messages of a queue.
pub(crate) fn sqs() -> Vec<u8> {
    let record = |n: u32| {
        json!({
            "messageId": format!("059f36b4-87a3-44ab-83d2-66197597{n:04}"), "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": format!(r#"{{"id":{}}}"#, n + 1),
            "attributes": {
                "ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183", "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": "1545082649185"
            },
            "messageAttributes": {}, "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:orders", "awsRegion": "eu-west-1"
        })
    };
    json!({ "Records": (0..10).map(record).collect::<Vec<_>>() }).to_string().into_bytes()
}

/// An object stored in a bucket.
pub(crate) fn s3() -> Vec<u8> {
    json!({ "Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-west-1", "eventTime": "2026-11-23T20:00:00.000Z",
        "eventName": "ObjectCreated:Put", "userIdentity": { "principalId": "AWS:AIDAINPONIXQXHT3IKHL2" },
        "requestParameters": { "sourceIPAddress": "203.0.113.7" },
        "responseElements": { "x-amz-request-id": "D82B88E5F771F645", "x-amz-id-2": "vlR7PnpV2Ce81l0PRw6jlUpck7Jo5ZsQjryTjKlc5aLWGVHPZLj5NeC6qMa0emYBDXOo6QBU0Wo=" },
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "828aa6fc-f7b5-4305-8584-487c791949c1",
            "bucket": { "name": "uploads", "ownerIdentity": { "principalId": "A3I5XTEXAMAI3E" }, "arn": "arn:aws:s3:::uploads" },
            "object": { "key": "pictures/b21b84d653bb07b05b1e6b33684dc11b.jpg", "size": 1_305_107, "eTag": "b21b84d653bb07b05b1e6b33684dc11b", "sequencer": "0C0F6F405D6ED209E1" }
        }
    }] })
    .to_string()
    .into_bytes()
}
