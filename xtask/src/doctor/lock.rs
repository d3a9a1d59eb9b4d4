//! `Cargo.lock`: versions that must agree with this program's own.

use anyhow::Result;

use super::{Finding, State};
use crate::build::cloudflare::WASM_BINDGEN;
use crate::project::Project;

pub(super) fn examine(project: &Project) -> Result<Vec<Finding>> {
    if !project.root.join("Cargo.lock").exists() {
        return Ok(vec![Finding::new("lock", State::Note, "there is no Cargo.lock yet: the first build writes it")]);
    }
    let bindgen = project.locked_version("wasm-bindgen")?;
    let facade = project.locked_version("anyfn")?;
    Ok([agreed_bindgen(bindgen.as_deref()), agreed_facade(facade.as_deref())].into_iter().flatten().collect())
}

/// The crate and the glue that is generated for it.
fn agreed_bindgen(locked: Option<&str>) -> Option<Finding> {
    let locked = locked?;
    if locked == WASM_BINDGEN {
        return Some(Finding::good("lock", format!("wasm-bindgen {locked}, for which this program makes glue")));
    }
    let what = format!("Cargo.lock has wasm-bindgen {locked}, and this program makes glue for {WASM_BINDGEN}");
    let finding = Finding::new("lock", State::Broken, what);
    Some(finding.next(format!("cargo update -p wasm-bindgen --precise {WASM_BINDGEN}")))
}

/// The library and this program, which an installed `cargo anyfn` may be older or newer than.
fn agreed_facade(locked: Option<&str>) -> Option<Finding> {
    let (own, locked) = (env!("CARGO_PKG_VERSION"), locked?);
    // Below 1.0 the second number is the one that breaks.
    let line = |version: &str| version.split('.').take(2).collect::<Vec<_>>().join(".");
    if line(own) == line(locked) {
        return Some(Finding::good("lock", format!("anyfn {locked}, and this program is {own}")));
    }
    let what = format!("Cargo.lock has anyfn {locked}, and this program is {own}: they may not understand each other");
    let finding = Finding::new("lock", State::Warning, what);
    Some(finding.next("use the repository's own `cargo xtask`, or install that version of `anyfn-xtask`"))
}

#[cfg(test)]
mod tests {
    use super::{State, agreed_bindgen, agreed_facade};

    #[test]
    fn another_glue_is_broken_and_names_the_command() {
        assert_eq!(agreed_bindgen(Some(super::WASM_BINDGEN)).unwrap().state, State::Good);
        let wrong = agreed_bindgen(Some("0.2.99")).unwrap();
        assert_eq!(wrong.state, State::Broken);
        assert!(wrong.next[0].starts_with("cargo update -p wasm-bindgen --precise "), "{wrong:?}");
        assert_eq!(agreed_bindgen(None), None);
    }

    #[test]
    fn another_line_of_versions_is_a_warning() {
        assert_eq!(agreed_facade(Some(env!("CARGO_PKG_VERSION"))).unwrap().state, State::Good);
        assert_eq!(agreed_facade(Some("99.0.0")).unwrap().state, State::Warning);
    }
}
