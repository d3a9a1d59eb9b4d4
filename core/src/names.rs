//! The names that a program has for what stands under other names on its platform.

use std::collections::HashMap;

use crate::{Context, Error, Event};

/// Physical names to those in the program: a queue's, which the platform may make up, to the one in `queue("…")`; a
/// schedule's, in the platform's own dialect, to the expression in `schedule("…")`.
///
/// The build writes them into the configuration, as the variable [`Names::VARIABLE`].
///
/// ```
/// let names = anyfn_core::Names::from_json(r#"{"stack-Thumbnails-1X2Y": "thumbnails"}"#)?;
/// assert_eq!(names.of("stack-Thumbnails-1X2Y"), "thumbnails");
/// assert_eq!(names.of("other"), "other");
/// # Ok::<(), anyfn_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Names(HashMap<String, String>);

impl Names {
    /// The variable that holds them, a JSON object.
    pub const VARIABLE: &str = "ANYFN_NAMES";

    /// Those of the running program; none where the variable is not set.
    ///
    /// # Errors
    /// The variable holds something else than such an object.
    pub fn of_program(cx: &Context) -> Result<Self, Error> {
        cx.env(Self::VARIABLE).map_or_else(|| Ok(Self::default()), |json| Self::from_json(&json))
    }

    /// Reads such an object.
    ///
    /// # Errors
    /// It is something else.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        serde_json::from_str(json).map(Self).map_err(|error| {
            Error::internal(format!(
                "the variable {} is no JSON object of names ({error}): deploy what `cargo xtask build` wrote",
                Self::VARIABLE
            ))
        })
    }

    /// The program's name of it; its own where the program has no other.
    #[must_use]
    pub fn of(&self, physical: &str) -> String {
        self.0.get(physical).map_or(physical, String::as_str).to_owned()
    }

    /// Gives an event that says the platform's name of its source the program's.
    pub(crate) fn apply(&self, event: &mut Event) {
        let name = match event {
            Event::Schedule(tick) => &mut tick.name,
            Event::Queue(batch) => &mut batch.source,
            Event::Object(batch) => &mut batch.source,
            Event::Change(batch) => &mut batch.source,
            Event::Message(batch) => &mut batch.source,
            Event::Http(_) | Event::Custom(_) => return,
        };
        if let Some(own) = self.0.get(name) {
            name.clone_from(own);
        }
    }
}
