//! A portable answer as Lambda's JSON.

use std::borrow::Cow;

use anyfn_core::Error;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::{Serialize, Serializer};

use crate::decode::Shape;
use crate::json::escape;

/// The largest answer that is not streamed, in bytes of JSON ("Lambda quotas", Lambda developer guide: 6 MB).
pub const MAX_ANSWER: usize = 6_291_556;

/// The largest answer to a load balancer, in bytes of JSON ("Lambda functions as targets", ELB user guide: 1 MB).
pub const MAX_ALB_ANSWER: usize = 1024 * 1024;

/// What goes before the body.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Pairs<'a, Cow<'a, str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<Pairs<'a, Vec<Cow<'a, str>>>>,
    // A list even where it is empty: cargo-lambda's own function URL does not answer without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<Vec<Cow<'a, str>>>,
}

/// A map's entries, in order.
struct Pairs<'a, V>(Vec<(Cow<'a, str>, V)>);

impl<V: Serialize> Serialize for Pairs<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Encodes an answer in the shape of its request.
///
/// ```
/// use anyfn_lambda::{Shape, encode};
///
/// let answer = http::Response::builder().header("set-cookie", "a=1").header("x-multi", "a").header("x-multi", "b");
/// let (head, ()) = answer.body(()).unwrap().into_parts();
/// assert_eq!(
///     encode(Shape::V2, &head, &"hi".into())?,
///     r#"{"statusCode":200,"headers":{"x-multi":"a, b"},"cookies":["a=1"],"body":"hi","isBase64Encoded":false}"#
/// );
/// # Ok::<(), anyfn_core::Error>(())
/// ```
///
/// # Errors
/// The answer is larger than the platform carries.
pub fn encode(shape: Shape, head: &http::response::Parts, body: &Bytes) -> Result<Bytes, Error> {
    let encoded = head.headers.contains_key(header::CONTENT_ENCODING);
    let length = body.len();
    let mut answer = Answer {
        status_code: head.status.as_u16(),
        status_description: None,
        headers: None,
        multi_value_headers: None,
        cookies: None,
    };
    match shape {
        Shape::V2 | Shape::Url => {
            answer.headers = Some(joined(&head.headers, length));
            answer.cookies = Some(cookies(&head.headers));
        }
        Shape::V1 => {
            // The gateway merges the two maps.
            let (mut single, mut several) = (Vec::new(), Vec::new());
            for name in names(&head.headers, length) {
                let mut values: Vec<_> = head.headers.get_all(name).iter().map(text).collect();
                if values.len() == 1 {
                    single.push((name.as_str().into(), values.remove(0)));
                } else {
                    several.push((name.as_str().into(), values));
                }
            }
            answer.headers = Some(Pairs(single));
            answer.multi_value_headers = Some(Pairs(several)).filter(|several| !several.0.is_empty());
        }
        // VPC Lattice's guide shows a map of texts, and says nothing of repeats.
        Shape::Alb | Shape::Lattice => {
            answer.status_description = Some(description(head.status));
            let mut headers = joined(&head.headers, length);
            // A map has each name once, and names are read in any case: so every cookie gets a case of its own.
            let cookies = cookies(&head.headers);
            if cookies.len() > CASES {
                return Err(too_many_cookies(cookies.len()));
            }
            for (cookie, name) in cookies.into_iter().zip(cases("set-cookie")) {
                headers.0.push((name.into(), cookie));
            }
            answer.headers = Some(headers);
        }
        Shape::AlbMulti => {
            answer.status_description = Some(description(head.status));
            let all = |name: &HeaderName| head.headers.get_all(name).iter().map(text).collect();
            let names = names(&head.headers, length);
            answer.multi_value_headers = Some(Pairs(names.map(|name| (name.as_str().into(), all(name))).collect()));
        }
    }
    // Base64 only where it must be: REST APIs decode it for the types alone that they are told are binary.
    let text = std::str::from_utf8(body).ok().filter(|_| !encoded);
    let room = if text.is_some() { length + length / 2 } else { length.div_ceil(3) * 4 };
    let mut json = Vec::with_capacity(1024 + room);
    serde_json::to_writer(&mut json, &answer).map_err(Error::internal)?;
    // Not by `serde_json`: see `json`.
    json.pop();
    json.extend_from_slice(b",\"body\":\"");
    match text {
        Some(text) => escape(text, &mut json),
        None => base64_simd::STANDARD.encode_append(body, &mut json),
    }
    json.extend_from_slice(if text.is_some() || body.is_empty() { PLAIN } else { BASE64 });
    let limit = if matches!(shape, Shape::Alb | Shape::AlbMulti) { MAX_ALB_ANSWER } else { MAX_ANSWER };
    if json.len() > limit {
        return Err(too_large(json.len(), limit));
    }
    Ok(json.into())
}

const PLAIN: &[u8] = b"\",\"isBase64Encoded\":false}";
const BASE64: &[u8] = b"\",\"isBase64Encoded\":true}";

pub(crate) fn too_large(length: usize, limit: usize) -> Error {
    Error::new(StatusCode::INTERNAL_SERVER_ERROR).detail("The answer is larger than this platform carries.").source(format!(
        "the answer takes {length} bytes of JSON and Lambda carries {limit}: send less, send a link to an object in S3, or \
         stream it from a Function URL (`streaming = true`)"
    ))
}

/// Repeated headers as one, as RFC 9110 allows for all but cookies (section 5.3).
fn joined(headers: &HeaderMap, length: usize) -> Pairs<'_, Cow<'_, str>> {
    let names = names(headers, length).filter(|name| *name != header::SET_COOKIE);
    Pairs(names.map(|name| (name.as_str().into(), all(headers, name))).collect())
}

/// The names of what concerns the answer and not some other connection (RFC 9110, section 7.6.1), without a length that is
/// not the body's; where there is no body it is that of a GET.
fn names(headers: &HeaderMap, length: usize) -> impl Iterator<Item = &HeaderName> {
    headers.keys().filter(move |name| match name.as_str() {
        "connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade" => false,
        "content-length" if length > 0 => {
            let mut said = headers.get_all(*name).iter().map(|said| said.to_str().unwrap_or_default().parse());
            said.next() == Some(Ok(length)) && said.next().is_none()
        }
        _ => true,
    })
}

fn all<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Cow<'a, str> {
    let mut values = headers.get_all(name).iter().map(text);
    let first = values.next().unwrap_or_default();
    values.fold(first, |all, value| all + ", " + value)
}

fn cookies(headers: &HeaderMap) -> Vec<Cow<'_, str>> {
    headers.get_all(header::SET_COOKIE).iter().map(text).collect()
}

/// JSON carries text: bytes that are none are taken for Latin-1, as everywhere in anyfn.
fn text(value: &HeaderValue) -> Cow<'_, str> {
    let bytes = value.as_bytes();
    std::str::from_utf8(bytes)
        .map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into(), Cow::Borrowed)
}

fn description(status: StatusCode) -> String {
    format!("{} {}", status.as_str(), status.canonical_reason().unwrap_or("Unknown"))
}

/// In how many ways the nine letters of `set-cookie` can be written.
const CASES: usize = 1 << 9;

fn too_many_cookies(cookies: usize) -> Error {
    Error::new(StatusCode::INTERNAL_SERVER_ERROR).detail("The answer has more cookies than this platform carries.").source(format!(
        "the answer sets {cookies} cookies and an answer with one value for each header carries {CASES}: set fewer, or turn on \
         multi-value headers of the load balancer's target group"
    ))
}

/// A name in ever other cases: `set-cookie`, `Set-cookie`, `sEt-cookie`, `SEt-cookie`, …
fn cases(name: &'static str) -> impl Iterator<Item = String> {
    (0_u32..).map(move |number| {
        let mut letter = 0;
        name.chars()
            .map(|c| {
                if !c.is_ascii_alphabetic() {
                    return c;
                }
                letter += 1;
                if number >> (letter - 1) & 1 == 1 { c.to_ascii_uppercase() } else { c }
            })
            .collect()
    })
}

/// The prelude of a streamed answer ("Response streaming", Lambda developer guide).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Prelude<'a> {
    status_code: u16,
    headers: Pairs<'a, Cow<'a, str>>,
    cookies: Vec<Cow<'a, str>>,
}

/// The head of a streamed answer: what goes before the body's first byte.
///
/// # Errors
/// None that a handler can cause.
pub fn prelude(head: &http::response::Parts) -> Result<Bytes, Error> {
    let prelude = Prelude {
        status_code: head.status.as_u16(),
        headers: joined(&head.headers, 0),
        cookies: cookies(&head.headers),
    };
    let mut bytes = serde_json::to_vec(&prelude).map_err(Error::internal)?;
    bytes.extend_from_slice(&[0; 8]);
    Ok(bytes.into())
}
