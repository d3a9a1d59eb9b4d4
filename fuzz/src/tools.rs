//! What the command line tools read: schedules, a package's settings, artefacts.

use std::time::{Duration, SystemTime};

use anyfn_core::manifest::{MAGIC, VERSION, read};
use anyfn_cron::Cron;
use chrono::{DateTime, Utc};

use crate::input::decoder;

// The files themselves: with `xtask` as a dependency, a fuzz build would take minutes for a hundred crates that read nothing.
#[allow(unreachable_pub)]
#[path = "../../xtask/src/build/cron.rs"]
mod dialects;
#[path = "../../xtask/src/build/section.rs"]
mod section;
#[allow(dead_code, unreachable_pub)]
#[path = "../../xtask/src/settings.rs"]
mod settings;

/// The first byte says what follows: a schedule (`0`), a section of `Cargo.toml` (`1`), the same as JSON (`2`), an artefact (`3`), a
/// manifest's text (`4`), the digits of a schedule's fields (`5`).
pub fn tools(data: &[u8]) {
    let Some((kind, rest)) = decoder(data, 8) else { return };
    match kind % 8 {
        0 => schedule(&String::from_utf8_lossy(rest)),
        1 => {
            if let Ok(table) = toml::from_str::<serde_json::Value>(&String::from_utf8_lossy(rest)) {
                configured(&table);
            }
        }
        2 => {
            if let Ok(json) = serde_json::from_slice::<serde_json::Value>(rest) {
                configured(&serde_json::json!({ "anyfn": json }));
            }
        }
        3 => artefact(rest),
        4 => manifest(rest),
        5 => schedule(&spelt(rest)),
        _ => {}
    }
}

/// 2026-11-23 15:12:40 UTC.
const START: i64 = 1_795_446_760;

/// How many times of a schedule are compared.
const TIMES: usize = 12;

/// Five fields of a few bytes, more often a schedule than text is.
fn spelt(bytes: &[u8]) -> String {
    let ranges = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
    let mut bytes = bytes.iter().copied();
    let mut next = || bytes.next().unwrap_or_default();
    let fields = ranges.map(|(first, last)| {
        let value = |byte: u8| first + byte % (last - first + 1);
        match next() % 6 {
            0 => value(next()).to_string(),
            1 => format!("{}-{}", value(next()), value(next())),
            2 => format!("*/{}", value(next())),
            3 => format!("{},{}", value(next()), value(next())),
            4 => format!("{}-{}/{}", value(next()), value(next()), value(next())),
            _ => "*".to_owned(),
        }
    });
    fields.join(" ")
}

/// A schedule that is taken fires when independent readers say, here and in each platform's dialect.
fn schedule(text: &str) {
    let cron: Cron = match text.parse() {
        Ok(cron) => cron,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let ours = fires(&cron);
    assert!(ours.windows(2).all(|two| two[0] < two[1]) && ours.iter().all(|at| at % 60 == 0), "{text}: {ours:?}");
    let start: DateTime<Utc> = DateTime::from_timestamp(START, 0).expect("a time");
    let kubernetes = dialects::kubernetes(&cron);
    assert_eq!(kubernetes.parse(), Ok(cron), "{text} as {kubernetes}");
    let other: croner::Cron = kubernetes.parse().unwrap_or_else(|error| panic!("{error}: {text} as {kubernetes}"));
    same(text, &ours, other.iter_after(start));
    let cloudflare = dialects::cloudflare(&cron);
    let theirs: saffron::Cron = cloudflare.parse().unwrap_or_else(|_| panic!("{text} as {cloudflare}"));
    same(text, &ours, theirs.iter_after(start));
    if let Ok(vercel) = dialects::vercel(&cron) {
        assert_eq!(vercel.parse(), Ok(cron), "{text} as {vercel}");
    }
    if let Ok(aws) = dialects::aws(&cron) {
        let inner = aws.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')')).expect("AWS' form");
        let theirs: cron::Schedule =
            format!("0 {inner}").parse().unwrap_or_else(|error| panic!("{error}: {text} as {aws}"));
        same(text, &ours, theirs.after(&start));
    }
}

fn fires(cron: &Cron) -> Vec<i64> {
    let mut at = SystemTime::UNIX_EPOCH + Duration::from_secs(START.unsigned_abs());
    let next = || {
        at = cron.next_after(at);
        i64::try_from(at.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs()).expect("a time")
    };
    std::iter::repeat_with(next).take(TIMES).collect()
}

/// The others look no further ahead than 2099.
fn same(text: &str, ours: &[i64], theirs: impl Iterator<Item = DateTime<Utc>>) {
    /// 2090-01-01.
    const END: i64 = 3_786_912_000;
    let theirs: Vec<i64> = theirs.take(TIMES).map(|at| at.timestamp()).filter(|at| *at < END).collect();
    let ours: Vec<i64> = ours.iter().copied().filter(|at| *at < END).collect();
    assert_eq!(ours, theirs, "{text}");
}

/// A section is read, or what is wrong with it is said; what it may have meant is a key that there is.
fn configured(metadata: &serde_json::Value) {
    let Err(error) = settings::Settings::from_metadata("p", metadata) else { return };
    let text = format!("{error:#}");
    assert!(text.contains("[package.metadata.anyfn]"), "{text}");
    let Some((_, meant)) = text.rsplit_once("did you mean `") else { return };
    let Some(meant) = meant.strip_suffix("`?") else { return };
    const KNOWN: &[&str] = &[
        "memory",
        "timeout",
        "env",
        "libc",
        "bind",
        "lambda",
        "cloudflare",
        "vercel",
        "server",
        "auto",
        "gnu",
        "musl",
        "arn",
        "queue",
        "bucket",
        "topic",
        "batch-size",
        "retries",
        "http",
        "auth",
        "streaming",
        "none",
        "iam",
        "function-url",
        "http-api",
        "compatibility-date",
        "compatibility-flags",
        "regions",
        "image",
        "broker",
    ];
    assert!(KNOWN.contains(&meant), "{text}");
}

/// Any bytes: a manifest in its place, or an error.
fn artefact(bytes: &[u8]) {
    if let Ok(found) = section::read(bytes) {
        let text = serde_json::to_vec(&found).expect("a manifest is JSON");
        assert_eq!(read(&framed(&text)).expect("a manifest"), found);
    }
}

fn manifest(text: &[u8]) {
    // A manifest inside of a damaged one is found.
    if text.windows(MAGIC.len()).any(|window| window == MAGIC) {
        return artefact(text);
    }
    let read = section::read(&framed(text));
    assert_eq!(read.is_ok(), serde_json::from_slice::<anyfn_core::manifest::Manifest>(text).is_ok());
}

fn framed(text: &[u8]) -> Vec<u8> {
    let length = u32::try_from(text.len()).expect("a short text");
    [MAGIC.as_slice(), &VERSION.to_le_bytes(), &length.to_le_bytes(), text].concat()
}
