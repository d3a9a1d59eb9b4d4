//! A portable answer's head, as the JavaScript side takes it.

use std::borrow::Cow;

use http::header;

/// Status and headers of an answer.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Head {
    /// The status.
    pub status: u16,
    /// `name\nvalue\n…`, each repeated header in lines of its own: neither can hold a line feed.
    pub headers: String,
    /// Whether the body is encoded already, so that the runtime must not encode it again.
    pub encoded: bool,
    /// What `content-length` says, if it is there.
    pub length: Option<u64>,
}

/// Encodes an answer's status and headers.
///
/// ```
/// let answer = http::Response::builder().header("x-multi", "a").header("x-multi", "b").body(()).unwrap();
/// let (head, _) = answer.into_parts();
/// assert_eq!(anyfn_cloudflare::encode(&head).headers, "x-multi\na\nx-multi\nb\n");
/// ```
pub fn encode(parts: &http::response::Parts) -> Head {
    let mut headers = String::with_capacity(parts.headers.len() * 32);
    // Another connection's are not this one's (RFC 9110, section 7.6.1).
    let own = |name: &str| {
        !matches!(name, "connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade")
    };
    for (name, value) in parts.headers.iter().filter(|(name, _)| own(name.as_str())) {
        headers.push_str(name.as_str());
        headers.push('\n');
        headers.push_str(&text(value.as_bytes()));
        headers.push('\n');
    }
    let length = parts.headers.get(header::CONTENT_LENGTH);
    Head {
        status: parts.status.as_u16(),
        headers,
        encoded: parts.headers.contains_key(header::CONTENT_ENCODING),
        length: length.and_then(|length| length.to_str().ok()?.parse().ok()),
    }
}

/// The runtime takes values as text and sends them as UTF-8; other bytes are taken for Latin-1.
fn text(value: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(value)
        .map_or_else(|_| value.iter().map(|byte| char::from(*byte)).collect::<String>().into(), Cow::Borrowed)
}
