//! The machine: the toolchain, and the programs that builds, local runs and deployments call.

use std::process::{Command, Stdio};

use super::{Finding, State};
use crate::build::{Target, native};
use crate::deploy::{Cli, choose};
use crate::settings::Libc;
use crate::tools;

/// Rust's oldest version that compiles anyfn.
const RUST: &str = env!("CARGO_PKG_RUST_VERSION");
/// npm's packages, and `npx` with them, want this or newer.
const NODE: &str = "20";
/// pip's wheels want this or newer.
const PYTHON: &str = "3.9";

/// Whom the machine is asked through.
pub(super) trait Machine {
    /// What a program writes to both of its outputs; `None` where it is missing or fails.
    fn ask(&self, program: &str, arguments: &[&str]) -> Option<String>;
    /// Whether Rust's standard library for a triple is there.
    fn has_target(&self, triple: &str) -> bool;
    /// Whether a program is there.
    fn has(&self, program: &str) -> bool;
}

/// The real one.
#[derive(Debug)]
pub(super) struct Shell;

impl Machine for Shell {
    fn ask(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
        let text = [&output.stdout[..], &output.stderr[..]].concat();
        output.status.success().then(|| String::from_utf8_lossy(&text).trim().to_owned())
    }

    fn has_target(&self, triple: &str) -> bool {
        tools::has_rust_target(triple)
    }

    fn has(&self, program: &str) -> bool {
        tools::on_path(program).is_some()
    }
}

pub(super) fn examine(machine: &impl Machine, target: Option<Target>, libc: Libc) -> Vec<Finding> {
    let targets = target.map_or(Target::ALL.to_vec(), |target| vec![target]);
    let mut found = vec![rustc(machine)];
    found.extend(standard_libraries(machine, &targets, libc));
    found.push(compiler(machine));
    if targets.contains(&Target::Cloudflare) || targets.contains(&Target::Vercel) {
        found.push(node(machine));
    }
    if targets.contains(&Target::Lambda) {
        found.push(python(machine));
    }
    found.extend(targets.iter().map(|target| vendor(machine, *target)));
    found
}

fn rustc(machine: &impl Machine) -> Finding {
    let program = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let Some(said) = machine.ask(&program, &["--version"]) else {
        return Finding::new("rustc", State::Broken, format!("`{program}` does not start"))
            .next("install Rust, with rustup: https://rustup.rs");
    };
    let version = said.split_whitespace().nth(1).unwrap_or_default().to_owned();
    if at_least(&version, RUST) {
        return Finding::good("rustc", format!("{version}, and {RUST} is needed"));
    }
    Finding::new("rustc", State::Broken, format!("{version} is too old: {RUST} or newer is needed"))
        .next("rustup update stable")
}

fn standard_libraries(machine: &impl Machine, targets: &[Target], libc: Libc) -> Vec<Finding> {
    let mut triples = Vec::new();
    if targets.iter().any(|target| target.is_native()) {
        // What cannot be linked here is told with the settings.
        triples.extend(native::triple(libc, cfg!(target_arch = "aarch64")).ok());
    }
    if targets.contains(&Target::Cloudflare) {
        triples.push("wasm32-unknown-unknown");
    }
    let look = |triple: &str| {
        let add = format!("rustup target add {triple}");
        if machine.has_target(triple) {
            Finding::good("target", format!("{triple} is installed"))
        } else if machine.has("rustup") {
            Finding::new("target", State::Note, format!("{triple} is not installed yet: the first build does `{add}`"))
        } else {
            Finding::new(
                "target",
                State::Broken,
                format!("{triple} is not installed, and there is no rustup to bring it"),
            )
            .next("install your distribution's package of it, or Rust through rustup")
        }
    };
    triples.into_iter().map(look).collect()
}

fn compiler(machine: &impl Machine) -> Finding {
    match machine.ask("cc", &["--version"]) {
        Some(said) => Finding::good("cc", said.lines().next().unwrap_or_default()),
        None => Finding::new("cc", State::Broken, "there is no C compiler, and Rust links with it")
            .next("Debian, Ubuntu: apt-get install build-essential; macOS: xcode-select --install"),
    }
}

fn node(machine: &impl Machine) -> Finding {
    const FOR: &str = "`run --target cloudflare`, `deploy` to Workers and Vercel";
    const ADVICE: &str = "install Node.js 22 or newer, which brings npm: https://nodejs.org";
    let (node, npm) = (machine.ask("node", &["--version"]), machine.ask("npm", &["--version"]));
    match (node, npm) {
        (Some(node), Some(npm)) if at_least(node.trim_start_matches('v'), NODE) => {
            Finding::good("node", format!("{node}, npm {npm}"))
        }
        (Some(node), Some(_)) => {
            Finding::new("node", State::Warning, format!("{node} is too old for {FOR}: {NODE} or newer")).next(ADVICE)
        }
        (Some(_), None) => {
            Finding::new("node", State::Warning, format!("npm is missing, which {FOR} need")).next(ADVICE)
        }
        (None, _) => Finding::new("node", State::Warning, format!("Node.js is missing, which {FOR} need")).next(ADVICE),
    }
}

fn python(machine: &impl Machine) -> Finding {
    const FOR: &str = "`run --target lambda`";
    const ADVICE: &str = "install Python 3.9 or newer with pip (Debian, Ubuntu: apt-get install python3-pip)";
    let Some(said) = machine.ask("python3", &["--version"]) else {
        return Finding::new("python", State::Warning, format!("python3 is missing, which {FOR} needs")).next(ADVICE);
    };
    let version = said.split_whitespace().nth(1).unwrap_or_default().to_owned();
    if !at_least(&version, PYTHON) {
        return Finding::new("python", State::Warning, format!("{version} is too old for {FOR}")).next(ADVICE);
    }
    match machine.ask("python3", &["-m", "pip", "--version"]) {
        Some(_) => Finding::good("python", format!("{version}, with pip")),
        None => Finding::new("python", State::Warning, format!("{version} has no pip, which {FOR} needs")).next(ADVICE),
    }
}

/// The tool that deploys there.
fn vendor(machine: &impl Machine, target: Target) -> Finding {
    let cli = choose(target, None, |program| machine.has(program)).unwrap_or(Cli::Sam);
    if machine.has(cli.program()) {
        return Finding::good("deploy", format!("{} deploys to {}", cli.name(), target.name()));
    }
    let what = format!("`{}` is missing, which `deploy --target {}` needs", cli.program(), target.name());
    Finding::new("deploy", State::Note, what).next(cli.advice())
}

/// Whether a version is not older than `least`, part by part; what is no number is none.
fn at_least(version: &str, least: &str) -> bool {
    let parts =
        |text: &str| text.split(['.', '-', '+']).map(|part| part.parse::<u32>().unwrap_or(0)).collect::<Vec<_>>();
    parts(version) >= parts(least)
}

#[cfg(test)]
mod tests {
    use super::{Finding, Machine, State, at_least, examine};
    use crate::build::Target;
    use crate::settings::Libc;

    /// A machine where these programs say this.
    struct Fake(Vec<(&'static str, &'static str)>, bool);

    impl Machine for Fake {
        fn ask(&self, program: &str, arguments: &[&str]) -> Option<String> {
            let line = [&[program], arguments].concat().join(" ");
            let found = self.0.iter().find(|(asked, _)| *asked == line);
            found.map(|(_, said)| (*said).to_owned())
        }

        fn has_target(&self, _: &str) -> bool {
            self.1
        }

        fn has(&self, program: &str) -> bool {
            self.0.iter().any(|(asked, _)| asked.split(' ').next() == Some(program))
        }
    }

    fn of<'a>(found: &'a [Finding], check: &str) -> &'a Finding {
        found.iter().find(|finding| finding.check == check).unwrap_or_else(|| panic!("no {check}: {found:?}"))
    }

    #[test]
    fn a_good_machine_has_nothing_to_do() {
        let good = vec![
            ("rustc --version", "rustc 1.95.0 (abc 2026-01-01)"),
            ("cc --version", "cc 14"),
            ("node --version", "v22.1.0"),
            ("npm --version", "10.1.0"),
            ("python3 --version", "Python 3.12.1"),
            ("python3 -m pip --version", "pip 24"),
            ("sam --version", ""),
            ("npx --version", ""),
            ("podman --version", ""),
        ];
        let found = examine(&Fake(good, true), None, Libc::Auto);
        assert!(found.iter().all(|finding| finding.state == State::Good && finding.next.is_empty()), "{found:?}");
    }

    #[test]
    fn an_empty_machine_says_what_to_install() {
        let found = examine(&Fake(Vec::new(), false), None, Libc::Auto);
        for (check, state, next) in [
            ("rustc", State::Broken, "rustup"),
            ("target", State::Broken, "rustup"),
            ("cc", State::Broken, "build-essential"),
            ("node", State::Warning, "Node.js 22"),
            ("python", State::Warning, "python3-pip"),
            ("deploy", State::Note, "pip install aws-sam-cli"),
        ] {
            let finding = of(&found, check);
            assert!(finding.state == state && finding.next.join("").contains(next), "{finding:?}");
        }
    }

    #[test]
    fn what_is_too_old_or_half_there_is_told() {
        let old = vec![
            ("rustc --version", "rustc 1.80.1 (abc 2024-08-01)"),
            ("rustup --version", ""),
            ("node --version", "v18.20.0"),
            ("npm --version", "9"),
            ("python3 --version", "Python 3.12.1"),
        ];
        let found = examine(&Fake(old, false), None, Libc::Auto);
        assert!(of(&found, "rustc").what.contains("1.80.1 is too old"), "{found:?}");
        assert_eq!(of(&found, "target").state, State::Note);
        assert!(of(&found, "node").what.contains("too old"), "{found:?}");
        assert!(of(&found, "python").what.contains("has no pip"), "{found:?}");
    }

    #[test]
    fn a_target_is_asked_only_what_it_needs() {
        let found = examine(&Fake(Vec::new(), false), Some(Target::Server), Libc::Auto);
        assert!(found.iter().all(|finding| !["node", "python"].contains(&finding.check)), "{found:?}");
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert!(at_least("1.100.0", "1.95") && at_least("1.95.0-nightly", "1.95") && at_least("22", "20"));
        assert!(!at_least("1.9.0", "1.95") && !at_least("", "1"));
    }
}
