//! What to do about a dependency that cannot go to Workers.

use super::TOKIO;
use crate::doctor::edit::Declared;
use crate::doctor::graph::Node;

/// What helps against `culprit` whoever brings it: lines of one's own. `key` is what the function itself calls it, where it
/// depends on it directly: one package under two names does not compile.
pub(super) fn own_line(culprit: &Node, key: Option<&str>) -> Option<Vec<String>> {
    let (major, minor) = culprit.line();
    let (name, version, rest) = match culprit.name.as_str() {
        // It has the feature, and is too old for that to be enough.
        "getrandom" if culprit.features.contains("wasm_js") => {
            return Some(vec![format!("cargo update -p getrandom@{}", culprit.version)]);
        }
        // Under a name of its own, since several versions of it are usual.
        "getrandom" if (major, minor) < (0, 3) => {
            (format!("getrandom-{major}-{minor}"), format!("{major}.{minor}"), "features = [\"js\"]")
        }
        "getrandom" => (format!("getrandom-{major}-{minor}"), format!("{major}.{minor}"), "features = [\"wasm_js\"]"),
        "uuid" => ("uuid".to_owned(), major.to_string(), "features = [\"js\"]"),
        "chrono" => {
            ("chrono".to_owned(), format!("{major}.{minor}"), "default-features = false, features = [\"wasmbind\"]")
        }
        _ => return None,
    };
    let key = key.unwrap_or(&name);
    let package = if key == culprit.name { String::new() } else { format!("package = {:?}, ", culprit.name) };
    Some(vec![
        "add to Cargo.toml, below [target.'cfg(target_family = \"wasm\")'.dependencies]:".to_owned(),
        format!("{key} = {{ {package}version = {version:?}, {rest} }}"),
    ])
}

/// The line that takes the place of the one that brings `culprit`, where that can be said.
pub(super) fn instead(culprit: &Node, direct: &Node, place: &Declared) -> Option<String> {
    let without = |names: &[&str]| {
        place.features.iter().filter(|name| !names.contains(&name.as_str())).cloned().collect::<Vec<_>>()
    };
    let features = match direct.name.as_str() {
        "tokio" => {
            let mut keep = without(&[TOKIO, &["full"]].concat());
            if place.features.iter().any(|name| name == "rt-multi-thread" || name == "full") {
                keep.extend(["macros", "rt", "sync"].map(str::to_owned));
            }
            keep
        }
        "axum" => {
            let mut keep = without(&["http1", "http2", "tokio", "ws"]);
            if place.default_features {
                // Its defaults, but for its server.
                keep.extend(["form", "json", "matched-path", "original-uri", "query"].map(str::to_owned));
            }
            keep
        }
        "tower-http" => without(&["timeout", "trace", "full"]),
        "reqwest" if culprit.name == "reqwest" => without(&["blocking"]),
        _ => return None,
    };
    Some(place.written(&direct.name, features))
}

/// What else there is, for whoever depends on `direct`.
pub(super) fn alternatives(culprit: &Node, direct: &Node) -> [String; 2] {
    const SOCKETS: &str = "Workers has no sockets but its own: D1, KV, Hyperdrive and `connect` are in `anyfn-cloudflare`'s feature \
                           `worker`; many databases also speak HTTP";
    let known = match direct.name.as_str() {
        "tokio" => "anyfn serves and keeps time by itself: `Context::sleep`, `Context::wait_until`",
        "axum" | "hyper-util" | "hyper" | "warp" | "actix-web" | "rocket" | "poem" | "salvo" | "tonic" => {
            "its server is what wants sockets, and anyfn is the server: hand the router to `#[anyfn::main]`"
        }
        "tower-http" => {
            "anyfn's own: `Context::deadline` for timeouts, `Context::log` for traces; or add those layers in \
                         `#[cfg(not(target_family = \"wasm\"))]` only"
        }
        "sqlx" | "diesel" | "sea-orm" | "tokio-postgres" | "postgres" | "mysql" | "mysql_async" | "mongodb"
        | "redis" | "rusqlite" | "deadpool-postgres" | "bb8" => SOCKETS,
        name if name.starts_with("aws-") => {
            "AWS' SDK wants its own TLS and sockets: sign requests with `aws-sigv4`, and send them with `reqwest`, which is fetch there"
        }
        "rustls" | "tokio-rustls" | "openssl" | "native-tls" | "hyper-tls" | "hyper-rustls" => {
            "TLS is the platform's: `reqwest` with no features of TLS sends through fetch"
        }
        "jsonwebtoken" => "its feature `rust_crypto`, without its default features, has no C",
        "reqwest" => "on Workers it sends through fetch: leave out `blocking` and features of TLS",
        _ => match culprit.name.as_str() {
            "ring" | "aws-lc-sys" | "openssl-sys" | "boring-sys" => {
                "see whether it has a feature without C; the RustCrypto crates (`sha2`, `hmac`, `p256`, `ed25519-dalek`) have none"
            }
            "mio" | "socket2" => "see whether it does without its default features",
            _ => "see whether it has a feature that leaves this out",
        },
    };
    let apart = format!(
        "or keep `{}` off Workers: below [target.'cfg(not(target_family = \"wasm\"))'.dependencies], and what uses it behind \
         the same cfg",
        direct.name
    );
    [known.to_owned(), apart]
}
