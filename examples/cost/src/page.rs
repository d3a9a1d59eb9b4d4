//! The page: one file, which loads nothing from anywhere else.

type Page = ([(&'static str, &'static str); 3], &'static str);

/// Nothing but what stands in the page itself, and this program's own API.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) async fn page() -> Page {
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", POLICY),
        ("cache-control", "public, max-age=3600"),
    ];
    (headers, include_str!("page.html"))
}
