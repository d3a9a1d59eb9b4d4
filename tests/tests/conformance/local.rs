//! The platforms' real local runtimes, each with the echo function built for it.

use std::sync::Arc;

use anyfn_conformance::{ENV, Happening, HttpDriver, Told};
use anyfn_xtask::build::{Artefacts, BuildOptions, Target, build};
use anyfn_xtask::local::{Options, Running, cloudflare, lambda, server, vercel};
use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use crate::fronts::{at_once, front, limits};
use crate::{Started, events};

/// What every local runtime is started from.
pub(crate) struct Locals {
    artefacts: Option<Artefacts>,
    runtime: Runtime,
}

impl Locals {
    /// Builds the echo function for the chosen runtimes.
    pub(crate) fn prepare(chosen: &[&str]) -> Result<Self> {
        let targets: Vec<Target> = Target::ALL
            .into_iter()
            .filter(|target| chosen.iter().any(|name| name.starts_with(target.name())))
            .collect();
        let artefacts = match &targets[..] {
            [] => None,
            targets => Some(build(&BuildOptions::local(targets, Some("echo"))).context("cannot build examples/echo")?),
        };
        Ok(Self { artefacts, runtime: Runtime::new()? })
    }

    /// The function of a Lambda runtime, to hand it events as they are.
    pub(crate) fn function(&self, name: &str) -> Result<Function<'_>> {
        Ok(Function { running: self.run(name)?, runtime: &self.runtime })
    }

    fn run(&self, name: &str) -> Result<Running> {
        let options = ENV.iter().fold(Options::new(), |options, (name, value)| options.env(*name, *value));
        let options = events::variables().into_iter().fold(options, |options, (name, value)| options.env(name, value));
        let artefacts = self.artefacts.as_ref().context("nothing was built")?;
        self.runtime.block_on(async {
            match name {
                "server" => {
                    server::start(&artefacts.server.as_ref().context("no server was built")?.executable, &options).await
                }
                "cloudflare" => {
                    let built = artefacts.cloudflare.as_ref().context("no worker was built")?;
                    cloudflare::start(&built.modules, &options).await
                }
                "vercel" => {
                    let built = artefacts.vercel.as_ref().context("no executable was built")?;
                    vercel::start(&built.executable, &options).await
                }
                _ => {
                    let built = artefacts.lambda.as_ref().context("no bootstrap was built")?;
                    lambda::start(&built.bootstrap, &front(name)?, &options).await
                }
            }
        })
    }

    /// Starts one runtime.
    pub(crate) fn start(&self, name: &str) -> Started {
        let running = Arc::new(self.run(name)?);
        let platform = if name.starts_with("lambda") { "lambda" } else { name };
        let (logged, handle) = (running.clone(), self.runtime.handle().clone());
        let (receiver, caller) = (running.clone(), self.runtime.handle().clone());
        let mut driver = HttpDriver::new(name, running.addr())
            .with_platform(platform)
            .with_limits(limits(name))
            .with_at_once(at_once(name))
            .with_logs(move || logged.logs().join("\n"))
            .with_end({
                let running = running.clone();
                move || {
                    handle.block_on(running.stop());
                    let asked = |line: &str| line.contains("/faults/broken/") || line.contains("/faults/panics/");
                    running.violations().into_iter().filter(|line| !asked(line)).collect()
                }
            });
        let target = match name {
            // One behind AWS' emulator, one behind our own Runtime API: the events are the same behind every gateway.
            "lambda-v2" | "lambda-stream" => Some(Target::Lambda),
            "cloudflare" => Some(Target::Cloudflare),
            "vercel" => Some(Target::Vercel),
            "server" => Some(Target::Server),
            _ => None,
        };
        if let Some(target) = target {
            let receiver = receiver.receiver(target, events::TOKEN);
            driver = driver.with_events(move |happening| {
                if target == Target::Cloudflare && matches!(happening, Happening::Custom { .. }) {
                    return Ok(Told::Never("Workers has no direct invocation".to_owned()));
                }
                events::told(caller.block_on(receiver.send(&events::event(happening)?)))
            });
        }
        Ok(Box::new(driver))
    }
}

/// A function that runs, without the gateway before it.
pub(crate) struct Function<'a> {
    running: Running,
    runtime: &'a Runtime,
}

impl Function<'_> {
    /// Hands it an event; gives its JSON, or why it failed.
    pub(crate) fn invoke(&self, event: &[u8]) -> Result<Vec<u8>, String> {
        let receiver = self.running.receiver(Target::Lambda, events::TOKEN);
        let event = std::str::from_utf8(event).map_err(|error| error.to_string())?;
        self.runtime.block_on(receiver.raw(event)).map(String::into_bytes).map_err(|error| format!("{error:#}"))
    }

    pub(crate) fn end(self) {
        self.runtime.block_on(self.running.stop());
    }
}
