//! The platforms' real local runtimes, each with the echo function built for it.

use std::sync::Arc;

use anyfn_conformance::{ENV, Happening, HttpDriver, Limits, Told};
use anyfn_xtask::build::{Artefacts, BuildOptions, Target, build};
use anyfn_xtask::local::lambda::{Lambda, Shape};
use anyfn_xtask::local::{Options, Running, cloudflare, lambda, server, vercel};
use anyhow::{Context, Result};
use tokio::runtime::Runtime;

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

/// Streamed answers need our own Runtime API; everything else runs on AWS's emulator.
fn front(name: &str) -> Result<Lambda> {
    Ok(match name {
        "lambda-v1" => Lambda::emulator(Shape::V1),
        "lambda-v2" => Lambda::emulator(Shape::V2),
        "lambda-url" => Lambda::emulator(Shape::Url),
        "lambda-alb" => Lambda::emulator(Shape::Alb),
        "lambda-alb-multi" => Lambda::emulator(Shape::AlbMulti),
        "lambda-stream" => Lambda::streaming(2),
        "lambda-own" => Lambda::own(Shape::V2, 1),
        other => anyhow::bail!("no runtime is called {other}"),
    })
}

/// What each platform can carry, by its own documents.
fn limits(name: &str) -> Limits {
    let mut limits = Limits::default();
    // An invocation of Lambda's has no client, Vercel's gateway stays on, and workerd drops what runs without a word to it.
    limits.leaving = name == "server";
    match name {
        "server" => limits = anyfn_server::CAPABILITIES.into(),
        // 6 MB of JSON, in which binary bodies are base64.
        "lambda-v1" | "lambda-v2" | "lambda-url" => {
            (limits.streaming, limits.request, limits.answer) = (false, 4_500_000, 4_500_000);
        }
        // 1 MB of JSON behind a load balancer.
        "lambda-alb" | "lambda-alb-multi" => {
            (limits.streaming, limits.request, limits.answer) = (false, 740_000, 740_000);
        }
        // Streamed answers may go on; the request is a 6 MB event still.
        "lambda-stream" => limits.request = 4_500_000,
        "vercel" => (limits.request, limits.answer) = (4_500_000, 4_500_000),
        _ => {}
    }
    limits
}

/// An instance of a Lambda function serves one request at a time.
fn at_once(name: &str) -> usize {
    match name {
        "lambda-stream" => 2,
        name if name.starts_with("lambda") => 1,
        _ => 4,
    }
}
