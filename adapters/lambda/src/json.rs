//! JSON strings, for bodies: what may be megabytes is read and written 32 bytes at a time wherever nothing in them is
//! escaped, and byte by byte through a table where something is. `serde_json` looks at each byte several times, and calls
//! for each escape: ten times the instructions for a JSON text inside of JSON, in which every third byte is escaped.

use bytes::Bytes;

const BLOCK: usize = 32;

/// What stands for a byte in a string, its first byte and, unless 0, its second; [`LONG`] for six of them.
const WRITTEN: [[u8; 2]; 256] = {
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'"' => *b"\\\"",
            b'\\' => *b"\\\\",
            b'\n' => *b"\\n",
            b'\r' => *b"\\r",
            b'\t' => *b"\\t",
            0x08 => *b"\\b",
            0x0c => *b"\\f",
            0..0x20 => [LONG, 0],
            other => [other, 0],
        };
        byte += 1;
    }
    table
};

const LONG: u8 = 1;

/// What a byte after a backslash means; 0 for what is none of one byte.
const READ: [u8; 256] = {
    let mut table = [0; 256];
    let pairs = *b"\"\"\\\\//b\x08f\x0cn\nr\rt\t";
    let mut at = 0;
    while at < pairs.len() {
        table[pairs[at] as usize] = pairs[at + 1];
        at += 2;
    }
    table
};

/// Whether a byte stands for itself in a string.
const fn is_plain(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

/// A loop that the compiler makes a handful of vector instructions of: it has no early end.
fn all_plain(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(true, |plain, byte| plain & is_plain(*byte))
}

/// Appends a text as it stands between the quotes.
pub(crate) fn escape(text: &str, to: &mut Vec<u8>) {
    let (blocks, rest) = text.as_bytes().as_chunks::<BLOCK>();
    for block in blocks {
        if all_plain(block) {
            to.extend_from_slice(block);
        } else {
            escape_some(block, to);
        }
    }
    escape_some(rest, to);
}

/// At most a block.
fn escape_some(bytes: &[u8], to: &mut Vec<u8>) {
    // Two bytes are written each time, and the second one counts where it is needed: no branch to guess.
    let mut pairs = [0; 2 * BLOCK];
    let mut length = 0;
    for byte in bytes {
        let pair = WRITTEN[usize::from(*byte)];
        if pair[0] == LONG {
            to.extend_from_slice(&pairs[..length]);
            length = 0;
            let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
            to.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            continue;
        }
        if let Some(place) = pairs.get_mut(length..length + 2) {
            place.copy_from_slice(&pair);
        }
        length += 1 + usize::from(pair[1] != 0);
    }
    to.extend_from_slice(&pairs[..length]);
}

/// A string's content.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// It stands in the event as it is. Neither its control characters nor its UTF-8 were looked at.
    AsItIs(Bytes),
    /// It had escapes. Its UTF-8 was not looked at.
    Unescaped(Vec<u8>),
}

/// The content of the string whose first byte, after the quote, is at `start`, and where the quote at its end is; `None` for
/// what takes more care, which `serde_json` has: escapes of four digits, and what is no string.
pub(crate) fn string(event: &Bytes, start: usize) -> Option<(Content, usize)> {
    let at = start + memchr::memchr2(b'"', b'\\', event.get(start..)?)?;
    if event[at] == b'"' {
        return Some((Content::AsItIs(event.slice(start..at)), at));
    }
    let mut text = Vec::with_capacity(event.len() - start);
    let mut at = start;
    loop {
        while let Some(block) = event[at..].first_chunk::<BLOCK>().filter(|block| all_plain(block)) {
            text.extend_from_slice(block);
            at += BLOCK;
        }
        let mut some = [0; BLOCK];
        let mut length = 0;
        for place in &mut some {
            let byte = *event.get(at)?;
            if is_plain(byte) {
                *place = byte;
                at += 1;
            } else if byte == b'\\' {
                *place = READ[usize::from(*event.get(at + 1)?)];
                if *place == 0 {
                    return None;
                }
                at += 2;
            } else if byte == b'"' {
                text.extend_from_slice(&some[..length]);
                return Some((Content::Unescaped(text), at));
            } else {
                return None;
            }
            length += 1;
        }
        text.extend_from_slice(&some[..length]);
    }
}

/// Whether a string that was taken as it is can stand in JSON.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    blocks.iter().all(all_plain) && rest.iter().all(|byte| is_plain(*byte)) && std::str::from_utf8(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{Content, escape, string};

    /// Each byte, alone and at every place of a block's.
    fn texts() -> impl Iterator<Item = String> {
        let long = |c: char| (0..70).map(move |at| "a".repeat(at) + &String::from(c) + &"b".repeat(70 - at) + "ü€😀");
        (0..0x100_u32).filter_map(char::from_u32).flat_map(long).chain([String::new(), "\"\\".repeat(50)])
    }

    #[test]
    fn texts_are_written_as_serde_json_does() {
        for text in texts() {
            let mut written = b"\"".to_vec();
            escape(&text, &mut written);
            written.push(b'"');
            assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string(&text).unwrap());
        }
    }

    #[test]
    fn strings_are_read_as_serde_json_does_or_not_at_all() {
        let mut read = 0;
        for text in texts() {
            let json = serde_json::to_string(&text).unwrap();
            match string(&json.clone().into(), 1) {
                Some((content, end)) => {
                    let bytes = match &content {
                        Content::AsItIs(bytes) => &bytes[..],
                        Content::Unescaped(bytes) => bytes,
                    };
                    assert_eq!((bytes, end), (text.as_bytes(), json.len() - 1));
                    read += 1;
                }
                None => assert!(json.contains("\\u00"), "{json}"),
            }
        }
        assert!(read > 200 * 70);
        for wrong in ["\"", "\"a", "\"a\\", "\"a\\x\"", "\"\\\\\n\"", "\"a\\u0041\"", "\"\\n"] {
            assert_eq!(string(&wrong.into(), 1), None, "{wrong}");
        }
    }
}
