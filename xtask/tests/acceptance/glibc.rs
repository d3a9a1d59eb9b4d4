//! What is deployed starts on the vendors' machines: binutils reads the same of it as `build` does.

use std::path::Path;
use std::process::Command;

use anyfn_xtask::build::Target;

use crate::built::built;
use crate::folder::run;

/// The versions of glibc that an executable's symbols ask for.
fn versions(executable: &Path) -> Vec<(u32, u32)> {
    let said = run(Command::new("objdump").arg("-T").arg(executable));
    let names = said.split(|c: char| c.is_whitespace() || "()".contains(c));
    let number = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or(0);
    let versions = names.filter_map(|name| name.strip_prefix("GLIBC_")).map(|version| {
        let mut parts = version.split('.');
        (number(parts.next()), number(parts.next()))
    });
    versions.collect()
}

fn runs_on_amazon_linux(executable: &Path) {
    let versions = versions(executable);
    assert!(!versions.is_empty(), "{} asks for no glibc at all", executable.display());
    let newest = versions.into_iter().max();
    assert!(newest <= Some((2, 34)), "{} asks for glibc {newest:?}", executable.display());
}

#[test]
#[cfg(target_env = "gnu")]
fn the_bootstrap_asks_for_no_newer_glibc_than_lambda_has() {
    runs_on_amazon_linux(&built(Target::Lambda, "hello").lambda.unwrap().bootstrap);
}

#[test]
#[cfg(target_env = "gnu")]
fn vercels_executable_asks_for_no_newer_glibc_than_vercel_has() {
    runs_on_amazon_linux(&built(Target::Vercel, "hello").vercel.unwrap().executable);
}
