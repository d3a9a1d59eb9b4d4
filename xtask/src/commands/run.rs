//! `cargo xtask run`.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anstream::println;
use anyhow::{Context as _, Result, bail};
use tokio::signal::unix::{SignalKind, signal};

use crate::build::{BuildOptions, Target, build_in};
use crate::local::events::names;
use crate::local::lambda::{Api, Lambda, Shape};
use crate::local::running::{Note, Served};
use crate::local::{self, Options};
use crate::project::{Project, home};
use crate::{tools, ui};

/// The variable of the token that senders of CloudEvents know.
pub(super) const TOKEN: &str = "ANYFN_EVENT_TOKEN";

/// Build a function and serve it on a platform's real local runtime
///
/// Lambda: AWS's Runtime Interface Emulator behind an emulated gateway (a Runtime API of our own where answers are
/// streamed). Workers: workerd. Vercel: the executable, in the platform's protocol. The vendors' tools are installed
/// into `.anyfn/` when they are first needed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask run --target cloudflare --package hello
  cargo xtask run --target lambda --shape alb                 events as a load balancer makes them
  cargo xtask run --target vercel --port 8080 --env GREETING=Hi

Then, in another terminal:
  curl 'http://127.0.0.1:3000/?name=Ada'")]
pub struct Args {
    /// The platform to run on
    #[arg(long, value_enum, value_name = "lambda|cloudflare|vercel|server")]
    pub target: Target,
    /// The package to run; may be left out where only one can be meant
    #[arg(long, short, value_name = "NAME")]
    pub package: Option<String>,
    /// The port of 127.0.0.1 to serve on; 0 takes any that is free
    #[arg(long, default_value_t = 3000)]
    pub port: u16,
    /// The gateway in front of a Lambda function; without it, the one that its settings deploy it with
    #[arg(long, value_enum)]
    pub shape: Option<Shape>,
    /// A variable of the function's environment; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,
}

pub(super) fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a variable is NAME=VALUE".to_owned()),
    }
}

/// Runs the command, until Ctrl-C, SIGTERM, or the function's own end.
///
/// # Errors
/// When the function does not compile or start, the port is taken, or the function ends by itself.
pub fn run(args: &Args) -> Result<()> {
    if args.shape.is_some() && args.target != Target::Lambda {
        bail!("--shape says which gateway stands in front of a Lambda function: leave it out, or say --target lambda");
    }
    // Said before the build, not after it.
    if let Err(error) = std::net::TcpListener::bind(("127.0.0.1", args.port)) {
        bail!(
            "cannot serve on port {}: {error}\nchoose another one with --port, or any free one with --port 0",
            args.port
        );
    }
    let project = Project::load()?;
    tools::ready(&[args.target])?;
    let built = build_in(&project, &BuildOptions::local(&[args.target], args.package.as_deref()))?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    runtime.block_on(async {
        let crons = built.triggers.iter().filter(|trigger| trigger.kind == "schedule");
        let names = names(crons.filter_map(|trigger| trigger.name.as_deref()));
        let token = std::env::var(TOKEN).unwrap_or_else(|_| "local".to_owned());
        let log = log(&project.root, args.target)?;
        let file = Mutex::new(File::create(&log).with_context(|| format!("cannot write {}", log.display()))?);
        let mut options = Options::new().port(args.port).on_log(move |line| {
            println!("{line}");
            if let Ok(mut file) = file.lock() {
                let _ = writeln!(file, "{line}");
            }
        });
        options = options.env(TOKEN, &token).env("ANYFN_NAMES", names);
        for (name, value) in &args.env {
            options = options.env(name, value);
        }
        let mut lambda = Lambda::deployed(&built.function.settings);
        if let Some(shape) = args.shape {
            lambda = Lambda { timeout: lambda.timeout, ..Lambda::emulator(shape) };
        }
        tools::installed(args.target, lambda.api)?;
        let start = local::start(args.target, &built, Some(&lambda), &options);
        let running = local::patiently(&built.function.package, "Ctrl-C ends it", start).await?;
        let address = format!("http://{}", running.addr());
        ui::step(
            "Serving",
            format_args!("{} on {}: {address}", built.function.package, platform(args.target, &lambda)),
        );
        let triggers: Vec<_> =
            built.triggers.iter().map(|trigger| (trigger.kind.clone(), trigger.name.clone())).collect();
        if let Some((_, path)) = triggers.iter().find(|(kind, _)| kind == "http") {
            ui::detail(asked(&address, path.as_deref()));
        }
        if let Some((kind, _)) = triggers.iter().find(|(kind, _)| kind != "http") {
            ui::detail(format_args!("cargo xtask invoke {}", kind.replace('_', "-")));
        }
        let served = Served::new(args.target, &built.function.package, triggers, &running, &token).log(log);
        let _note = Note::leave(&project.root, &served)?;
        ui::detail("its log follows; Ctrl-C ends it");
        let (mut interrupt, mut terminate, mut hangup) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
        let ended = tokio::select! {
            _ = interrupt.recv() => None,
            _ = terminate.recv() => None,
            _ = hangup.recv() => None,
            () = ui::unread() => None,
            status = running.ended() => Some(status),
        };
        if let Some(status) = ended {
            bail!("{} ended by itself ({status}): its last words are above", built.function.package);
        }
        ui::step("Stopping", "what is under way gets five seconds; Ctrl-C again ends it now");
        tokio::select! {
            () = running.stop() => {}
            _ = interrupt.recv() => {}
        }
        for violation in running.violations() {
            ui::warn(format_args!("against the platform's protocol: {violation}"));
        }
        Ok(())
    })
}

/// Where the function's log is written to besides, for `invoke` in another terminal.
fn log(root: &Path, target: Target) -> Result<PathBuf> {
    let dir = home(root)?.join("running");
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    Ok(dir.join(format!("{}.log", target.name())))
}

/// What the function runs on, in words.
fn platform(target: Target, lambda: &Lambda) -> String {
    match target {
        Target::Lambda => {
            let runtime = match lambda.api {
                Api::Emulator => "AWS's Lambda emulator",
                Api::Own { .. } => "a Lambda Runtime API",
            };
            format!("{runtime}, behind {}", lambda.shape.describe())
        }
        Target::Cloudflare => "Cloudflare's workerd".to_owned(),
        Target::Vercel => "Vercel's executable protocol".to_owned(),
        Target::Server => "the plain server".to_owned(),
    }
}

/// How the first path of a program is asked.
fn asked(address: &str, path: Option<&str>) -> String {
    let path = path.unwrap_or("/");
    let fill = if path.contains('{') { " with a value in place of what is in braces" } else { "" };
    format!("curl '{address}{path}'{fill}")
}

#[cfg(test)]
mod tests {
    use super::{asked, variable};

    #[test]
    fn a_variable_is_split_at_its_first_equals_sign() {
        assert_eq!(variable("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert_eq!(variable("A="), Ok(("A".to_owned(), String::new())));
        assert!(variable("A").is_err() && variable("=b").is_err());
    }

    #[test]
    fn a_path_that_the_program_has_is_asked() {
        assert_eq!(asked("http://a:1", None), "curl 'http://a:1/'");
        assert_eq!(asked("http://a:1", Some("/parcels")), "curl 'http://a:1/parcels'");
        let with = "curl 'http://a:1/price/{cents}' with a value in place of what is in braces";
        assert_eq!(asked("http://a:1", Some("/price/{cents}")), with);
    }
}
