//! `cargo xtask dev`.

use anyhow::{Context as _, Result, bail};

use super::run::{TOKEN, variable};
use crate::build::Target;
use crate::dev::{Plan, dev};
use crate::project::Project;
use crate::tools;

/// Serve a function, and build it again whenever its sources change
///
/// Requests that come while it is built wait for it; those that are under way end on the old process. What the compiler
/// says stands here and in the browser. Without a target the function runs by itself, as `cargo run` builds it, which is
/// fastest; with one it runs on that platform's own local runtime.
///
/// Watched are the package's sources and manifest, those of the packages that it takes by their path, and every file that
/// the last build has read.
///
/// At `/_anyfn` a page lists the function's triggers, sends them events, and draws each invocation as its life: cold
/// start, execute, respond, background, idle, and what of it would be billed. It is served to this machine alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask dev                                     then open http://127.0.0.1:3000/_anyfn
  cargo xtask dev --target lambda --package shop      on AWS's emulator, with what Lambda bills
  cargo xtask dev --target cloudflare --port 8080     on workerd
  cargo xtask dev --json                              one JSON object a line, for another program

Then, in another terminal:
  curl 'http://127.0.0.1:3000/?name=Ada'
  cargo xtask invoke queue --data '{\"id\": 7}'")]
pub struct Args {
    /// The platform to run on; without it, this machine
    #[arg(long, value_enum, value_name = "lambda|cloudflare|vercel|server")]
    pub target: Option<Target>,
    /// The package to serve; may be left out where only one can be meant
    #[arg(long, short, value_name = "NAME")]
    pub package: Option<String>,
    /// The port of 127.0.0.1 to serve on; 0 takes any that is free
    #[arg(long, default_value_t = 3000)]
    pub port: u16,
    /// A variable of the function's environment; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,
    /// Write one JSON object a line: each invocation, each line of the log, each state. It ends when its reader does
    #[arg(long)]
    pub json: bool,
}

/// Runs the command, until Ctrl-C or SIGTERM, or until nobody reads what it writes.
///
/// # Errors
/// When the port is taken, there is no function, or nothing can be watched.
pub fn run(args: &Args) -> Result<()> {
    // Said before anything else is done.
    if let Err(error) = std::net::TcpListener::bind(("127.0.0.1", args.port)) {
        bail!(
            "cannot serve on port {}: {error}\nchoose another one with --port, or any free one with --port 0",
            args.port
        );
    }
    let project = Project::load()?;
    tools::ready(args.target.as_slice())?;
    let plan = Plan {
        target: args.target,
        package: args.package.clone(),
        port: args.port,
        env: args.env.clone(),
        token: std::env::var(TOKEN).unwrap_or_else(|_| "local".to_owned()),
        json: args.json,
    };
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    let result = runtime.block_on(dev(plan, project));
    // A build that is under way is not waited for: it ends with this process.
    runtime.shutdown_background();
    result
}
