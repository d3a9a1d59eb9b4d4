//! What a person sees: progress on the error stream in cargo's manner, colour only on a terminal.

use std::fmt::Display;
use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::{eprint, eprintln};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

const GREEN: &str = "\x1b[1;32m";
const YELLOW: &str = "\x1b[1;33m";
const RED: &str = "\x1b[1;31m";
const RESET: &str = "\x1b[0m";

/// The program's name where it is installed for all of cargo.
pub(crate) const INSTALLED: &str = "cargo anyfn";

/// Whether it is that one which runs.
static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

/// From here on, `cargo xtask` is called `cargo anyfn`: who has that should not wait until the other is compiled.
pub(crate) fn installed() {
    IS_INSTALLED.store(true, Ordering::Relaxed);
}

/// With the name that this program is called by.
pub(crate) fn named(text: impl Display) -> String {
    let text = text.to_string();
    if IS_INSTALLED.load(Ordering::Relaxed) { as_installed(&text) } else { text }
}

/// A text that names the commands as the installed program does.
pub(crate) fn as_installed(text: &str) -> String {
    text.replace("cargo xtask", INSTALLED)
}

/// One line of progress: a verb in cargo's column, and what it is about.
pub fn step(verb: &str, what: impl Display) {
    eprintln!("{GREEN}{verb:>12}{RESET} {}", named(what));
}

/// Something the person should know, though the command goes on.
pub fn warn(what: impl Display) {
    eprintln!("{YELLOW}{:>12}{RESET} {}", "Warning", named(what));
}

/// The error that ended the command, and below it its causes.
pub fn error(error: &anyhow::Error) {
    eprintln!("{RED}error{RESET}: {}", named(error));
    for cause in error.chain().skip(1) {
        eprintln!("  because: {}", named(cause).replace('\n', "\n           "));
    }
}

/// Plain detail below a [`step`], in the same column.
pub fn detail(what: impl Display) {
    eprintln!("{:>12} {}", "", named(what));
}

/// A line of progress that the next one replaces; on a terminal alone.
pub fn passing(what: impl Display) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{:>12} {what}", "");
    }
}

/// Takes away what [`passing`] wrote.
pub fn passed() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}

/// Waits until nobody reads the standard output any more (`… | head`); forever where it goes to a file or a terminal.
pub(crate) async fn unread() {
    let (tell, told) = tokio::sync::oneshot::channel();
    // It blocks for as long as the program lives, so it has a thread of its own.
    std::thread::spawn(move || {
        let output = std::io::stdout();
        // Nothing is asked for: what is told without being asked is the end.
        let mut ends = [PollFd::new(&output, PollFlags::empty())];
        while poll(&mut ends, None) == Err(Errno::INTR) {}
        if ends[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) {
            let _ = tell.send(());
        }
    });
    if told.await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// How a [`row`] is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// As it should be.
    Good,
    /// Neither good nor bad.
    Plain,
    /// To be thought about.
    Warning,
    /// To be mended.
    Bad,
}

/// One line of a command's own output, in the column of [`step`].
pub fn row(mark: Mark, word: &str, what: impl Display) {
    let colour = match mark {
        Mark::Good => GREEN,
        Mark::Plain => RESET,
        Mark::Warning => YELLOW,
        Mark::Bad => RED,
    };
    anstream::println!("{colour}{word:>12}{RESET} {what}");
}

/// A number of bytes for people: `512 B`, `46.1 KB`, `1.2 MB` (powers of 1000, as vendors state limits).
#[must_use]
pub fn size(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss)] // a display value with one decimal
    let bytes_f = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} KB", bytes_f / 1e3),
        _ => format!("{:.1} MB", bytes_f / 1e6),
    }
}

/// A path as short as it can be said: relative to the working folder where it lies below it.
#[must_use]
pub fn path(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}

/// A path as an argument on a command line to copy: as [`path`] says it, in quotes where a shell needs them.
#[must_use]
pub fn argument(path: &Path) -> String {
    quoted(&self::path(path))
}

/// A command line to copy.
#[must_use]
pub fn command(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+@=:,".contains(c);
    let plain = !text.is_empty() && text.chars().all(plain);
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{argument, command, size};

    #[test]
    fn an_argument_is_quoted_where_a_shell_needs_it() {
        assert_eq!(argument(Path::new("/srv/a-b/c.d")), "/srv/a-b/c.d");
        assert_eq!(argument(Path::new("/srv/it's here")), r"'/srv/it'\''s here'");
        assert_eq!(
            command(&["a".to_owned(), "--b=c:1".to_owned(), String::new(), "$D".to_owned()]),
            "a --b=c:1 '' '$D'"
        );
    }

    #[test]
    fn sizes_are_rounded_to_one_decimal() {
        let shown: Vec<_> = [0, 999, 1_000, 46_123, 1_250_000].map(size).into();
        assert_eq!(shown, ["0 B", "999 B", "1.0 KB", "46.1 KB", "1.2 MB"]);
    }
}
