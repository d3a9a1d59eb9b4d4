//! From the program's triggers to each vendor's configuration.

pub(crate) mod cloudflare;
pub(crate) mod lambda;
pub(crate) mod server;
#[cfg(test)]
mod tests;
pub(crate) mod vercel;
pub(crate) mod yaml;

use std::collections::BTreeMap;

use anyfn_core::manifest::Declared;
use anyfn_cron::Cron;
use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use crate::project::Function;
use crate::settings::Bind;

/// The variable with what the platform's names stand for in the program ([`anyfn_core::Names`]).
pub(crate) const NAMES: &str = anyfn_core::Names::VARIABLE;

/// The triggers of a function that are not HTTP, and what they are bound to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wiring<'a> {
    pub(crate) package: &'a str,
    triggers: &'a [Declared],
    binds: &'a BTreeMap<String, Bind>,
    /// The time limit of an invocation, in seconds, where the settings say one.
    pub(crate) timeout: Option<u32>,
}

impl<'a> Wiring<'a> {
    pub(crate) fn new(function: &'a Function, triggers: &'a [Declared]) -> Self {
        let settings = &function.settings;
        Self { package: &function.package, triggers, binds: &settings.bind, timeout: settings.timeout }
    }

    /// The names that triggers of this kind are declared with, each once.
    pub(crate) fn names(&self, kinds: &[&str]) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for trigger in self.triggers.iter().filter(|trigger| kinds.contains(&trigger.kind.as_str())) {
            names.extend(trigger.name.as_deref().filter(|name| !names.contains(name)));
        }
        names
    }

    /// Whether a trigger of this kind and name is declared.
    pub(crate) fn has(&self, kind: &str, name: &str) -> bool {
        self.triggers.iter().any(|trigger| trigger.kind == kind && trigger.name.as_deref() == Some(name))
    }

    /// Whether a trigger of this kind is declared.
    pub(crate) fn any(&self, kind: &str) -> bool {
        self.triggers.iter().any(|trigger| trigger.kind == kind)
    }

    /// The schedules, as written and as read.
    pub(crate) fn schedules(&self) -> Result<Vec<(&'a str, Cron)>> {
        let read = |text: &'a str| Ok((text, text.parse().with_context(|| format!("the schedule `{text}`"))?));
        self.names(&["schedule"]).into_iter().map(read).collect()
    }

    /// What a name is bound to.
    pub(crate) fn bind(&self, name: &str) -> Bind {
        self.binds.get(name).cloned().unwrap_or_default()
    }
}

/// The variables with [`NAMES`] among them, where there are any names.
pub(crate) fn with_names(variables: &BTreeMap<String, String>, names: &BTreeMap<String, String>) -> Map<String, Value> {
    let mut all: Map<String, Value> =
        variables.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    if !names.is_empty() {
        let names: Map<String, Value> =
            names.iter().map(|(physical, name)| (physical.clone(), Value::from(name.as_str()))).collect();
        all.insert(NAMES.to_owned(), Value::from(Value::Object(names).to_string()));
    }
    all
}
