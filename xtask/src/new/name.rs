//! What a function may be called: a name that cargo and every vendor take.

use anyhow::{Result, bail};

/// Workers' limit, the shortest.
const LONGEST: usize = 63;

/// Names that cargo refuses for a package or a binary, or that would stand for something else in the project.
const TAKEN: &[&str] = &[
    "abstract",
    "alloc",
    "anyfn",
    "anyfn-xtask",
    "as",
    "async",
    "await",
    "axum",
    "become",
    "box",
    "break",
    "build",
    "con",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "nul",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "serde",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "xtask",
    "yield",
];

/// Whether a function can be called `name` everywhere.
///
/// # Errors
/// When it cannot; the message says why and, where there is one, a name like it that can be used.
pub fn check(name: &str) -> Result<()> {
    if name.contains(['/', '\\']) {
        let last = name.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
        bail!(
            "`{name}` is a path, and a name is wanted: say the folder by itself{}",
            written(last, |last| { format!(": new {last} --path {name}") })
        );
    }
    let why = if name.is_empty() {
        "it is empty".to_owned()
    } else if TAKEN.contains(&name) {
        "it means something else to Rust, cargo or this project".to_owned()
    } else if name.len() > LONGEST {
        format!("it has {} characters, and Workers takes {LONGEST}", name.len())
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        "it does not begin with a small letter".to_owned()
    } else if let Some(wrong) = name.chars().find(|c| !plain(*c)) {
        format!(
            "it has `{}` in it: small letters, digits and `-` are what cargo and every vendor take",
            wrong.escape_debug()
        )
    } else if name.ends_with('-') || name.contains("--") {
        "`-` stands between letters or digits, one at a time".to_owned()
    } else {
        return Ok(());
    };
    bail!("`{name}` is no name for a function: {why}{}", written(name, |like| format!("\ntry `{like}`")));
}

fn plain(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

/// What `say` makes of the good name that is most like this one, where there is one.
fn written(name: &str, say: impl Fn(&str) -> String) -> String {
    let mut like = String::new();
    for c in name.chars().map(|c| c.to_ascii_lowercase()) {
        match c {
            c if plain(c) && c != '-' && (c.is_ascii_lowercase() || !like.is_empty()) => like.push(c),
            _ if !like.is_empty() && !like.ends_with('-') => like.push('-'),
            _ => {}
        }
    }
    like.truncate(LONGEST);
    let mut like = like.trim_end_matches('-').to_owned();
    if TAKEN.contains(&like.as_str()) {
        like.push_str("-fn");
    }
    if like.is_empty() || !like.starts_with(|c: char| c.is_ascii_lowercase()) { String::new() } else { say(&like) }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names_that_cargo_and_every_vendor_take_pass() {
        for name in ["a", "my-fn", "orders2", "a1-b2-c3"] {
            check(name).unwrap();
        }
    }

    #[test]
    fn other_names_say_why_not_and_a_name_like_it() {
        for (name, why) in [
            ("", "it is empty"),
            ("My_Fn", "try `my-fn`"),
            ("my fn", "has ` ` in it"),
            ("größe", "has `ö` in it"),
            ("2fast", "small letter: try `fast`"),
            ("-a", "small letter: try `a`"),
            ("a--b", "one at a time: try `a-b`"),
            ("a-", "one at a time: try `a`"),
            ("test", "something else to Rust, cargo or this project: try `test-fn`"),
            ("anyfn", "try `anyfn-fn`"),
            ("../shop", "a path, and a name is wanted: say the folder by itself: new shop --path ../shop"),
            (&"a".repeat(64), "it has 64 characters"),
        ] {
            let error = check(name).unwrap_err().to_string().replace('\n', ": ");
            assert!(error.contains(why), "{name}: {error}");
        }
    }

    #[test]
    fn a_name_with_nothing_to_keep_gets_no_proposal() {
        for name in ["-", "42", "日本"] {
            let error = check(name).unwrap_err().to_string();
            assert!(!error.contains("try"), "{error}");
        }
    }
}
