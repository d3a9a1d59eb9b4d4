//! JSON strings, for bodies: what may be megabytes is read and written 32 bytes at a time where nothing in them is escaped,
//! and through tables, with no branch to guess, where something is. `serde_json` looks at each byte several times, and calls
//! for each escape: ten times the instructions for a JSON text inside of JSON, in which every third byte is escaped.

use bytes::Bytes;

const BLOCK: usize = 32;

/// What stands for a byte in a string, lowest first: its first byte, its second, and how many of them count; [`LONG`] for
/// six that are not here.
const WRITTEN: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'"' => u32::from_le_bytes(*b"\\\"\x02\0"),
            b'\\' => u32::from_le_bytes(*b"\\\\\x02\0"),
            b'\n' => u32::from_le_bytes(*b"\\n\x02\0"),
            b'\r' => u32::from_le_bytes(*b"\\r\x02\0"),
            b'\t' => u32::from_le_bytes(*b"\\t\x02\0"),
            0x08 => u32::from_le_bytes(*b"\\b\x02\0"),
            0x0c => u32::from_le_bytes(*b"\\f\x02\0"),
            0..0x20 => (LONG as u32) << 16,
            other => u32::from_le_bytes([other, 0, 1, 0]),
        };
        byte += 1;
    }
    table
};

/// More than a block can have.
const LONG: usize = 4 * BLOCK;

/// What a byte means, by itself and after a backslash; 0 for what takes more care, or is wrong.
const MEANT: [[u8; 256]; 2] = {
    let mut table = [[0; 256]; 2];
    let mut byte = 0;
    while byte < 256 {
        if is_plain(byte as u8) {
            table[0][byte] = byte as u8;
        }
        byte += 1;
    }
    let pairs = *b"\"\"\\\\//b\x08f\x0cn\nr\rt\t";
    let mut at = 0;
    while at < pairs.len() {
        table[1][pairs[at] as usize] = pairs[at + 1];
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
    block.iter().fold(0, |other, byte| other | u8::from(!is_plain(*byte))) == 0
}

/// Appends a text as it stands between the quotes.
pub(crate) fn escape(text: &str, to: &mut Vec<u8>) {
    let (blocks, rest) = text.as_bytes().as_chunks::<BLOCK>();
    // Blocks are like their neighbours: after one with an escape, none is looked at as a whole.
    let mut plain = true;
    for block in blocks {
        if plain && all_plain(block) {
            to.extend_from_slice(block);
        } else {
            plain = escape_block(block, to);
        }
    }
    escape_each(rest, to);
}

/// Whether nothing in it was escaped.
fn escape_block(block: &[u8; BLOCK], to: &mut Vec<u8>) -> bool {
    let mut all = [0; 2 * BLOCK + 1];
    let mut length = 0;
    for byte in block {
        let written = WRITTEN[usize::from(*byte)];
        // Two bytes each time, the second one to be overwritten where it does not count. The mask tells the compiler that
        // they fit; it changes nothing but after a long one, and then all is thrown away.
        let at = length & (2 * BLOCK - 1);
        all[at..at + 2].copy_from_slice(&(written as u16).to_le_bytes());
        length += (written >> 16) as usize;
    }
    match all.get(..length) {
        Some(all) => to.extend_from_slice(all),
        None => escape_each(block, to),
    }
    length == BLOCK
}

fn escape_each(bytes: &[u8], to: &mut Vec<u8>) {
    for byte in bytes {
        let written = WRITTEN[usize::from(*byte)];
        match (written >> 16) as usize {
            LONG => {
                let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
                to.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            }
            length => to.extend_from_slice(&(written as u16).to_le_bytes()[..length]),
        }
    }
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
    // As in `escape`: blocks are like their neighbours.
    let mut plain = true;
    loop {
        while let Some(block) = event[at..].first_chunk::<BLOCK>().filter(|block| plain && all_plain(block)) {
            text.extend_from_slice(block);
            at += BLOCK;
        }
        if let Some((block, length)) = event[at..].first_chunk().and_then(unescape_block) {
            text.extend_from_slice(&block);
            at += length;
            plain = length == BLOCK;
            continue;
        }
        // Near the end, or with something that is no part of a text: byte by byte.
        for _ in 0..BLOCK {
            let escaped = *event.get(at)? == b'\\';
            let byte = *event.get(at + usize::from(escaped))?;
            if !escaped && byte == b'"' {
                return Some((Content::Unescaped(text), at));
            }
            let meant = MEANT[usize::from(escaped)][usize::from(byte)];
            if meant == 0 {
                return None;
            }
            text.push(meant);
            at += 1 + usize::from(escaped);
        }
    }
}

/// The next bytes of a text, and how many they are where they stand; `None` if they are not all of one.
fn unescape_block(from: &[u8; 2 * BLOCK + 1]) -> Option<([u8; BLOCK], usize)> {
    let mut text = [0; BLOCK];
    let mut at = 0;
    for place in &mut text {
        // The mask changes nothing, and tells the compiler so.
        let here = at & (2 * BLOCK - 1);
        let escaped = usize::from(from[here] == b'\\');
        *place = MEANT[escaped][usize::from(from[here + escaped])];
        at = here + 1 + escaped;
    }
    // Looked at in the end: the compiler makes a few vector instructions of it.
    let right = text.iter().fold(true, |right, byte| right & (*byte != 0));
    right.then_some((text, at))
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
