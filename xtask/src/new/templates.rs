//! The files of a new project. They stand as files beside this one, and tests build what becomes of them.

use anyhow::{Context, Result};

use super::{Plan, Wiring};

/// What runs the new function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// HTTP requests.
    Http,
    /// HTTP requests, through an axum router.
    Axum,
    /// A schedule.
    Schedule,
    /// Messages of a queue.
    Queue,
    /// Objects stored in a bucket.
    Object,
    /// Changed rows of a table.
    Change,
}

/// What differs from one [`Start`] to the other.
struct Kind {
    main: &'static str,
    description: &'static str,
    serde: bool,
    /// The commands of the README that show it at work, `\n` between them.
    try_it: &'static str,
    /// The name in code that is something of its own on each platform.
    bind: &'static str,
}

impl Start {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Http, Self::Axum, Self::Schedule, Self::Queue, Self::Object, Self::Change];

    fn kind(self) -> Kind {
        match self {
            Self::Http => Kind {
                main: include_str!("templates/src/http.rs"),
                description: "Greets by name",
                serde: true,
                try_it: "cargo run                                      # http://127.0.0.1:3000/?name=Ada\n\
                         cargo xtask run --target cloudflare            # on that platform's own local runtime",
                bind: "",
            },
            Self::Axum => Kind {
                main: include_str!("templates/src/axum.rs"),
                description: "An axum router that greets by name",
                serde: true,
                try_it: "cargo run                                      # http://127.0.0.1:3000/hello/Ada\n\
                         cargo xtask run --target cloudflare            # on that platform's own local runtime",
                bind: "",
            },
            Self::Schedule => Kind {
                main: include_str!("templates/src/schedule.rs"),
                description: "Runs every night",
                serde: false,
                try_it: "cargo run                                      # its own clock ticks, in UTC\n\
                         cargo xtask run --target lambda                # on that platform's own local runtime; there:\n\
                         cargo xtask invoke schedule                    # ticks at once",
                bind: "",
            },
            Self::Queue => Kind {
                main: include_str!("templates/src/queue.rs"),
                description: "Works through a queue",
                serde: true,
                try_it: "cargo xtask run --target lambda                # on that platform's own local runtime; then:\n\
                         cargo xtask invoke queue --data '{\"id\": 7}'    # sends it a message",
                bind: include_str!("templates/bind/queue.txt"),
            },
            Self::Object => Kind {
                main: include_str!("templates/src/object.rs"),
                description: "Looks at what is uploaded",
                serde: false,
                try_it: "cargo xtask run --target lambda                # on that platform's own local runtime; then:\n\
                         cargo xtask invoke object-created              # an object was stored",
                bind: include_str!("templates/bind/object.txt"),
            },
            Self::Change => Kind {
                main: include_str!("templates/src/change.rs"),
                description: "Follows the rows of a table",
                serde: true,
                try_it: "cargo xtask run --target lambda                # on that platform's own local runtime; then:\n\
                         cargo xtask invoke change-insert               # a row was inserted",
                bind: include_str!("templates/bind/change.txt"),
            },
        }
    }
}

/// The new project's files, by their names in it.
///
/// # Errors
/// When the checkout's path cannot be written in a manifest.
pub fn files(plan: &Plan) -> Result<Vec<(&'static str, String)>> {
    let kind = plan.start.kind();
    let manifest = fill(
        include_str!("templates/manifest.txt"),
        &[
            ("wiring", &wiring(&plan.wiring)?),
            ("name", &plan.name),
            ("description", kind.description),
            ("rust", env!("CARGO_PKG_RUST_VERSION")),
            ("dependencies", &dependencies(plan.start, kind.serde)),
            ("bind", kind.bind),
        ],
    );
    let published = plan.wiring == Wiring::Published;
    let on = if published { "on: [push, pull_request]" } else { include_str!("templates/ci-by-hand.txt").trim_end() };
    let note = if published { "" } else { include_str!("templates/readme-checkout.txt") };
    let readme = fill(
        include_str!("templates/readme.txt"),
        &[("name", &plan.name), ("description", kind.description), ("try", kind.try_it), ("note", note)],
    );
    Ok(vec![
        ("Cargo.toml", manifest),
        ("src/main.rs", kind.main.to_owned()),
        ("xtask/Cargo.toml", include_str!("templates/xtask-manifest.txt").to_owned()),
        ("xtask/src/main.rs", include_str!("templates/xtask.rs").to_owned()),
        (".cargo/config.toml", include_str!("templates/cargo-config.txt").to_owned()),
        (".gitignore", include_str!("templates/gitignore.txt").to_owned()),
        (".github/workflows/ci.yml", fill(include_str!("templates/ci.txt"), &[("on", on)])),
        ("README.md", readme),
    ])
}

/// Puts `values` where the template names them, and ends with one line's end.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = template.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{{{name}}}}}"), value);
    }
    text.trim_end().to_owned() + "\n"
}

fn wiring(wiring: &Wiring) -> Result<String> {
    let version = env!("CARGO_PKG_VERSION");
    let Wiring::Checkout(folder) = wiring else {
        return Ok(format!("anyfn = \"{version}\"\nanyfn-xtask = \"{version}\""));
    };
    let path = |path: &std::path::Path| {
        let text = path.to_str().context("the path of anyfn's checkout is no text, and a manifest holds only text")?;
        Ok::<_, anyhow::Error>(toml::Value::from(text).to_string())
    };
    Ok(format!(
        "# anyfn is not on crates.io yet: these are a checkout of it on this machine. From then on, plain versions:\n\
         # anyfn = \"{version}\"\n# anyfn-xtask = \"{version}\"\n\
         anyfn = {{ path = {} }}\nanyfn-xtask = {{ path = {} }}",
        path(folder)?,
        path(&folder.join("xtask"))?
    ))
}

fn dependencies(start: Start, serde: bool) -> String {
    let mut lines = match start {
        Start::Axum => vec![
            "anyfn = { workspace = true, features = [\"axum\"] }",
            "# Without its default features: its own server wants sockets, which Workers has not.",
            "axum = { version = \"0.8\", default-features = false, features = [\"json\"] }",
        ],
        _ => vec!["anyfn.workspace = true"],
    };
    if serde {
        lines.push("serde = { version = \"1\", features = [\"derive\"] }");
    }
    lines.join("\n")
}
