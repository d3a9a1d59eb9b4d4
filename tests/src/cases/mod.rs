//! The table.

mod bodies;
mod contexts;
mod cookies;
mod errors;
mod events;
mod faults;
mod headers;
mod limits;
mod methods;
mod paths;
mod queries;
mod statuses;
mod streams;

use crate::Case;

/// API Gateway's REST API (payload 1.0).
const V1: &str = "lambda-v1";
/// API Gateway's HTTP API (payload 2.0).
const V2: &str = "lambda-v2";
/// A Function URL, buffered.
const URL: &str = "lambda-url";
/// An Application Load Balancer, single values.
const ALB: &str = "lambda-alb";
/// An Application Load Balancer with multi-value headers.
const ALB_MULTI: &str = "lambda-alb-multi";
/// A Function URL, streamed.
const STREAM: &str = "lambda-stream";
/// Cloudflare Workers on workerd.
const WORKERS: &str = "cloudflare";
/// Vercel's executable runtime.
const VERCEL: &str = "vercel";
/// The plain server.
const SERVER: &str = "server";
/// A call without any wire.
const MEMORY: &str = "memory";

/// The groups, each with the source of the rows that name none of their own.
const PARTS: &[(&str, &[Case])] = &[
    ("RFC 9110, 9", methods::ROWS),
    ("RFC 3986, 2 and 3.3; echo.md", paths::ROWS),
    ("RFC 3986, 3.4; echo.md", queries::ROWS),
    ("RFC 9110, 5; echo.md", headers::ROWS),
    ("RFC 6265; echo.md", cookies::ROWS),
    ("RFC 9110, 6.4 and 8; echo.md", bodies::ROWS),
    ("RFC 9110, 15; echo.md", statuses::ROWS),
    ("HTML Standard, 9.2 (server-sent events); echo.md", streams::ROWS),
    ("RFC 9457; echo.md", errors::ROWS),
    ("tests/docs/faults.md", faults::ROWS),
    ("the platforms' own limits, named in each row", limits::ROWS),
    ("echo.md", contexts::ROWS),
    ("CloudEvents 1.0; echo.md", events::ROWS),
];

const COUNT: usize = {
    let (mut count, mut part) = (0, 0);
    while part < PARTS.len() {
        count += PARTS[part].1.len();
        part += 1;
    }
    count
};

static ALL: [Case; COUNT] = {
    let mut all = [Case::ask("", "GET", "/"); COUNT];
    let (mut next, mut part) = (0, 0);
    while part < PARTS.len() {
        let mut row = 0;
        while row < PARTS[part].1.len() {
            all[next] = PARTS[part].1[row];
            if all[next].source.is_empty() {
                all[next].source = PARTS[part].0;
            }
            next += 1;
            row += 1;
        }
        part += 1;
    }
    all
};

/// Every row, in the order of the matrix.
pub static CASES: &[Case] = &ALL;

/// So many letters, for targets and values that are too long to write out.
const fn letters<const N: usize>(prefix: &[u8]) -> [u8; N] {
    let mut text = [b'x'; N];
    let mut at = 0;
    while at < prefix.len() {
        text[at] = prefix[at];
        at += 1;
    }
    text
}

const fn text<const N: usize>(bytes: &'static [u8; N]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("made of ASCII letters"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::Request;

    #[test]
    fn every_row_has_a_name_of_its_own_and_a_reason() {
        let mut names = HashSet::new();
        for case in CASES {
            assert!(names.insert(case.name), "two rows are called {}", case.name);
            assert!(case.name.contains('/'), "{} names no subject", case.name);
            assert!(!case.why.is_empty(), "{} gives no reason", case.name);
            assert!(!case.source.is_empty(), "{} names no source", case.name);
        }
    }

    #[test]
    fn every_forced_difference_names_known_runtimes_once_and_says_what_differs() {
        const KNOWN: &[&str] = &[V1, V2, URL, ALB, ALB_MULTI, STREAM, WORKERS, VERCEL, SERVER, MEMORY];
        for case in CASES {
            let mut named = HashSet::new();
            for forced in case.forced {
                assert!(!forced.why.is_empty(), "{}", case.name);
                let differs = !forced.seen.is_empty() || !forced.answer.is_empty() || forced.not_run;
                assert!(differs, "{} forces nothing on {:?}", case.name, forced.on);
                for runtime in forced.on {
                    assert!(KNOWN.contains(runtime), "{} knows no runtime {runtime}", case.name);
                    assert!(named.insert(*runtime), "{} forces {runtime} twice", case.name);
                }
            }
        }
    }

    #[test]
    fn a_row_that_asks_for_an_answer_checks_something() {
        for case in CASES {
            assert!(case.echoes || !case.answer.is_empty(), "{} checks nothing", case.name);
        }
    }

    #[test]
    fn requests_can_be_written_on_a_wire() {
        for case in CASES.iter().filter(|case| case.event.is_none()) {
            let Request { method, target, headers, .. } = case.request;
            assert!(!method.is_empty() && !target.is_empty() && !target.contains(['\r', '\n', ' ']), "{}", case.name);
            assert!(!case.echoes || target.starts_with("/echo"), "{}", case.name);
            assert!(headers.iter().all(|(_, value)| !value.contains(&b'\n')), "{}", case.name);
        }
    }
}
