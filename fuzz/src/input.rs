//! What a fuzzer's bytes stand for: text, so that seeds and findings can be read and written by hand.

use std::sync::LazyLock;

use http::{HeaderMap, HeaderName, HeaderValue};

/// A message as HTTP/1 writes it, read leniently: a first line, headers, an empty line, a body. Lines end with `\n`.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) first: String,
    /// Names and values, which HTTP may not know.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    pub(crate) fn read(data: &[u8]) -> Self {
        let end = data.windows(2).position(|two| two == b"\n\n");
        let (head, body) = match end {
            Some(end) => (&data[..end], &data[end + 2..]),
            None => (data, &b""[..]),
        };
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split('\n');
        let first = lines.next().unwrap_or_default().to_owned();
        let headers = lines.filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.strip_prefix(' ').unwrap_or(value).to_owned()))
        });
        Self { first, headers: headers.collect(), body: body.to_vec() }
    }

    /// Method, path and query of a request's first line.
    pub(crate) fn request_line(&self) -> (&str, &str, Option<&str>) {
        let (method, target) = self.first.split_once(' ').unwrap_or((&self.first, "/"));
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        (method, path, query)
    }

    /// The headers that HTTP knows, by name and in order.
    pub(crate) fn known(&self) -> HeaderMap {
        let mut known = HeaderMap::new();
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value.as_bytes())) {
                known.append(name, value);
            }
        }
        known
    }

    /// The message as a request, where its first line is one that HTTP knows.
    pub(crate) fn request<B>(&self, body: B) -> Option<http::Request<B>> {
        let (method, ..) = self.request_line();
        let target = self.first.split_once(' ').map_or("/", |(_, target)| target);
        let mut request = http::Request::builder().method(method).uri(target).body(body).ok()?;
        *request.headers_mut() = self.known();
        Some(request)
    }
}

/// Names with their values, each name once, in the order of its first.
pub(crate) fn grouped<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<(String, Vec<&'a str>)> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for (name, value) in pairs {
        match groups.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value),
            None => groups.push((name.to_owned(), vec![value])),
        }
    }
    groups
}

/// A query's names and values as they are written.
pub(crate) fn pairs(query: &str) -> Vec<(&str, &str)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect()
}

/// What a percent-encoded text stands for.
pub(crate) fn unescaped(text: &str) -> Vec<u8> {
    percent_encoding::percent_decode_str(text).collect()
}

/// An input's first byte, which says the decoder by its rest when divided by `decoders`, and what follows it.
///
/// `FUZZ_DECODERS` names the only ones that are asked for (`0,8`): how each gets minutes of its own.
pub(crate) fn decoder(data: &[u8], decoders: u8) -> Option<(u8, &[u8])> {
    static ONLY: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let list = std::env::var("FUZZ_DECODERS").unwrap_or_default();
        let read = |number: &str| number.trim().parse().expect("FUZZ_DECODERS is numbers with commas between");
        list.split(',').filter(|number| !number.is_empty()).map(read).collect()
    });
    let (&kind, rest) = data.split_first()?;
    let asked = kind % decoders;
    let taken = if ONLY.is_empty() { asked } else { ONLY[usize::from(asked) % ONLY.len()] % decoders };
    Some(((kind - asked).checked_add(taken).unwrap_or(taken), rest))
}
