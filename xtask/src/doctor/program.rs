//! The function itself: its panics, and its settings against the platforms' limits.

use anyhow::{Context, Result};

use super::{Finding, State};
use crate::build::{Target, native};
use crate::project::{Function, Project};

pub(super) fn examine(project: &Project, function: &Function, target: Option<Target>) -> Result<Vec<Finding>> {
    let mut found = vec![panics(project)?];
    let targets = target.map_or(Target::ALL.to_vec(), |target| vec![target]);
    if targets.iter().any(|target| target.is_native())
        && let Err(error) = native::triple(function.settings.libc, cfg!(target_arch = "aarch64"))
    {
        found.push(Finding::new("settings", State::Broken, error.to_string()));
    }
    found.extend(targets.iter().flat_map(|target| limits(function, *target)));
    // Where one platform is meant: of four, nobody would read it.
    found.extend(target.map(|target| Finding::new("bodies", State::Note, bodies(function, target))));
    Ok(found)
}

/// How large requests and answers may be; what is larger is refused by the platform or by the adapter.
fn bodies(function: &Function, target: Target) -> String {
    let streaming = function.settings.lambda.streaming;
    match target {
        Target::Lambda if streaming => {
            "a request has 6 MB at most, 4.5 MB where it is no text; an answer 200 MB".to_owned()
        }
        Target::Lambda => {
            "a request and an answer have 6 MB at most, 4.5 MB where they are no text; `streaming = true` in \
                           [package.metadata.anyfn.lambda] answers with up to 200 MB"
                .to_owned()
        }
        Target::Cloudflare => {
            "a request has 100 MB at most (by the zone's plan), and all of the function 128 MB of memory: \
                               read what is larger as a stream"
                .to_owned()
        }
        Target::Vercel => "a request has 4.5 MB at most, and so has an answer that is not streamed".to_owned(),
        Target::Server => {
            "a request has 16 MiB at most, unless the variable `ANYFN_MAX_BODY` says otherwise".to_owned()
        }
    }
}

/// One panic costs one answer where it unwinds, and the instance where it aborts.
fn panics(project: &Project) -> Result<Finding> {
    let path = project.root.join("Cargo.toml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let manifest: toml::Table = text.parse().with_context(|| format!("{} is no TOML", path.display()))?;
    let panic = (|| manifest.get("profile")?.get("release")?.get("panic")?.as_str())();
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    let config = std::fs::read_to_string(project.root.join(".cargo/config.toml")).unwrap_or_default();
    let told = "one panic would end the instance, and every request on it";
    if [flags, config].iter().any(|text| text.replace(' ', "").contains("panic=abort")) {
        let finding = Finding::new("panic", State::Broken, format!("flags for rustc say panic=abort: {told}"));
        return Ok(finding.next("take it out of RUSTFLAGS and of `rustflags` in .cargo/config.toml"));
    }
    Ok(match panic {
        Some("abort") => {
            Finding::new("panic", State::Warning, format!("[profile.release] says panic = \"abort\": {told}"))
                .next("write panic = \"unwind\" there; `cargo xtask build` does so by itself, other tools do not")
        }
        Some(_) => Finding::good("panic", "[profile.release] unwinds: a panic costs one answer"),
        None => Finding::new(
            "panic",
            State::Note,
            "[profile.release] says nothing of panics, and cargo-lambda then makes them abort",
        )
        .next("write panic = \"unwind\" below [profile.release]; `cargo xtask build` does so by itself"),
    })
}

/// What the settings ask for and a platform does not give, by its documentation of 2026.
fn limits(function: &Function, target: Target) -> Vec<Finding> {
    let (memory, timeout) = (function.settings.memory, function.settings.timeout);
    let mut found = Vec::new();
    let mut say = |state, what: String, next: &str| found.push(Finding::new("settings", state, what).next(next));
    match target {
        Target::Lambda => {
            if let Some(memory) = memory.filter(|memory| !(128..=10_240).contains(memory)) {
                say(
                    State::Broken,
                    format!("memory = {memory}: Lambda gives 128 to 10240 MB"),
                    "change `memory` in [package.metadata.anyfn]",
                );
            }
            if let Some(timeout) = timeout.filter(|timeout| !(1..=900).contains(timeout)) {
                say(
                    State::Broken,
                    format!("timeout = {timeout}: Lambda waits 1 to 900 seconds"),
                    "change `timeout` in [package.metadata.anyfn]",
                );
            }
        }
        Target::Vercel => {
            if let Some(timeout) = timeout.filter(|timeout| *timeout > 300) {
                say(
                    State::Warning,
                    format!("timeout = {timeout}: Vercel waits 300 seconds, and longer on some plans only"),
                    "look at the plan, or change `timeout` in [package.metadata.anyfn]",
                );
            }
        }
        Target::Cloudflare => {
            if let Some(memory) = memory.filter(|memory| *memory > 128) {
                found.push(Finding::new(
                    "settings",
                    State::Note,
                    format!("memory = {memory}: Workers gives every function 128 MB"),
                ));
            }
        }
        Target::Server => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{State, bodies, limits};
    use crate::build::Target;
    use crate::project::Function;
    use crate::settings::Settings;

    #[test]
    fn what_a_platform_does_not_give_is_told() {
        let states = |memory, timeout, target| {
            let settings = Settings { memory: Some(memory), timeout: Some(timeout), ..Settings::default() };
            let (package, bin, facade) = ("a".to_owned(), "a".to_owned(), "anyfn".to_owned());
            let found = limits(&Function { package, description: None, bin, facade, settings }, target);
            found.into_iter().map(|finding| finding.state).collect::<Vec<_>>()
        };
        assert_eq!(states(64, 901, Target::Lambda), [State::Broken, State::Broken]);
        assert_eq!(states(10_240, 900, Target::Lambda), []);
        assert_eq!(states(256, 301, Target::Vercel), [State::Warning]);
        assert_eq!(states(256, 10, Target::Cloudflare), [State::Note]);
        assert_eq!(states(1, 100_000, Target::Server), []);
    }

    #[test]
    fn what_streams_may_be_larger() {
        let said = |streaming| {
            let mut settings = Settings::default();
            settings.lambda.streaming = streaming;
            let (package, bin, facade) = ("a".to_owned(), "a".to_owned(), "anyfn".to_owned());
            bodies(&Function { package, description: None, bin, facade, settings }, Target::Lambda)
        };
        assert!(said(false).contains("`streaming = true`") && said(true).ends_with("an answer 200 MB"));
    }
}
