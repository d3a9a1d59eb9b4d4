//! What triggers the program, read out of the very artefact that is packed.

use std::path::Path;

use anyfn_core::manifest::{Declared, Manifest};
use anyfn_core::{Capabilities, Trigger};
use anyhow::{Context, Result, anyhow, bail};

use super::{Target, section};
use crate::project::Function;
use crate::ui;

/// Reads the manifest of a program before anything is done to it.
pub(crate) fn read(function: &Function, program: &Path) -> Result<Manifest> {
    let data = std::fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    section::read(&data).map_err(|error| {
        let Function { package, bin, facade, .. } = function;
        let facade = facade.replace('-', "_");
        // Without the status that an error has for a caller over HTTP.
        let why = error.source_ref().map_or_else(|| error.to_string(), ToString::to_string);
        anyhow!(
            "what triggers `{package}` cannot be read from its binary `{bin}`: {why}\nits main.rs is to be one \
             `#[{facade}::handler]` function, `{facade}::app! {{ … }}` or `#[{facade}::main]`, with no `main` of its own"
        )
    })
}

/// Lets through to the packing what can live on its target, and says what was found.
#[derive(Debug)]
pub(crate) struct Gate<'a> {
    function: &'a Function,
    local: bool,
    shown: Option<Manifest>,
}

impl<'a> Gate<'a> {
    pub(crate) fn new(function: &'a Function, local: bool) -> Self {
        Self { function, local, shown: None }
    }

    pub(crate) fn admit(&mut self, target: Target, manifest: &Manifest) -> Result<()> {
        // One program has one manifest on every target, unless its source asks what it is compiled for.
        if self.shown.as_ref().is_none_or(|shown| shown.triggers != manifest.triggers) {
            ui::step("Found", format_args!("what triggers it: {}", listed(&manifest.triggers)));
            self.shown = Some(manifest.clone());
        }
        check(self.function, target, &capabilities(target), manifest, self.local)
    }

    /// What triggers the program.
    pub(crate) fn triggers(self) -> Vec<Declared> {
        self.shown.map(|shown| shown.triggers).unwrap_or_default()
    }
}

/// Refuses a program that could not live on `target`, which has these `capabilities`, and says what of it will not reach it
/// there.
fn check(
    function: &Function,
    target: Target,
    capabilities: &Capabilities,
    manifest: &Manifest,
    local: bool,
) -> Result<()> {
    if target.is_native() && manifest.panic.as_deref() == Some("abort") {
        bail!(
            "`{}` is compiled with panic = \"abort\": one panic would end the instance and every request on it\nremove \
             `-C panic=abort` from RUSTFLAGS and from `rustflags` in .cargo/config.toml; in Cargo.toml, write \
             `panic = \"unwind\"` below [profile.release]",
            function.package
        );
    }
    let received = |trigger: &&Declared| kind(trigger).is_some_and(|kind| capabilities.triggers.contains(&kind));
    let name = target.name();
    if !manifest.triggers.iter().any(|trigger| received(&trigger)) {
        bail!(
            "nothing would ever call `{}` on {name}: {}, and what reaches a function there is {}\ngive it an HTTP \
             handler (`http => …` in `app!`), or build for another target",
            function.package,
            match manifest.triggers.as_slice() {
                [] => "it declares no trigger".to_owned(),
                declared => format!("it declares {}", listed(declared)),
            },
            capabilities.triggers.iter().map(|trigger| trigger.name()).collect::<Vec<_>>().join(", ")
        );
    }
    let deaf = manifest.triggers.iter().filter(|trigger| !received(trigger));
    // What is invoked directly is simply not called there.
    let deaf: Vec<_> = deaf.filter(|trigger| trigger.kind != "custom").collect();
    if !deaf.is_empty() && !local {
        bail!(
            "{name} has no such trigger: {}\nleave it out of the program that is built for {name}, or build for another target",
            deaf.into_iter().map(handled).collect::<Vec<_>>().join(", ")
        );
    }
    if target == Target::Server && !local {
        let events: Vec<_> = manifest.triggers.iter().filter(|trigger| trigger.kind != "http").collect();
        if !events.is_empty() {
            ui::detail(format_args!(
                "by POST to /_anyfn/events as CloudEvents, with the token of ANYFN_EVENT_TOKEN: {}",
                listed(events)
            ));
        }
    }
    Ok(())
}

/// The triggers in one line: `http, schedule "0 3 * * *", queue "jobs"`.
fn listed<'a>(triggers: impl IntoIterator<Item = &'a Declared>) -> String {
    triggers.into_iter().map(said).collect::<Vec<_>>().join(", ")
}

fn said(Declared { kind, name, .. }: &Declared) -> String {
    name.as_ref().map_or_else(|| kind.clone(), |name| format!("{kind} \"{name}\""))
}

/// A trigger and the function that handles it: `queue "jobs" (handled by `work`)`.
fn handled(trigger: &Declared) -> String {
    let handler = trigger.handler.as_ref().map(|handler| format!(" (handled by `{handler}`)"));
    said(trigger) + &handler.unwrap_or_default()
}

fn kind(declared: &Declared) -> Option<Trigger> {
    const ALL: [Trigger; 7] = [
        Trigger::Http,
        Trigger::Schedule,
        Trigger::Queue,
        Trigger::Object,
        Trigger::Change,
        Trigger::Message,
        Trigger::Custom,
    ];
    // `object_created` and `object_removed` are both objects' events.
    let word = declared.kind.split('_').next()?;
    ALL.into_iter().find(|trigger| trigger.name() == word)
}

fn capabilities(target: Target) -> Capabilities {
    match target {
        Target::Lambda => anyfn_lambda::CAPABILITIES,
        Target::Cloudflare => anyfn_cloudflare::CAPABILITIES,
        Target::Vercel => anyfn_vercel::CAPABILITIES,
        Target::Server => anyfn_server::CAPABILITIES,
    }
}

#[cfg(test)]
mod tests {
    use anyfn_core::manifest::{MAGIC, Manifest, VERSION};
    use serde_json::json;

    use super::{Capabilities, check, listed, read};
    use crate::build::Target;
    use crate::project::Function;
    use crate::settings::Settings;

    const HTTP: Capabilities = Capabilities::http_only("server");

    fn function() -> Function {
        let (package, bin, facade) = ("hello".to_owned(), "hello".to_owned(), "any-fn".to_owned());
        Function { package, description: None, bin, facade, settings: Settings::default() }
    }

    fn manifest(json: &serde_json::Value) -> Manifest {
        serde_json::from_value(json.clone()).unwrap()
    }

    fn in_file(bytes: &[u8]) -> anyhow::Result<Manifest> {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("anyfn-manifest-{}-{count}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        let read = read(&function(), &path);
        std::fs::remove_file(path).unwrap();
        read
    }

    /// A module with one custom section.
    fn wasm(name: &str, content: &[u8]) -> Vec<u8> {
        let leb = |mut value: usize| {
            let mut bytes = Vec::new();
            loop {
                let byte = u8::try_from(value & 0x7f).unwrap();
                value >>= 7;
                if value == 0 {
                    bytes.push(byte);
                    return bytes;
                }
                bytes.push(byte | 0x80);
            }
        };
        let section = [leb(name.len()), name.as_bytes().to_vec(), content.to_vec()].concat();
        [b"\0asm\x01\0\0\0\0".to_vec(), leb(section.len()), section].concat()
    }

    fn written(text: &str) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap();
        [MAGIC.as_slice(), &VERSION.to_le_bytes(), &length.to_le_bytes(), text.as_bytes()].concat()
    }

    #[test]
    fn a_modules_own_section_is_read_and_anything_else_searched() {
        let text = r#"{"version":1,"triggers":[{"kind":"queue","name":"jobs"}]}"#;
        for bytes in [wasm("anyfn", &written(text)), [b"another format".as_slice(), &written(text)].concat()] {
            assert_eq!(listed(&in_file(&bytes).unwrap().triggers), "queue \"jobs\"");
        }
    }

    #[test]
    fn a_program_without_a_manifest_is_told_how_to_get_one() {
        let stray = written(r#"{"version":1,"triggers":[]}"#);
        let error = format!("{:#}", in_file(&wasm("other", &stray)).unwrap_err());
        assert!(error.contains("#[any_fn::handler]") && error.contains("manifest is missing"), "{error}");
    }

    #[test]
    fn a_panic_that_aborts_is_refused_where_there_is_a_choice() {
        let aborts = manifest(&json!({"version": 1, "panic": "abort", "triggers": [{"kind": "http"}]}));
        let error = check(&function(), Target::Server, &HTTP, &aborts, true).unwrap_err().to_string();
        assert!(error.contains("panic = \"unwind\"") && error.contains("RUSTFLAGS"), "{error}");
        check(&function(), Target::Cloudflare, &HTTP, &aborts, true).unwrap();
    }

    #[test]
    fn a_trigger_that_the_target_has_not_is_refused_and_so_is_a_program_that_nothing_would_call() {
        let only = manifest(&json!({"version": 1, "triggers": [{"kind": "change", "name": "orders"}]}));
        let error = check(&function(), Target::Server, &HTTP, &only, false).unwrap_err().to_string();
        assert!(error.contains("it declares change \"orders\"") && error.contains("http"), "{error}");
        let both = manifest(
            &json!({"version": 1, "triggers": [{"kind": "http"}, {"kind": "queue", "name": "jobs", "handler": "work"}]}),
        );
        let error = check(&function(), Target::Server, &HTTP, &both, false).unwrap_err().to_string();
        assert!(error.starts_with("server has no such trigger: queue \"jobs\" (handled by `work`)\n"), "{error}");
        assert!(error.contains("build for another target"), "{error}");
        check(&function(), Target::Server, &HTTP, &both, true).unwrap();
        let invoked = manifest(&json!({"version": 1, "triggers": [{"kind": "http"}, {"kind": "custom"}]}));
        check(&function(), Target::Server, &HTTP, &invoked, false).unwrap();
        let none = manifest(&json!({"version": 1, "triggers": []}));
        assert!(check(&function(), Target::Server, &HTTP, &none, false).is_err());
    }
}
