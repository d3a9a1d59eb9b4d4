//! The header `Idempotency-Key`, and what its request is answered where it cannot be done (draft-ietf-httpapi-idempotency-key-header).

use anyfn_core::{Error, ErrorKind};
use http::{HeaderMap, HeaderValue, StatusCode};

/// The header.
pub(crate) const NAME: &str = "idempotency-key";
/// A key is not read past this: a UUID has 36.
const LONGEST: usize = 255;

/// The key that a request brings: a string of RFC 9651 (`"8e03978e"`), or the same without quotes, as most clients send it.
pub(crate) fn read(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let mut lines = headers.get_all(NAME).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(invalid());
    }
    let line = line.to_str().map_err(|_| invalid())?.trim();
    let key = if line.starts_with('"') { quoted(line) } else { token(line) };
    key.filter(|key| !key.is_empty() && key.len() <= LONGEST).map(Some).ok_or_else(invalid)
}

/// RFC 9651, section 4.2.5; parameters behind the string are nothing to us.
fn quoted(line: &str) -> Option<String> {
    let mut key = String::new();
    let mut rest = line[1..].chars();
    loop {
        match rest.next()? {
            '"' => break,
            '\\' => match rest.next()? {
                escaped @ ('"' | '\\') => key.push(escaped),
                _ => return None,
            },
            plain => key.push(plain),
        }
    }
    let after = rest.as_str().trim_start();
    (after.is_empty() || after.starts_with(';')).then_some(key)
}

fn token(line: &str) -> Option<String> {
    (!line.contains(['"', ',', ' '])).then(|| line.to_owned())
}

fn invalid() -> Error {
    Error::of(ErrorKind::BadRequest).title("Invalid Idempotency-Key").detail(
        "`Idempotency-Key` is one string of at most 255 characters, such as \"8e03978e-40d5-43dd-bc93-6894a57f9324\"",
    )
}

/// Section 2.7 of the draft: 400.
pub(crate) fn missing() -> Error {
    Error::of(ErrorKind::BadRequest)
        .title("Idempotency-Key is missing")
        .detail("this operation is done once: send an `Idempotency-Key` that no other operation of yours has")
}

/// The same: 409.
pub(crate) fn in_progress() -> Error {
    Error::new(StatusCode::CONFLICT)
        .title("The first request is in progress")
        .detail("a request with this `Idempotency-Key` has not been answered yet: ask again later")
        .header(http::header::RETRY_AFTER, HeaderValue::from_static("1"))
}

/// The same: 422.
pub(crate) fn reused() -> Error {
    Error::of(ErrorKind::Unprocessable)
        .title("Idempotency-Key is already used")
        .detail("another request came with this `Idempotency-Key`: each operation has one of its own")
}

/// Done, and nothing is known of how it was answered: no success that nobody saw.
pub(crate) fn not_kept() -> Error {
    Error::new(StatusCode::CONFLICT)
        .title("The request is done")
        .detail("a request with this `Idempotency-Key` was answered, and its answer was too long to be kept")
}

#[cfg(test)]
mod tests {
    use super::read;
    use http::{HeaderMap, HeaderValue};

    fn key(lines: &[&[u8]]) -> Result<Option<String>, u16> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(super::NAME, HeaderValue::from_bytes(line).unwrap());
        }
        read(&headers).map_err(|error| error.status().as_u16())
    }

    #[test]
    fn a_key_is_a_string_with_or_without_quotes() {
        assert_eq!(key(&[]), Ok(None));
        for (line, expected) in [
            (&b"\"8e03978e-40d5\""[..], "8e03978e-40d5"),
            (b"8e03978e-40d5", "8e03978e-40d5"),
            (b" \"a b\" ", "a b"),
            (br#""a\"b\\c""#, r#"a"b\c"#),
            (b"\"a\";x=1", "a"),
            (b"\"a\" ; x", "a"),
        ] {
            assert_eq!(key(&[line]), Ok(Some(expected.to_owned())), "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let long = "x".repeat(256);
        let lines: [&[u8]; 10] = [
            b"",
            b"\"\"",
            b"\"a",
            b"\"",
            b"\"a\"b",
            b"\"\\n\"",
            b"a b",
            b"a,b",
            "\"\u{e9}\"".as_bytes(),
            long.as_bytes(),
        ];
        for line in lines {
            assert_eq!(key(&[line]), Err(400), "{}", String::from_utf8_lossy(line));
        }
        assert_eq!(key(&[b"a", b"a"]), Err(400));
        assert_eq!(key(&[&long.as_bytes()[..255]]), Ok(Some("x".repeat(255))));
    }
}
