//! The program's triggers, read out of the artefact that carries them.
//!
//! `app!` writes them as bytes into a link section: [`MAGIC`], the layout's version and the text's length as little-endian
//! `u32`, and the text, JSON. The section survives LTO and strip on gnu, musl and wasm.

use serde::{Deserialize, Serialize};

use crate::Error;

/// What the section's bytes begin with.
pub const MAGIC: &[u8; 5] = b"ANYFN";

/// The layout that this version reads and writes.
pub const VERSION: u32 = 1;

/// What a program is triggered by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// The text's version.
    pub version: u32,
    /// `abort` where a panic ends the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panic: Option<String>,
    /// The triggers, in the order of the source.
    pub triggers: Vec<Declared>,
}

/// One trigger as declared in code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Declared {
    /// `http`, `schedule`, `queue`, `object_created`, `object_removed`, `change`, `message`, `custom`.
    pub kind: String,
    /// The path pattern, cron expression or logical name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The function that handles it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
}

/// Reads the manifest from the bytes of its section, or of a file in which it stands.
///
/// # Errors
/// There is none, or it is of another version or damaged.
pub fn read(bytes: &[u8]) -> Result<Manifest, Error> {
    let bad = |what: &str| Error::internal(format!("the artefact's anyfn manifest {what}"));
    let header = MAGIC.len() + 8;
    // The magic alone may stand elsewhere in a program, as a constant: only a whole manifest counts.
    let mut failure = bad("is missing: is the program made with `#[handler]`, `anyfn::app!` or `#[anyfn::main]`?");
    for start in (0..bytes.len().saturating_sub(header)).filter(|&i| bytes[i..].starts_with(MAGIC)) {
        let word = |at: usize| bytes[start + at..start + at + 4].try_into().map(u32::from_le_bytes).unwrap_or_default();
        let (version, length) = (word(MAGIC.len()), word(MAGIC.len() + 4) as usize);
        if version != VERSION {
            failure = bad("is of another version: use the xtask of the anyfn version that the program is built with");
            continue;
        }
        match bytes.get(start + header..).and_then(|rest| rest.get(..length)).map(serde_json::from_slice) {
            Some(Ok(manifest)) => return Ok(manifest),
            _ => failure = bad("is damaged: build again"),
        }
    }
    Err(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(json: &str) -> Vec<u8> {
        let length = u32::try_from(json.len()).unwrap();
        [b"junk ANYFN junk".as_slice(), MAGIC, &VERSION.to_le_bytes(), &length.to_le_bytes(), json.as_bytes()].concat()
    }

    #[test]
    fn a_manifest_is_found_behind_a_stray_magic() {
        let manifest = read(&section(r#"{"version":1,"triggers":[{"kind":"http","handler":"hello"}]}"#)).unwrap();
        assert_eq!(manifest.triggers[0].handler.as_deref(), Some("hello"));
    }

    #[test]
    fn a_cut_or_missing_manifest_is_an_error() {
        let mut cut = section(r#"{"version":1,"triggers":[]}"#);
        cut.pop();
        assert!(read(&cut).unwrap_err().to_string().contains("damaged"));
        assert!(read(b"nothing").unwrap_err().to_string().contains("missing"));
        assert!(read(MAGIC).is_err());
    }
}
