//! Which events make a crate panic before any handler sees them: the table of deliveries, handed to each one by one.

use anyfn_conformance::DELIVERIES;
use anyfn_xtask::build::Target;
use anyfn_xtask::local::{Options, lambda};
use anyhow::Result;
use tokio::runtime::Runtime;

use crate::built::Built;
use crate::{fronts, options};

/// What the echo function's own panic says.
const ASKED_FOR: &str = "echo panics";

/// An event and what came of it.
pub(crate) struct Crash {
    /// What panicked.
    pub(crate) crates: &'static str,
    /// The delivery's name.
    pub(crate) row: &'static str,
    /// What the panic said.
    pub(crate) message: String,
    /// The event, byte for byte.
    pub(crate) event: String,
}

/// Hands every delivery to each program for Lambda; gives those over which it panics.
pub(crate) fn find(built: &Built, runtime: &Runtime) -> Result<Vec<Crash>> {
    let mut crashes = Vec::new();
    for (crates, program) in built.lambdas() {
        let options: Options = options();
        let running = runtime.block_on(lambda::start(program, &fronts::front("lambda-own")?, &options))?;
        let receiver = running.receiver(Target::Lambda, "");
        for row in DELIVERIES {
            let Ok(event) = String::from_utf8((row.event)()) else { continue };
            let Err(error) = runtime.block_on(receiver.raw(&event)) else { continue };
            let told = format!("{error:#}");
            let Some((_, message)) = told.split_once("panicked: ") else { continue };
            if !message.contains(ASKED_FOR) {
                let message = message.trim_end_matches(['}', '"']).to_owned();
                crashes.push(Crash { crates, row: row.name, message, event });
            }
        }
        runtime.block_on(running.stop());
    }
    Ok(crashes)
}
