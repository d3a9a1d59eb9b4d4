//! A zip archive that depends on its content alone: fixed times, fixed order, no extra fields.

use std::io::Write;

use anyhow::{Context, Result};
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// 1980-01-01 00:00, the first moment that the format can say.
const DOS_DATE: u16 = 0x21;
/// Deflate needs version 2.0 of the format; 3 says that the attributes are Unix's.
const VERSION: u16 = 20;
const MADE_BY_UNIX: u16 = 3 << 8 | VERSION;
const DEFLATED: u16 = 8;

/// One file of the archive.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    /// Unix permissions, for example `0o755`.
    pub(crate) mode: u32,
    pub(crate) data: &'a [u8],
}

/// Writes the archive of `entries`, in their order, compressed at `level`.
pub(crate) fn archive(entries: &[Entry<'_>], level: Compression) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = field(out.len())?;
        let mut encoder = DeflateEncoder::new(Vec::new(), level);
        encoder.write_all(entry.data)?;
        let packed = encoder.finish()?;
        let mut crc = Crc::new();
        crc.update(entry.data);

        let mut shared = Vec::with_capacity(26);
        push16(&mut shared, &[VERSION, 0, DEFLATED, 0, DOS_DATE]);
        push32(&mut shared, &[crc.sum(), field(packed.len())?, field(entry.data.len())?]);
        push16(&mut shared, &[u16::try_from(entry.name.len()).context("a file's name is too long")?, 0]);

        out.extend(b"PK\x03\x04");
        out.extend(&shared);
        out.extend(entry.name.as_bytes());
        out.extend(&packed);

        directory.extend(b"PK\x01\x02");
        push16(&mut directory, &[MADE_BY_UNIX]);
        directory.extend(&shared);
        push16(&mut directory, &[0, 0, 0]);
        push32(&mut directory, &[(0o100_000 | entry.mode) << 16, offset]);
        directory.extend(entry.name.as_bytes());
    }
    let count = u16::try_from(entries.len()).context("too many files for a zip archive")?;
    let (start, length) = (field(out.len())?, field(directory.len())?);
    out.extend(&directory);
    out.extend(b"PK\x05\x06");
    push16(&mut out, &[0, 0, count, count]);
    push32(&mut out, &[length, start]);
    push16(&mut out, &[0]);
    Ok(out)
}

fn field(length: usize) -> Result<u32> {
    u32::try_from(length).context("a zip archive holds less than 4 GiB")
}

fn push16(out: &mut Vec<u8>, values: &[u16]) {
    values.iter().for_each(|value| out.extend(value.to_le_bytes()));
}

fn push32(out: &mut Vec<u8>, values: &[u32]) {
    values.iter().for_each(|value| out.extend(value.to_le_bytes()));
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{Compression, Entry, archive};

    #[test]
    fn pythons_zipfile_finds_name_mode_and_bytes() {
        let data: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        let entries =
            [Entry { name: "bootstrap", mode: 0o755, data: &data }, Entry { name: "empty", mode: 0o644, data: b"" }];
        let bytes = archive(&entries, Compression::best()).unwrap();
        assert_eq!(bytes, archive(&entries, Compression::best()).unwrap());
        let path = std::env::temp_dir().join(format!("anyfn-zip-{}.zip", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        let script = "import sys, zipfile, hashlib\n\
            with zipfile.ZipFile(sys.argv[1]) as z:\n    \
                assert z.testzip() is None\n    \
                for i in z.infolist(): print(i.filename, oct(i.external_attr >> 16), i.file_size, i.date_time[0], z.read(i)[-4:].hex())";
        let output = Command::new("python3").args(["-c", script]).arg(&path).output().unwrap();
        std::fs::remove_file(path).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "bootstrap 0o100755 400000 1980 9f860100\nempty 0o100644 0 1980 \n"
        );
    }
}
