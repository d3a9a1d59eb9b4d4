//! Paths and queries: as they were sent, as far as a URI can hold them.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// What `http::Uri` holds in no path. A question mark and a number sign that come in a path are part of it.
const PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'<').add(b'>').add(b'`').add(b'?').add(b'#');
/// For a path that the gateway has decoded: a percent sign in it is one that the client escaped.
const DECODED: &AsciiSet = &PATH.add(b'%');
/// What `http::Uri` holds in no query.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'<').add(b'>').add(b'"').add(b'#');
/// For a query's name or value that the gateway has decoded: all but RFC 3986's unreserved is escaped, as `Url` and
/// `encodeURIComponent` write what they send, near enough.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path as it was sent; nothing is escaped twice.
pub(super) fn sent_path(path: &str) -> String {
    rooted(percent_encode(path.as_bytes(), PATH).to_string())
}

/// A path that the gateway decoded, encoded again.
pub(super) fn decoded_path(path: &str) -> String {
    rooted(percent_encode(path.as_bytes(), DECODED).to_string())
}

fn rooted(path: String) -> String {
    if path.starts_with('/') { path } else { format!("/{path}") }
}

/// A query as it was sent.
pub(super) fn sent_query(query: &str) -> String {
    percent_encode(query.as_bytes(), QUERY).to_string()
}

/// Appends a name and a value that the gateway decoded.
pub(super) fn push_decoded(query: &mut String, name: &str, value: &str) {
    push(
        query,
        &percent_encode(name.as_bytes(), PART).to_string(),
        &percent_encode(value.as_bytes(), PART).to_string(),
    );
}

/// Appends a name and a value as they were sent.
pub(super) fn push_sent(query: &mut String, name: &str, value: &str) {
    push(query, &sent_query(name), &sent_query(value));
}

/// What separates parameters, for one of which nobody says whether it was decoded.
const SEPARATORS: &AsciiSet = &QUERY.add(b'&');

/// Appends a name and a value of which nobody says whether they were decoded: escapes are kept, and what would begin
/// another parameter is escaped.
pub(super) fn push_either(query: &mut String, name: &str, value: &str) {
    const NAME: &AsciiSet = &SEPARATORS.add(b'=');
    push(
        query,
        &percent_encode(name.as_bytes(), NAME).to_string(),
        &percent_encode(value.as_bytes(), SEPARATORS).to_string(),
    );
}

fn push(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    query.push_str(value);
}

/// The path below what a custom domain maps to the API: what the route says of it, with its parameters filled in. The path
/// itself where they do not agree.
pub(super) fn below_mapping<'a, 'b>(
    path: &'a str,
    route: &str,
    parameter: impl Fn(&str) -> Option<&'b str>,
) -> &'a str {
    let mut filled = String::with_capacity(path.len());
    for segment in route.split('/').filter(|segment| !segment.is_empty()) {
        filled.push('/');
        match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => match parameter(name.trim_end_matches('+')) {
                Some(value) => filled.push_str(value),
                None => return path,
            },
            None => filled.push_str(segment),
        }
    }
    let (bare, filled) = (path.strip_suffix('/').unwrap_or(path), filled.strip_suffix('/').unwrap_or(&filled));
    if filled.is_empty() {
        return "/";
    }
    let Some((at, _)) = bare.rmatch_indices('/').nth(filled.matches('/').count() - 1) else { return path };
    let same = bare[at..] == *filled || percent_decode_str(&bare[at..]).eq(percent_decode_str(filled));
    // A base path is made of names; a path with two slashes in front is a path with two slashes.
    if same && !path[..at].split('/').skip(1).any(str::is_empty) { &path[at..] } else { path }
}

/// The path below the stage, which API Gateway's own domain puts before it.
pub(super) fn below_stage<'a>(path: &'a str, stage: &str) -> &'a str {
    match path.strip_prefix('/').and_then(|rest| rest.strip_prefix(stage)) {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}
