//! Answers in Lambda's JSON: what is read there is what was answered.

use std::collections::BTreeMap;

use anyfn_lambda::{Shape, encode, prelude};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::response::Parts;
use http::{HeaderName, HeaderValue};
use serde::Deserialize;

/// The first byte says the gateway, or that the answer is streamed; then come `status`, headers, an empty line and a body, all
/// of them of any bytes.
pub(crate) fn answers(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let end = rest.windows(2).position(|two| two == b"\n\n");
    let (head, body) = end.map_or((rest, &b""[..]), |end| (&rest[..end], &rest[end + 2..]));
    let mut lines = head.split(|byte| *byte == b'\n');
    let status = lines.next().unwrap_or_default();
    let (mut parts, ()) = http::Response::new(()).into_parts();
    parts.status = http::StatusCode::from_bytes(status).unwrap_or_default();
    for line in lines {
        let Some(at) = line.iter().position(|byte| *byte == b':') else { continue };
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(&line[..at]), HeaderValue::from_bytes(&line[at + 1..])) {
            parts.headers.append(name, value);
        }
    }
    match kind % 8 {
        shape @ 0..6 => whole(SHAPES[usize::from(shape)], &parts, &Bytes::copy_from_slice(body)),
        _ => streamed(&parts),
    }
}

const SHAPES: [Shape; 6] = [Shape::V1, Shape::V2, Shape::Url, Shape::Alb, Shape::AlbMulti, Shape::Lattice];

/// What a gateway reads. Its maps are read as lists, which show a name that stands there twice.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Answer {
    status_code: u16,
    #[serde(default)]
    status_description: Option<String>,
    #[serde(default)]
    headers: Pairs<String>,
    #[serde(default)]
    multi_value_headers: Pairs<Vec<String>>,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Default)]
struct Pairs<V>(Vec<(String, V)>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<V>(std::marker::PhantomData<V>);
        impl<'de, V: Deserialize<'de>> serde::de::Visitor<'de> for Read<V> {
            type Value = Pairs<V>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Pairs<V>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Read(std::marker::PhantomData))
    }
}

fn whole(shape: Shape, parts: &Parts, body: &Bytes) {
    let json = encode(shape, parts, body).expect("it is far below the limit");
    let answer: Answer = serde_json::from_slice(&json).expect("an answer is JSON");
    let bytes = match answer.is_base64_encoded {
        true => STANDARD.decode(&answer.body).expect("base64"),
        false => answer.body.clone().into_bytes(),
    };
    assert_eq!(&bytes[..], &body[..], "the body's bytes");
    // Base64 only where it must be.
    let must = std::str::from_utf8(body).is_err() || parts.headers.contains_key("content-encoding") && !body.is_empty();
    assert_eq!(answer.is_base64_encoded, must);
    if matches!(shape, Shape::Alb | Shape::AlbMulti | Shape::Lattice) {
        let description = answer.status_description.as_deref().unwrap_or_default();
        assert!(description.starts_with(&format!("{} ", parts.status.as_u16())), "{description}");
    }
    read(shape, parts, &answer, body.len());
}

fn streamed(parts: &Parts) {
    let prelude = prelude(parts).expect("any head");
    let json = prelude.strip_suffix(&[0; 8]).expect("eight zeros");
    assert!(!json.contains(&0), "the zeros are the first ones");
    read(Shape::Url, parts, &serde_json::from_slice(json).expect("JSON"), 0);
}

/// Status and headers as the gateway reads them are those that were answered.
fn read(shape: Shape, parts: &Parts, answer: &Answer, length: usize) {
    assert_eq!(answer.status_code, parts.status.as_u16());
    let joins = matches!(shape, Shape::V2 | Shape::Url | Shape::Alb | Shape::Lattice);
    let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in parts.headers.keys() {
        let values: Vec<String> = parts.headers.get_all(name).iter().map(text).collect();
        let dropped = match name.as_str() {
            "connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade" => true,
            // `+5` is read as 5 by both sides.
            "content-length" if length > 0 => values.len() != 1 || values[0].parse() != Ok(length),
            _ => false,
        };
        if dropped {
            continue;
        }
        let values = if joins && name != "set-cookie" { vec![values.join(", ")] } else { values };
        expected.insert(name.to_string(), values);
    }
    let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut exact = std::collections::HashSet::new();
    for (name, value) in &answer.headers.0 {
        assert!(exact.insert(name), "{name} stands twice in a map");
        seen.entry(name.to_ascii_lowercase()).or_default().push(value.clone());
    }
    for (name, values) in &answer.multi_value_headers.0 {
        assert!(exact.insert(name), "{name} stands twice");
        assert!(!values.is_empty());
        seen.entry(name.clone()).or_default().extend(values.iter().cloned());
    }
    if !answer.cookies.is_empty() {
        assert!(matches!(shape, Shape::V2 | Shape::Url), "no other gateway reads cookies");
        seen.insert("set-cookie".to_owned(), answer.cookies.clone());
    }
    assert_eq!(seen, expected, "{shape:?}");
}

/// Bytes that are no text are taken for Latin-1.
fn text(value: &HeaderValue) -> String {
    let bytes = value.as_bytes();
    String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect())
}
