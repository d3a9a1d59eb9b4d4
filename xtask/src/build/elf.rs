//! Reads a native artefact: would it start on the vendors' machines?

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use object::read::elf::{Dyn, ElfFile64, FileHeader, ProgramHeader};
use object::{Endianness, elf};

use crate::ui;

/// The C library of Amazon Linux 2023, which Lambda's `provided.al2023` and Vercel run on.
const VENDOR_GLIBC: Version = Version(2, 34);

/// The shared libraries that are part of glibc or stand beside it on the vendors' machines.
const VENDOR_LIBRARIES: [&str; 7] =
    ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "libpthread.so.0", "libdl.so.2", "librt.so.1", "ld-linux"];

/// A version of glibc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u32, u32);

impl Version {
    /// Out of the name that symbols carry, `GLIBC_2.34`.
    fn parse(name: &str) -> Option<Self> {
        let mut parts = name.strip_prefix("GLIBC_")?.split('.').map(str::parse::<u32>);
        Some(Self(parts.next()?.ok()?, parts.next()?.ok()?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// What an ELF executable says about the machine that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) arm64: bool,
    /// Names a dynamic loader, which must exist on the machine.
    pub(crate) has_loader: bool,
    /// Shared libraries.
    pub(crate) needed: Vec<String>,
    /// The highest version of glibc without which it does not start.
    pub(crate) glibc: Option<Version>,
}

impl Facts {
    pub(crate) fn is_static(&self) -> bool {
        !self.has_loader && self.needed.is_empty()
    }
}

/// Reads an executable's facts; `None` when it is no 64-bit ELF file (a build on macOS for local use).
pub(crate) fn inspect(path: &Path) -> Result<Option<Facts>> {
    let data = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if !data.starts_with(&elf::ELFMAG) {
        return Ok(None);
    }
    facts(&data).map(Some).with_context(|| format!("{} is a damaged ELF file", path.display()))
}

fn facts(data: &[u8]) -> object::Result<Facts> {
    let file = ElfFile64::<Endianness>::parse(data)?;
    let (endian, header, sections) = (file.endian(), file.elf_header(), file.elf_section_table());
    let mut needed = Vec::new();
    if let Some((entries, link)) = sections.dynamic(endian, data)? {
        let strings = sections.strings(endian, data, link)?;
        for entry in entries.iter().filter(|entry| entry.tag(endian) == elf::DT_NEEDED) {
            needed.push(String::from_utf8_lossy(entry.string(endian, strings)?).into_owned());
        }
    }
    let mut glibc = None;
    if let Some((mut versions, link)) = sections.gnu_verneed(endian, data)? {
        let strings = sections.strings(endian, data, link)?;
        while let Some((_, mut names)) = versions.next()? {
            while let Some(name) = names.next()? {
                // A weak requirement is looked up at run time and may be missing.
                if !name.vna_flags.get(endian).contains(elf::VER_FLG_WEAK) {
                    let version = Version::parse(&String::from_utf8_lossy(name.name(endian, strings)?));
                    glibc = glibc.max(version);
                }
            }
        }
    }
    let segments = header.program_headers(endian, data)?;
    Ok(Facts {
        arm64: header.e_machine(endian) == elf::EM_AARCH64,
        has_loader: segments.iter().any(|segment| segment.p_type(endian) == elf::PT_INTERP),
        needed,
        glibc,
    })
}

/// Refuses an executable that would not start on the vendors' machines.
pub(crate) fn check(path: &Path, facts: Option<&Facts>, arm64: bool) -> Result<()> {
    let Some(facts) = facts else { bail!("{} is no Linux executable", ui::path(path)) };
    if let Some(problem) = problem(facts, arm64) {
        bail!("{} would not start on the vendor's machine: {problem}", ui::path(path));
    }
    Ok(())
}

fn problem(facts: &Facts, arm64: bool) -> Option<String> {
    const MUSL: &str =
        "say `libc = \"musl\"` in [package.metadata.anyfn] for a static binary, or build on an older distribution";
    if facts.arm64 != arm64 {
        let name = |arm64| if arm64 { "arm64" } else { "x86_64" };
        return Some(format!("it is built for {}, asked for was {}", name(facts.arm64), name(arm64)));
    }
    if let Some(glibc) = facts.glibc.filter(|glibc| *glibc > VENDOR_GLIBC) {
        return Some(format!("it needs glibc {glibc}, and Amazon Linux 2023 has {VENDOR_GLIBC}\n{MUSL}"));
    }
    let foreign: Vec<_> =
        facts.needed.iter().filter(|lib| !VENDOR_LIBRARIES.iter().any(|known| lib.starts_with(known))).collect();
    if let Some(library) = foreign.first() {
        return Some(format!(
            "it links the shared library {library}, which is not there\nlink it statically (many `-sys` crates have a \
             feature `vendored` or `static` for that)"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Facts, Version, inspect, problem};

    fn gnu(glibc: &str) -> Facts {
        let needed = ["libgcc_s.so.1", "libc.so.6", "ld-linux-x86-64.so.2"].map(str::to_owned).to_vec();
        Facts { arm64: false, has_loader: true, needed, glibc: Version::parse(glibc) }
    }

    #[test]
    fn the_vendors_glibc_is_the_newest_that_passes() {
        assert_eq!(problem(&gnu("GLIBC_2.34"), false), None);
        assert_eq!(problem(&gnu("GLIBC_2.2.5"), false), None);
        let newer = problem(&gnu("GLIBC_2.38"), false).unwrap();
        assert!(newer.contains("needs glibc 2.38") && newer.contains("libc = \"musl\""), "{newer}");
    }

    #[test]
    fn a_static_executable_passes() {
        let facts = Facts { arm64: true, has_loader: false, needed: Vec::new(), glibc: None };
        assert!(facts.is_static());
        assert_eq!(problem(&facts, true), None);
    }

    #[test]
    fn another_architecture_and_a_foreign_library_are_refused() {
        assert!(problem(&gnu("GLIBC_2.17"), true).unwrap().contains("built for x86_64, asked for was arm64"));
        let mut facts = gnu("GLIBC_2.17");
        facts.needed.push("libssl.so.3".to_owned());
        assert!(problem(&facts, false).unwrap().contains("libssl.so.3"));
    }

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn this_test_program_tells_its_own_glibc() {
        let facts = inspect(&std::env::current_exe().unwrap()).unwrap().unwrap();
        assert!(facts.has_loader && !facts.is_static());
        assert!(facts.needed.iter().any(|lib| lib == "libc.so.6"), "{facts:?}");
        assert!(facts.glibc >= Version::parse("GLIBC_2.2.5"), "{facts:?}");
    }

    #[test]
    fn what_is_no_elf_file_has_no_facts() {
        assert_eq!(inspect(std::path::Path::new(env!("CARGO_MANIFEST_PATH"))).unwrap(), None);
    }
}
