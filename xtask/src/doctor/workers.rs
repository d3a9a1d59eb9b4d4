//! Workers: which dependencies cannot go there, who brings them, and which line of `Cargo.toml` to change.

use anyhow::Result;

use super::edit::{Declared, declared};
use super::graph::{Graph, Node};
use super::{Finding, State};
use crate::project::{Function, Project};

mod advice;

/// The triple of Workers.
const TRIPLE: &str = "wasm32-unknown-unknown";
/// What of tokio does not compile for it.
const TOKIO: &[&str] = &["fs", "io-std", "net", "process", "rt-multi-thread", "signal"];

pub(super) fn examine(project: &Project, function: &Function) -> Result<Vec<Finding>> {
    let graph = Graph::of(project, function, TRIPLE)?;
    let backend = names_a_backend(project);
    let mut found = Vec::new();
    for (index, node) in graph.nodes.iter().enumerate().skip(1) {
        let Some((state, why)) = obstacle(node, &graph, backend) else { continue };
        for path in ways(&graph, index, node) {
            let direct = &graph.nodes[path[1]];
            let place = declared(project, &function.package, &direct.name);
            let mut finding = Finding::new("dependencies", state, format!("{} {}: {why}", node.name, node.version));
            finding.path = path.iter().map(|node| shown(&graph.nodes[*node])).collect();
            finding.next = next(node, direct, place.as_ref());
            found.push(finding);
        }
    }
    if found.iter().all(|finding| finding.state < State::Warning) {
        let count = graph.nodes.len() - 1;
        found.push(Finding::good("dependencies", format!("none of {count} is known not to run on Workers")));
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.state));
    Ok(found)
}

/// The ways that are told: one for each dependency of the function's own that is to be changed, or a single one where what
/// helps is a line of its own.
fn ways(graph: &Graph, index: usize, node: &Node) -> Vec<Vec<usize>> {
    let mut ways = graph.paths(index);
    ways.sort_by_key(Vec::len);
    if advice::own_line(node, None).is_some() {
        ways.truncate(1);
    }
    ways
}

/// Whether somebody has told getrandom where its numbers come from, by the flag that it has for that.
fn names_a_backend(project: &Project) -> bool {
    let flags = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"].map(|name| std::env::var(name).unwrap_or_default());
    let files = [".cargo/config.toml", ".cargo/config"]
        .map(|name| std::fs::read_to_string(project.root.join(name)).unwrap_or_default());
    flags.iter().chain(&files).any(|text| text.contains("getrandom_backend"))
}

/// Why a package cannot go to Workers, or what of it does not work there.
fn obstacle(node: &Node, graph: &Graph, backend: bool) -> Option<(State, String)> {
    let broken = |why: &str| Some((State::Broken, why.to_owned()));
    let warning = |why: &str| Some((State::Warning, why.to_owned()));
    let has = |name: &str| graph.nodes.iter().any(|node| node.name == name);
    match node.name.as_str() {
        "mio" => broken("sockets by the operating system, and Workers has neither; it does not compile"),
        "tokio" => match node.on(TOKIO) {
            // mio is what `net` brings: the longer way says it all.
            on if on.is_empty() || has("mio") => None,
            on => broken(&format!(
                "it does not compile with {}: Workers has no sockets, files, processes or threads",
                listed(&on)
            )),
        },
        "socket2" | "async-io" | "polling" => broken("sockets by the operating system, and Workers has neither"),
        "getrandom" => getrandom(node, backend).map(|why| (State::Broken, why)),
        "uuid" => {
            let random = !node.on(&["v4", "v7"]).is_empty();
            let source = !node.on(&["js", "rng-getrandom", "rng-rand"]).is_empty();
            if random && !source {
                broken("random ids, and no source of randomness is named; it does not compile")
            } else {
                None
            }
        }
        "ring" => {
            let js = node.features.contains("wasm32_unknown_unknown_js");
            broken(match js {
                true => "C and assembly: it compiles only with a clang that makes WebAssembly",
                false => "C and assembly, and no source of randomness",
            })
        }
        "aws-lc-sys" | "openssl-sys" | "boring-sys" | "libsqlite3-sys" | "libpq-sys" | "mysqlclient-sys"
        | "librdkafka-sys" => broken("a C library, and Workers has none: it does not compile, or does not link"),
        "native-tls" => broken("TLS by the operating system, and Workers has none; it does not compile"),
        "reqwest" if node.features.contains("blocking") => {
            warning("its `blocking` needs threads: on Workers it is not there, and what uses it does not compile")
        }
        "tower-http" => match node.on(&["timeout", "trace"]) {
            on if on.is_empty() => None,
            on => warning(&format!(
                "it asks the standard library for the time ({}), which Workers has not: the first request that passes those layers panics",
                listed(&on)
            )),
        },
        "chrono" if !node.on(&["clock", "now"]).is_empty() && !node.features.contains("wasmbind") => {
            warning("its clock panics on Workers without the feature `wasmbind`")
        }
        "tokio-util" | "tower" if node.features.contains("time") || node.features.contains("timeout") => {
            warning("its timers want tokio's clock, which panics on Workers")
        }
        name if is_c(name) => warning("a C library as a rule, which needs a clang that makes WebAssembly"),
        _ => None,
    }
}

/// Whether a package is called as those that compile or link C are.
fn is_c(name: &str) -> bool {
    const NO_C: &[&str] = &["js-sys", "web-sys", "worker-sys", "linux-raw-sys", "windows-sys", "core-foundation-sys"];
    name.ends_with("-sys") && !NO_C.contains(&name)
}

fn getrandom(node: &Node, backend: bool) -> Option<String> {
    let patch: u32 = node.version.split('.').nth(2).and_then(|patch| patch.parse().ok()).unwrap_or(0);
    let on = |feature: &str| node.features.contains(feature);
    match node.line() {
        (0, 2) if on("js") || on("custom") => None,
        (0, 0..=2) => Some("random numbers, and the feature `js` is not on; it does not compile".to_owned()),
        _ if backend => None,
        (0, 3) if on("wasm_js") && patch < 4 => {
            Some("the feature `wasm_js` alone does not do before 0.3.4; it does not compile".to_owned())
        }
        _ if on("wasm_js") => None,
        _ => Some("random numbers, and the feature `wasm_js` is not on; it does not compile".to_owned()),
    }
}

/// A package of a path, with the features that matter.
fn shown(node: &Node) -> String {
    let on = match node.name.as_str() {
        "tokio" => node.on(TOKIO),
        "tower-http" => node.on(&["timeout", "trace"]),
        _ => Vec::new(),
    };
    if on.is_empty() { node.name.clone() } else { format!("{} ({})", node.name, on.join(", ")) }
}

fn listed(features: &[String]) -> String {
    features.iter().map(|feature| format!("`{feature}`")).collect::<Vec<_>>().join(", ")
}

/// What to do: the line to change, what it becomes, and what else there is.
fn next(culprit: &Node, direct: &Node, place: Option<&Declared>) -> Vec<String> {
    let mut next = Vec::new();
    let key = place.filter(|_| direct == culprit).map(|place| place.key.as_str());
    if let Some(lines) = advice::own_line(culprit, key) {
        return lines;
    }
    if let Some(place) = place {
        next.push(format!("{}:{}: {}", crate::ui::path(&place.file), place.line, place.text));
        next.extend(advice::instead(culprit, direct, place).map(|line| format!("write in its place: {line}")));
    }
    next.extend(advice::alternatives(culprit, direct));
    next
}

#[cfg(test)]
mod tests;
