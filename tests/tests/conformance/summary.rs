//! The peers' summary in `docs/conformance.md`, taken from `docs/peers.md`: whichever page is written, they agree.

use std::path::{Path, PathBuf};

const TITLE: &str = "\n## Others in the same table\n";
const ROWS: &str = "\n## Rows\n";
const HEAD: &str = "| crate |";

/// Where a page of `docs/` is.
pub(crate) fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

/// `docs/conformance.md` with the summary of `docs/peers.md` before its rows, in place of the one that it has.
pub(crate) fn with_peers(conformance: &str, peers: &str) -> String {
    let (Some((before, rows)), Some((_, table))) = (conformance.split_once(ROWS), peers.split_once(HEAD)) else {
        return conformance.to_owned();
    };
    let before = before.split(TITLE).next().unwrap_or(before);
    let table = table.split("\n\n").next().unwrap_or(table);
    format!(
        "{before}{TITLE}\nThe vendors' own crates, and Ohkami, when `cargo xtask conformance --peers` last ran; [peers.md](peers.md) has every \
         row that they fail, and why.\n\n{HEAD}{table}\n{ROWS}{rows}"
    )
}
