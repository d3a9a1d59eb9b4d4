//! JSON as YAML in block style, which people read and change.

use serde_json::Value;

/// Writes the value's lines, each `indent` spaces in.
pub(crate) fn block(value: &Value, indent: usize) -> String {
    let mut out = String::new();
    lines(value, indent, &mut out);
    out
}

fn lines(value: &Value, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                out.push_str(&pad);
                out.push_str(&key(name));
                out.push(':');
                nested(value, indent + 2, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                out.push_str(&pad);
                out.push('-');
                nested(item, indent + 2, out);
            }
        }
        scalar => out.push_str(&format!("{pad}{scalar}\n")),
    }
}

/// What follows a key or a dash.
fn nested(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            out.push('\n');
            lines(value, indent, out);
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            out.push('\n');
            lines(value, indent, out);
        }
        // A scalar, a list of scalars, or nothing: JSON is YAML too.
        flat => out.push_str(&format!(" {flat}\n")),
    }
}

fn key(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric()) && name.starts_with(|c: char| c.is_ascii_alphabetic());
    // What YAML takes for something else than text.
    let word =
        ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&name.to_ascii_lowercase().as_str());
    if plain && !word { name.to_owned() } else { Value::from(name).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn members_and_items_stand_in_block_style_and_scalars_as_json() {
        let value = json!({ "A": { "b": 1, "on": "x: y", "Fn::Sub": ["${Q}", { "Q": { "Ref": "R" } }] }, "E": {}, "L": [1, "2"] });
        let text = "  A:\n    b: 1\n    \"on\": \"x: y\"\n    \"Fn::Sub\":\n      - \"${Q}\"\n      -\n        Q:\n          Ref: \"R\"\n  E: {}\n  L: [1,\"2\"]\n";
        assert_eq!(super::block(&value, 2), text);
    }
}
