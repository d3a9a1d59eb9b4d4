//! What the proxies in front say of the client, as far as they are trusted.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName, header};

/// The proxies in front of the server whose word on the client is believed: none unless it is said how many there are.
///
/// What a client sends stands on the left of the entries that proxies add, so that counting from the right reaches
/// only what the trusted ones wrote.
///
/// ```
/// use anyfn_server::Proxies;
///
/// let proxies: Proxies = "2,host".parse().unwrap();
/// assert_eq!((proxies.count, proxies.host, proxies.forwarded), (2, true, false));
/// assert!("one".parse::<Proxies>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proxies {
    /// How many proxies stand one behind the other in front of the server.
    pub count: usize,
    /// Whether they set (or remove) `x-forwarded-host` too. Many hand on what the client sent.
    pub host: bool,
    /// Whether they write `forwarded` (RFC 7239) and not `x-forwarded-for` and its like.
    pub forwarded: bool,
}

/// What the trusted proxies say of a request.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) client: Option<IpAddr>,
    pub(crate) scheme: Option<Scheme>,
    pub(crate) host: Option<Authority>,
}

impl Proxies {
    pub(crate) const WANTED: &str = "the number of trusted proxies, such as `1`, `1,host` where they set x-forwarded-host \
                                     too, or `1,forwarded` where they write the header forwarded";

    /// As many proxies as this, which write `x-forwarded-for` and `x-forwarded-proto`.
    pub const fn new(count: usize) -> Self {
        Self { count, host: false, forwarded: false }
    }

    pub(crate) fn said(&self, headers: &HeaderMap, peer: IpAddr) -> Said {
        if self.count == 0 {
            return Said { client: Some(peer), ..Said::default() };
        }
        if self.forwarded {
            return self.forwarded(headers, peer);
        }
        const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
        const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
        const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
        let entry = |name| {
            let lines = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("?"));
            self.nth(lines.flat_map(|line| line.split(',')).map(str::trim).collect())
        };
        Said {
            client: entry(FOR).map_or(Some(peer), address),
            scheme: entry(PROTO).and_then(scheme),
            host: self.host.then(|| entry(HOST)).flatten().and_then(|host| host.parse().ok()),
        }
    }

    /// RFC 7239, section 4: each proxy adds one element of `name=value` pairs.
    fn forwarded(&self, headers: &HeaderMap, peer: IpAddr) -> Said {
        let mut elements = Vec::new();
        for line in headers.get_all(header::FORWARDED) {
            let line = line.to_str().unwrap_or("\"");
            let Some(parts) = split(line, ',') else {
                // A quote that the client left open would hide what the proxies wrote behind it.
                return Said::default();
            };
            elements.extend(parts);
        }
        let Some(element) = self.nth(elements) else { return Said { client: Some(peer), ..Said::default() } };
        let mut said = Said::default();
        for pair in split(element, ';').unwrap_or_default() {
            let Some((name, value)) = pair.split_once('=') else { continue };
            let value = unquoted(value.trim());
            match &*name.trim().to_ascii_lowercase() {
                "for" => said.client = address(&value),
                "proto" => said.scheme = scheme(&value),
                "host" => said.host = value.parse().ok(),
                _ => {}
            }
        }
        said
    }

    /// The entry that the outermost trusted proxy wrote; the leftmost where there are fewer.
    fn nth<'a>(&self, mut entries: Vec<&'a str>) -> Option<&'a str> {
        entries.retain(|entry| !entry.is_empty());
        entries.get(entries.len().saturating_sub(self.count)).copied()
    }
}

impl FromStr for Proxies {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split(',').map(str::trim);
        let count = parts.next().unwrap_or_default().parse().map_err(|_| Self::WANTED)?;
        let mut proxies = Self::new(count);
        for part in parts {
            match part {
                "host" => proxies.host = true,
                "forwarded" => proxies.forwarded = true,
                _ => return Err(Self::WANTED),
            }
        }
        Ok(proxies)
    }
}

/// An address, with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

fn scheme(text: &str) -> Option<Scheme> {
    match &*text.to_ascii_lowercase() {
        "http" => Some(Scheme::HTTP),
        "https" => Some(Scheme::HTTPS),
        _ => None,
    }
}

/// The parts between separators outside quotes; `None` where a quote is not closed.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut from, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if character == separator && !quoted => {
                parts.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[from..].trim());
    (!quoted).then_some(parts)
}

fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return text.to_owned() };
    let (mut plain, mut characters) = (String::new(), inner.chars());
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    plain
}
