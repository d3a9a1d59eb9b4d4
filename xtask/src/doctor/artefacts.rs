//! What was built: would it start on the vendors' machines, and does it fit?

use std::path::Path;

use anyhow::{Context, Result};

use super::{Finding, State};
use crate::build::{Target, elf, gzipped};
use crate::project::{Function, Project};
use crate::ui;

/// A limit is near from here on, in hundredths.
const NEAR: u64 = 80;

/// What a platform takes, by its documentation of 2026, in bytes.
struct Limit {
    /// What is weighed.
    what: &'static str,
    most: u64,
    /// Beyond this something else is due, though it is taken.
    first: Option<(u64, &'static str)>,
}

/// Unpacked, with layers.
const LAMBDA: Limit = Limit { what: "Lambda: unpacked", most: 262_144_000, first: None };
/// Sent directly; from S3, as `sam` does it, it may be larger.
const LAMBDA_ZIP: Limit = Limit {
    what: "Lambda: the archive",
    most: u64::MAX,
    first: Some((52_428_800, "beyond 50 MB it must come from S3, as `sam deploy` does it")),
};
const WORKERS: Limit =
    Limit { what: "Workers: gzipped", most: 10_000_000, first: Some((3_000_000, "beyond 3 MB it wants a paid plan")) };
/// What a Worker holds before its first event, of what an isolate may (Workers: "Limits").
const WORKERS_MEMORY: Limit = Limit { what: "Workers: memory at the start", most: 128 << 20, first: None };
const VERCEL: Limit = Limit { what: "Vercel: unpacked", most: 262_144_000, first: None };

pub(super) fn examine(project: &Project, function: &Function, target: Option<Target>) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for target in target.map_or(Target::ALL.to_vec(), |target| vec![target]) {
        let dir = project.root.join("dist").join(target.name()).join(&function.package);
        if !dir.exists() {
            let what =
                format!("nothing is built for {} yet, so its size and its C library are not looked at", target.name());
            let line = format!("cargo xtask build --target {} --package {}", target.name(), function.package);
            found.push(Finding::new("artefact", State::Note, what).next(line));
            continue;
        }
        match target {
            Target::Lambda => {
                found.push(starts(&dir.join("bootstrap"))?);
                found.push(fits(&LAMBDA, size(&dir.join("bootstrap"))?));
                found.push(fits(&LAMBDA_ZIP, size(&dir.join("bootstrap.zip"))?));
            }
            Target::Vercel => {
                let executable = dir.join(".vercel/output/functions/index.func/executable");
                found.push(starts(&executable)?);
                found.push(fits(&VERCEL, size(&executable)?));
            }
            Target::Cloudflare => {
                let mut all = 0;
                for file in ["index_bg.wasm", "index.js", "worker.js"] {
                    let path = dir.join("dist").join(file);
                    all += gzipped(&std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?)?;
                }
                found.push(fits(&WORKERS, all));
                let wasm = std::fs::read(dir.join("dist/index_bg.wasm")).context("the Worker has no module")?;
                found.extend(memory(&wasm).map(|bytes| fits(&WORKERS_MEMORY, bytes)));
            }
            Target::Server => {}
        }
    }
    Ok(found)
}

fn size(path: &Path) -> Result<u64> {
    Ok(path.metadata().with_context(|| format!("cannot read {}", path.display()))?.len())
}

/// How many bytes of memory a WebAssembly module asks for when it starts (WebAssembly: "Binary format", memory section).
fn memory(wasm: &[u8]) -> Option<u64> {
    const MEMORY: u8 = 5;
    const PAGE: u64 = 65_536;
    let mut rest = wasm.strip_prefix(b"\0asm\x01\0\0\0")?;
    loop {
        let (kind, after) = rest.split_first()?;
        rest = after;
        let length = usize::try_from(number(&mut rest)?).ok()?;
        let mut section = rest.get(..length)?;
        if *kind == MEMORY {
            let _count = number(&mut section)?;
            let _flags = number(&mut section)?;
            return number(&mut section)?.checked_mul(PAGE);
        }
        rest = &rest[length..];
    }
}

/// An unsigned LEB128 number, taken off the front.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Whether an executable starts on Amazon Linux.
fn starts(path: &Path) -> Result<Finding> {
    let facts = elf::inspect(path)?;
    let arm64 = facts.as_ref().is_some_and(|facts| facts.arm64);
    Ok(match elf::check(path, facts.as_ref(), arm64) {
        Ok(()) => {
            let needs = facts.and_then(|facts| facts.glibc).map(|glibc| format!("needs glibc {glibc}"));
            Finding::good("glibc", format!("{} {}", ui::path(path), needs.as_deref().unwrap_or("needs no C library")))
        }
        Err(error) => Finding::new("glibc", State::Broken, error.to_string()),
    })
}

fn fits(limit: &Limit, bytes: u64) -> Finding {
    let Limit { what, most, first } = limit;
    let said = |most: u64| format!("{what} {} of {}", ui::size(bytes), ui::size(most));
    let next = "see what weighs: `cargo tree`, `cargo bloat`; leave out features that are not used";
    let near = |most: u64| bytes > most / 100 * NEAR;
    match first {
        _ if bytes > *most => {
            Finding::new("size", State::Broken, format!("{}: it will be refused", said(*most))).next(next)
        }
        Some((first, then)) if bytes > *first => {
            let most = if *most == u64::MAX { *first } else { *most };
            Finding::new("size", State::Warning, format!("{}: {then}", said(most)))
        }
        Some((first, then)) if near(*first) => {
            Finding::new("size", State::Warning, format!("{}: near; {then}", said(*first))).next(next)
        }
        None if near(*most) => Finding::new("size", State::Warning, format!("{}: near", said(*most))).next(next),
        Some((first, _)) => Finding::good("size", said(*first)),
        None => Finding::good("size", said(*most)),
    }
}

#[cfg(test)]
mod tests {
    use super::{LAMBDA, LAMBDA_ZIP, State, WORKERS, WORKERS_MEMORY, fits, memory};

    #[test]
    fn the_memory_that_a_module_asks_for_is_read_and_nonsense_is_none() {
        // A custom section of two bytes, then a memory of at least 1,920 pages (120 MiB).
        let module = b"\0asm\x01\0\0\0\x00\x02\x01a\x05\x04\x01\x00\x80\x0f";
        assert_eq!(memory(module), Some(1920 * 65_536));
        let finding = fits(&WORKERS_MEMORY, memory(module).unwrap());
        assert!(finding.state == State::Warning && finding.what.contains("125.8 MB of 134.2 MB: near"), "{finding:?}");
        assert!((0..module.len()).all(|end| memory(&module[..end]).is_none()));
        assert_eq!(memory(b"\0asm\x01\0\0\0\x05\xff\xff\xff\xff\xff\xff"), None);
    }

    #[test]
    fn a_limit_is_told_when_it_is_near_and_when_it_is_passed() {
        for (limit, bytes, state, says) in [
            (&WORKERS, 200_000, State::Good, "200.0 KB of 3.0 MB"),
            (&WORKERS, 2_500_000, State::Warning, "2.5 MB of 3.0 MB: near"),
            (&WORKERS, 3_000_001, State::Warning, "a paid plan"),
            (&WORKERS, 10_000_001, State::Broken, "it will be refused"),
            (&LAMBDA, 1_000_000, State::Good, "1.0 MB of 262.1 MB"),
            (&LAMBDA, 250_000_000, State::Warning, "near"),
            (&LAMBDA, 262_144_001, State::Broken, "refused"),
            (&LAMBDA_ZIP, 60_000_000, State::Warning, "must come from S3"),
        ] {
            let finding = fits(limit, bytes);
            assert!(finding.state == state && finding.what.contains(says), "{bytes}: {finding:?}");
        }
    }
}
