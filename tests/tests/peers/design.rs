//! What a peer fails by design: it never meant to do it, or the table asks for anyfn's own way.

/// A row that a peer fails by design.
pub(crate) struct Design {
    /// The peers' crates.
    pub(crate) crates: &'static [&'static str],
    /// What the row's name begins with.
    pub(crate) rows: &'static str,
    /// Why.
    pub(crate) why: &'static str,
}

const AXUM: &[&str] = &["lambda_http", "worker", "vercel_runtime"];
const OHKAMI: &[&str] = &["ohkami"];

const PANIC: &str = "axum leaves a panic to whoever runs it; a layer of tower-http's catches it";
const METHODS: &str = "it documents seven methods and no others";
const SLASH: &str = "`/a` and `/a/` are one path to it";
const QUERY: &str = "it gives a query as decoded pairs and never as it came, so that they are encoded again";
const STATUS: &str = "`Status` names the registered codes that it knows, and panics when it is made of another";
const ONE_LINE: &str = "a repeated header of an answer is one line with commas, which means the same (RFC 9110, 5.3)";

pub(crate) const DESIGN: &[Design] = &[
    Design {
        crates: &["lambda_http"],
        rows: "headers/host-upper-case",
        why: "a host is the same in either case (RFC 3986, 6.2.2.1), and the crate's URLs are normalised",
    },
    Design { crates: &["worker"], rows: "headers/bad-port", why: "`Host` is left to the edge, which routes by it" },
    Design { crates: &["vercel_runtime"], rows: "headers/bad-", why: "`Host` is left to the edge, which routes by it" },
    Design { crates: AXUM, rows: "errors/panic", why: PANIC },
    Design { crates: AXUM, rows: "errors/no-stack", why: PANIC },
    Design {
        crates: &["lambda_http", "ohkami"],
        rows: "background/",
        why: "it has nothing for work after the answer: a task goes on with the next event",
    },
    Design {
        crates: &["lambda_http", "ohkami"],
        rows: "limits/",
        why: "an answer beyond the limit is left to Lambda, which fails the invocation",
    },
    Design {
        crates: &["vercel_runtime"],
        rows: "limits/",
        why: "an answer beyond the limit is left to the platform; nothing here refuses it",
    },
    Design {
        crates: &["worker", "ohkami"],
        rows: "context/request-id",
        why: "the edge sets `cf-ray`; anyfn makes an identifier where there is none",
    },
    Design {
        crates: &["worker", "ohkami"],
        rows: "context/client-ip",
        why: "the edge sets `cf-connecting-ip`, which workerd alone does not",
    },
    Design { crates: OHKAMI, rows: "methods/trace", why: METHODS },
    Design { crates: OHKAMI, rows: "methods/purge", why: METHODS },
    Design { crates: OHKAMI, rows: "methods/propfind", why: METHODS },
    Design { crates: OHKAMI, rows: "methods/query", why: METHODS },
    Design { crates: OHKAMI, rows: "paths/trailing-slash", why: SLASH },
    Design { crates: OHKAMI, rows: "paths/many-slashes", why: SLASH },
    Design { crates: OHKAMI, rows: "errors/trailing-slash", why: SLASH },
    Design { crates: OHKAMI, rows: "queries/plus", why: QUERY },
    Design { crates: OHKAMI, rows: "queries/lower-case-escape", why: QUERY },
    Design { crates: OHKAMI, rows: "queries/needless-escape", why: QUERY },
    Design { crates: OHKAMI, rows: "queries/question-mark", why: QUERY },
    Design { crates: OHKAMI, rows: "queries/url", why: QUERY },
    Design { crates: OHKAMI, rows: "queries/brackets", why: QUERY },
    Design { crates: OHKAMI, rows: "queries/semicolon", why: QUERY },
    Design { crates: OHKAMI, rows: "queries/quote", why: QUERY },
    Design { crates: OHKAMI, rows: "queries/raw-braces", why: QUERY },
    Design { crates: OHKAMI, rows: "queries/raw-quotes-and-angles", why: QUERY },
    Design { crates: OHKAMI, rows: "queries/percent-template", why: QUERY },
    Design { crates: OHKAMI, rows: "queries/equals-in-value", why: QUERY },
    Design { crates: OHKAMI, rows: "queries/tilde-and-star", why: QUERY },
    Design { crates: OHKAMI, rows: "queries/raw-pipe", why: QUERY },
    Design { crates: OHKAMI, rows: "queries/broken-escape", why: QUERY },
    Design { crates: OHKAMI, rows: "redirects/escapes", why: QUERY },
    Design { crates: OHKAMI, rows: "redirects/absolute", why: QUERY },
    Design { crates: OHKAMI, rows: "statuses/299", why: STATUS },
    Design { crates: OHKAMI, rows: "statuses/402", why: STATUS },
    Design { crates: OHKAMI, rows: "statuses/425", why: STATUS },
    Design { crates: OHKAMI, rows: "statuses/499", why: STATUS },
    Design { crates: OHKAMI, rows: "statuses/599", why: STATUS },
    Design { crates: OHKAMI, rows: "cookies/none-out", why: ONE_LINE },
    Design { crates: OHKAMI, rows: "cookies/one-out", why: ONE_LINE },
    Design { crates: OHKAMI, rows: "cookies/two-out", why: ONE_LINE },
    Design { crates: OHKAMI, rows: "cookies/five-out", why: ONE_LINE },
    Design { crates: OHKAMI, rows: "cookies/twenty-out", why: ONE_LINE },
    Design { crates: OHKAMI, rows: "cookies/out-on-", why: ONE_LINE },
    Design {
        crates: OHKAMI,
        rows: "errors/panic",
        why: "it leaves a panic to whoever runs it, and has no layer that catches one",
    },
    Design {
        crates: OHKAMI,
        rows: "errors/no-stack",
        why: "it leaves a panic to whoever runs it, and has no layer that catches one",
    },
];

/// Why this row is none that the peer fails by fault, if so.
pub(crate) fn of(crates: &str, row: &str) -> Option<&'static str> {
    let fits = |design: &&Design| design.crates.contains(&crates) && row.starts_with(design.rows);
    DESIGN.iter().find(fits).map(|design| design.why)
}
