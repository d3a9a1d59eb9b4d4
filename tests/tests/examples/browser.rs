//! Pages in headless Chromium.

use std::io::Write as _;
use std::sync::OnceLock;

use anyfn_xtask::tools::{Chromium, chromium};
use serde_json::Value;

use crate::program::Program;

/// Waits in a page until something is there, at most five seconds.
const UNTIL: &str = "
    const until = async check => {
        for (let begin = Date.now(); ; await new Promise(resolve => setTimeout(resolve, 20))) {
            const found = check()
            if (found) return found
            if (Date.now() - begin > 5000) throw new Error(`waited in vain for ${check}: ${document.body.innerText}`)
        }
    }
";

/// The machine's Chromium; `None`, and a line that nobody's capture swallows, where there is none to be had.
fn browser() -> Option<&'static Chromium> {
    static FOUND: OnceLock<Option<Chromium>> = OnceLock::new();
    let found = FOUND.get_or_init(|| match chromium() {
        Ok(chromium) => Some(chromium),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "\n!!! NOT RUN: the tests of pages in Chromium: {error:#}\n");
            None
        }
    });
    found.as_ref()
}

/// What `script` returns in the program's page, which must complain of nothing but what has `expected` in it, and ask nobody
/// else for anything.
pub(crate) fn visit(program: &Program, target: &str, script: &str, expected: Option<&str>) -> Option<Value> {
    let own = format!("http://{}", program.addr());
    let visit = browser()?.visit(&format!("{own}{target}"), &format!("{UNTIL}{script}"));
    let visit = visit.unwrap_or_else(|error| panic!("{error:#} {:?}", program.logs()));
    let complaint = visit.errors.iter().find(|error| expected.is_none_or(|expected| !error.contains(expected)));
    assert_eq!(complaint, None);
    let foreign = visit.requests.iter().find(|url| !url.starts_with(&own) && !url.starts_with("data:"));
    assert_eq!(foreign, None);
    Some(visit.value)
}
