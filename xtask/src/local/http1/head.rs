//! Heads: the request or status line, and the headers below it.

use super::Framing;

/// Header lines in order: names in the letters that were sent, values in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(Vec<(String, Vec<u8>)>);

impl Headers {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.push(name, value);
        self
    }

    pub(crate) fn push(&mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) {
        self.0.push((name.into(), value.into()));
    }

    pub(crate) fn remove(&mut self, unwanted: impl Fn(&str) -> bool) {
        self.0.retain(|(name, _)| !unwanted(name));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// All values of a name, in order.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The first value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// Whether one of a name's comma-separated values is `token`.
    pub(crate) fn has_token(&self, name: &str, token: &str) -> bool {
        self.all(name)
            .flat_map(|value| value.split(|byte| *byte == b','))
            .any(|value| value.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    }

    /// How the body below these headers is framed; without a word, there is none.
    pub(super) fn framing(&self) -> Result<Framing, &'static str> {
        let mut lengths = self.all("content-length").map(|value| {
            let digits = std::str::from_utf8(value).ok().filter(|v| v.bytes().all(|byte| byte.is_ascii_digit()));
            digits.and_then(|value| value.parse().ok()).ok_or("a content-length that is no number")
        });
        let length: Option<u64> = lengths.next().transpose()?;
        for other in lengths {
            if Some(other?) != length {
                return Err("two different content-lengths");
            }
        }
        match (self.get("transfer-encoding"), length) {
            (None, None) => Ok(Framing::None),
            (None, Some(length)) => Ok(Framing::Length(length)),
            (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
            (Some(_), None) => Err("a transfer-encoding other than chunked"),
            (Some(_), Some(_)) => Err("both a transfer-encoding and a content-length"),
        }
    }

    /// Whether a header says nothing about the message but how this one connection carries it.
    pub(crate) fn is_framing(name: &str) -> bool {
        ["connection", "content-length", "transfer-encoding", "keep-alive", "trailer"]
            .iter()
            .any(|framing| name.eq_ignore_ascii_case(framing))
    }
}

/// The first line of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RequestHead {
    pub(super) method: String,
    pub(super) target: Vec<u8>,
    /// HTTP/1.0: closes by default, knows no chunks.
    pub(super) old: bool,
    pub(super) headers: Headers,
}

/// The first line of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StatusHead {
    pub(super) status: u16,
    pub(super) reason: String,
    pub(super) headers: Headers,
}

/// Reads a request's head, its last empty line included or not.
pub(super) fn request(head: &[u8]) -> Result<RequestHead, &'static str> {
    let mut lines = lines(head);
    let mut parts = lines.next().unwrap_or_default().split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("the request line is not METHOD TARGET VERSION");
    };
    if target.is_empty() || target.iter().any(u8::is_ascii_control) {
        return Err("the request target is empty or has control characters");
    }
    let old = match version {
        b"HTTP/1.1" => false,
        b"HTTP/1.0" => true,
        _ => return Err("neither HTTP/1.1 nor HTTP/1.0"),
    };
    Ok(RequestHead {
        method: token(method).ok_or("the method is no token")?.to_owned(),
        target: target.to_vec(),
        old,
        headers: headers(lines)?,
    })
}

/// Reads an answer's head.
pub(super) fn status(head: &[u8]) -> Result<StatusHead, &'static str> {
    let mut lines = lines(head);
    let first = lines.next().unwrap_or_default();
    let mut parts = first.splitn(3, |byte| *byte == b' ');
    if !parts.next().unwrap_or_default().starts_with(b"HTTP/1.") {
        return Err("the answer is no HTTP/1");
    }
    let status = parts.next().and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
    Ok(StatusHead {
        status: status
            .filter(|status| (100..1000).contains(status))
            .ok_or("the status is no number of three digits")?,
        reason: String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned(),
        headers: headers(lines)?,
    })
}

/// Reads header lines, as they also stand in trailers.
pub(super) fn headers<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Result<Headers, &'static str> {
    let mut headers = Headers::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':').ok_or("a header line without a colon")?;
        let name = token(&line[..colon]).ok_or("a header name that is no token")?;
        let value = line[colon + 1..].trim_ascii();
        if value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            return Err("a header value with control characters");
        }
        headers.push(name, value);
    }
    Ok(headers)
}

fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

fn token(bytes: &[u8]) -> Option<&str> {
    let is_tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    if bytes.is_empty() || !bytes.iter().all(is_tchar) {
        return None;
    }
    std::str::from_utf8(bytes).ok()
}
