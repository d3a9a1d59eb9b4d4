//! The manifest in the bytes of an artefact.

use anyfn_core::Error;
use anyfn_core::manifest::{self, Manifest};
use object::{Object as _, ObjectSection as _};

/// Reads the manifest of an executable or a module.
pub(crate) fn read(data: &[u8]) -> Result<Manifest, Error> {
    match object::File::parse(data) {
        Ok(file) => manifest::read(own(&file).unwrap_or_default()),
        // A format whose sections are not known here is searched whole for the manifest's first bytes.
        Err(_) => manifest::read(data),
    }
}

/// The manifest's own section.
fn own<'a>(file: &object::File<'a>) -> Option<&'a [u8]> {
    let named = |name: object::Result<&str>| name.is_ok_and(|name| name.trim_start_matches('.') == "anyfn");
    file.sections().find(|section| named(section.name()))?.data().ok()
}
