//! Terminal colours as HTML, and as nothing.

/// The classes of the eight colours, light and bright alike.
const COLOURS: [&str; 8] = ["k", "r", "g", "y", "b", "m", "c", "w"];

/// One piece of a text for a terminal.
enum Piece<'a> {
    Text(&'a str),
    /// Colours and weight: the numbers of a `CSI … m`.
    Style(&'a str),
    /// Whatever else steers a terminal.
    Other,
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(at) = rest.find('\x1b') else { return Some(Piece::Text(std::mem::take(&mut rest))) };
        if at > 0 {
            let (text, more) = rest.split_at(at);
            rest = more;
            return Some(Piece::Text(text));
        }
        let sequence = &rest[1..];
        if let Some(control) = sequence.strip_prefix('[') {
            let end = control.find(|c: char| ('@'..='~').contains(&c));
            let Some(end) = end else {
                rest = "";
                return Some(Piece::Other);
            };
            // What ends it is one of ASCII.
            rest = &control[end + 1..];
            let is_style = control[end..].starts_with('m');
            return Some(if is_style { Piece::Style(&control[..end]) } else { Piece::Other });
        }
        if let Some(command) = sequence.strip_prefix(']') {
            // A link, a title: up to BEL or ESC \.
            let ends = [command.find('\x07').map(|at| at + 1), command.find("\x1b\\").map(|at| at + 2)];
            rest = ends.into_iter().flatten().min().map_or("", |end| &command[end..]);
            return Some(Piece::Other);
        }
        rest = sequence;
        Some(Piece::Other)
    })
}

/// The text alone.
pub(super) fn plain(text: &str) -> String {
    let texts = pieces(text).filter_map(|piece| match piece {
        Piece::Text(text) => Some(text),
        Piece::Style(_) | Piece::Other => None,
    });
    texts.collect()
}

/// The text, escaped, its colours as `<span class="…">`: `b` is bold, `r` red, and so on.
pub(super) fn html(text: &str) -> String {
    let mut html = String::new();
    let (mut bold, mut colour) = (false, None);
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => {
                let text = escape(text);
                let classes: Vec<_> = [bold.then_some("bold"), colour].into_iter().flatten().collect();
                if classes.is_empty() {
                    html.push_str(&text);
                } else {
                    html.push_str(&format!("<span class=\"{}\">{text}</span>", classes.join(" ")));
                }
            }
            Piece::Style(style) => {
                let mut numbers = style.split(';').map(|number| number.parse::<usize>().unwrap_or(0));
                while let Some(number) = numbers.next() {
                    match number {
                        0 => (bold, colour) = (false, None),
                        1 => bold = true,
                        22 => bold = false,
                        30..=37 => colour = Some(COLOURS[number - 30]),
                        90..=97 => colour = Some(COLOURS[number - 90]),
                        39 => colour = None,
                        38 => {
                            if numbers.next() == Some(5) {
                                // The first sixteen are the eight, twice.
                                let index = numbers.next().filter(|index| *index < 16);
                                colour = index.map(|index| COLOURS[index % 8]);
                            } else {
                                // Red, green and blue.
                                numbers.nth(2);
                            }
                        }
                        _ => {}
                    }
                }
            }
            Piece::Other => {}
        }
    }
    html
}

/// Text as it stands in HTML, also inside of an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{html, plain};

    const ERROR: &str = "\x1b[1m\x1b[38;5;9merror[E0308]\x1b[0m: expected `\x1b[32mVec<u8>\x1b[0m`";

    #[test]
    fn colours_become_spans_and_text_is_escaped() {
        let expected = "<span class=\"bold r\">error[E0308]</span>: expected `<span class=\"g\">Vec&lt;u8&gt;</span>`";
        assert_eq!(html(ERROR), expected);
        assert_eq!(html("<script>alert('&')</script>"), "&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;");
    }

    #[test]
    fn plain_text_has_none_of_it() {
        assert_eq!(plain(ERROR), "error[E0308]: expected `Vec<u8>`");
        assert_eq!(plain("\x1b]8;;https://a\x1b\\E0308\x1b]8;;\x07!\x1b[2K\x1b[1"), "E0308!");
        assert_eq!(plain("a\x1b"), "a");
        assert_eq!(html("\x1b[38;2;1;2;3mü\x1b[999mö"), "üö");
    }
}
