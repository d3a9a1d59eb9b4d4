//! The headers that the platform puts on a request.

use super::ledger::Key;
use crate::local::http1::{Headers, Request};
use crate::local::lambda::ids;

/// The client's headers, and what the platform says in place of what the client claims.
pub(super) fn headers(request: &Request, key: &Key) -> Headers {
    let ours = |name: &str| {
        let name = name.to_ascii_lowercase();
        let hop =
            ["connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "expect", "proxy-connection"];
        let forwarded =
            ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-real-ip"];
        hop.contains(&&*name) || forwarded.contains(&&*name) || name.starts_with("x-vercel-")
    };
    let mut headers = Headers::new();
    for (name, value) in request.headers.iter().filter(|(name, _)| !ours(name)) {
        headers.push(name, value);
    }
    let host = request.headers.get("host").unwrap_or_default().to_vec();
    let client = request.peer.ip().to_string();
    let forwarded = format!("for={client};host={};proto=http", String::from_utf8_lossy(&host));
    for (name, value) in [
        ("x-forwarded-for", client.clone()),
        ("x-forwarded-proto", "http".to_owned()),
        ("x-real-ip", client.clone()),
        ("x-vercel-forwarded-for", client.clone()),
        ("x-vercel-proxied-for", client),
        ("x-vercel-id", format!("dev1::{}", key.invocation)),
        ("x-vercel-deployment-url", request.local.to_string()),
        ("forwarded", forwarded),
        ("x-vercel-internal-invocation-id", key.invocation.clone()),
        ("x-vercel-internal-request-id", key.request.to_string()),
        ("x-vercel-internal-span-id", ids::uuid()[..16].replace('-', "0")),
        ("x-vercel-internal-trace-id", ids::uuid().replace('-', "")),
    ] {
        headers.push(name, value);
    }
    headers.with("x-forwarded-host", host)
}
