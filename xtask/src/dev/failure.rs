//! What is answered while the function does not compile or start.

use super::ansi;
use crate::local::http1::{Answer, Headers, Request};

/// Why there is no function to answer.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    /// In a few words.
    pub(super) title: String,
    /// All of it, as for a terminal: the compiler's own messages.
    pub(super) text: String,
    /// It ran and ended by itself: the next request starts it again.
    pub(super) ended: bool,
}

impl Failure {
    /// `dev` itself ends.
    pub(super) fn stopped() -> Self {
        Self { title: "stopped".to_owned(), text: "`cargo xtask dev` was stopped".to_owned(), ended: false }
    }

    /// The answer to a request: a page for browsers, text for others. 503, since it will pass.
    pub(super) fn answer(&self, request: &Request) -> Answer {
        let accepts = request.headers.all("accept").any(|value| String::from_utf8_lossy(value).contains("text/html"));
        let (kind, body) = if accepts {
            ("text/html; charset=utf-8", self.page())
        } else {
            ("text/plain; charset=utf-8", format!("{}\n\n{}\n", self.title, ansi::plain(&self.text).trim_end()))
        };
        let headers =
            Headers::new().with("content-type", kind).with("cache-control", "no-store").with("retry-after", "1");
        Answer::new(503, headers, body)
    }

    fn page(&self) -> String {
        include_str!("failure.html")
            .replace("{{title}}", &ansi::escape(&self.title))
            .replace("{{text}}", &ansi::html(self.text.trim_end()))
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;

    #[test]
    fn the_page_has_the_message_and_none_of_its_markup() {
        let text = "\x1b[31merror\x1b[0m: no `Vec<script>`".to_owned();
        let page = Failure { title: "a & b".to_owned(), text, ended: false }.page();
        assert!(page.contains("<span class=\"r\">error</span>: no `Vec&lt;script&gt;`"), "{page}");
        assert!(page.contains("<h1>a &amp; b</h1>") && !page.contains("{{"), "{page}");
    }
}
