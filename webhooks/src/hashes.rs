//! What all of the schemes are made of.

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{Refusal, Secrets};

/// The HMAC-SHA256 of these, one after the other.
pub(crate) fn hmac_sha256(secret: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // Every length is a valid key's.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return [0; 32] };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// The HMAC-SHA1 of this.
pub(crate) fn hmac_sha1(secret: &[u8], text: &[u8]) -> [u8; 20] {
    let Ok(mac) = Hmac::<sha1::Sha1>::new_from_slice(secret) else { return [0; 20] };
    mac.chain_update(text).finalize().into_bytes().into()
}

/// The SHA-256 of this.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Hexadecimal digits, in lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Compares in a time that tells nothing of the contents.
///
/// Signatures are compared as they are written: of a digest there is one spelling, and no other is taken.
pub(crate) fn same(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}

/// Whether one of the signatures is what one of the secrets makes. All of them are looked at.
pub(crate) fn any_signs(
    secrets: &Secrets,
    given: &[&str],
    expected: impl Fn(&str) -> Result<String, Refusal>,
) -> Result<(), Refusal> {
    let mut holds = false;
    for secret in secrets.iter() {
        let expected = expected(secret)?;
        given.iter().for_each(|given| holds |= same(given, &expected));
    }
    if holds { Ok(()) } else { Err(Refusal::Mismatch) }
}

/// The text of a header that stands there once.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, Refusal> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().and_then(|value| value.to_str().ok()).ok_or(Refusal::Missing(name))?;
    if values.next().is_some() { Err(Refusal::Malformed(name)) } else { Ok(value) }
}

/// Adds a header of a signed request; what signing writes is always a valid value.
pub(crate) fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digits_are_in_lower_case() {
        assert_eq!(hex(&[0, 1, 0x7f, 0xab, 0xff]), "00017fabff");
    }

    #[test]
    fn the_hash_and_the_codes_are_those_of_their_standards() {
        // FIPS 180-4's example of one block; RFC 4231, case 2; RFC 2202, case 2.
        assert_eq!(hex(&sha256(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let parts: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        let code = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex(&hmac_sha256(b"Jefe", &parts)), code);
        assert_eq!(hex(&hmac_sha1(b"Jefe", &parts.concat())), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }
}
