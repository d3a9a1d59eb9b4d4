//! What a peer fails by design: it never meant to do it, or the table asks for anyfn's own way.

/// A row that a peer fails by design.
pub(crate) struct Design {
    /// The peer's crate; empty for all.
    pub(crate) crates: &'static str,
    /// What the row's name begins with.
    pub(crate) rows: &'static str,
    /// Why.
    pub(crate) why: &'static str,
}

pub(crate) const DESIGN: &[Design] = &[
    Design {
        crates: "lambda_http",
        rows: "headers/host-upper-case",
        why: "a host is the same in either case (RFC 3986, 6.2.2.1), and the crate's URLs are normalised",
    },
    Design { crates: "worker", rows: "headers/bad-port", why: "`Host` is left to the edge, which routes by it" },
    Design { crates: "vercel_runtime", rows: "headers/bad-", why: "`Host` is left to the edge, which routes by it" },
    Design {
        crates: "",
        rows: "errors/panic",
        why: "axum leaves a panic to whoever runs it; a layer of tower-http's catches it",
    },
    Design {
        crates: "",
        rows: "errors/no-stack",
        why: "axum leaves a panic to whoever runs it; a layer of tower-http's catches it",
    },
    Design {
        crates: "lambda_http",
        rows: "background/",
        why: "it has nothing for work after the answer: a task goes on with the next event",
    },
    Design {
        crates: "lambda_http",
        rows: "limits/",
        why: "an answer beyond the limit is left to Lambda, which fails the invocation",
    },
    Design {
        crates: "vercel_runtime",
        rows: "limits/",
        why: "an answer beyond the limit is left to the platform; nothing here refuses it",
    },
    Design {
        crates: "worker",
        rows: "context/request-id",
        why: "the edge sets `cf-ray`; anyfn makes an identifier where there is none",
    },
    Design {
        crates: "worker",
        rows: "context/client-ip",
        why: "the edge sets `cf-connecting-ip`, which workerd alone does not",
    },
];

/// Why this row is none that the peer fails by fault, if so.
pub(crate) fn of(crates: &str, row: &str) -> Option<&'static str> {
    let fits = |design: &&Design| (design.crates.is_empty() || design.crates == crates) && row.starts_with(design.rows);
    DESIGN.iter().find(fits).map(|design| design.why)
}
