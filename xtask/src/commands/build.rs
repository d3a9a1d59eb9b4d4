//! `cargo xtask build`.

use std::path::PathBuf;

use anstream::println;
use clap::ValueEnum;
use serde_json::json;

use crate::build::{BuildOptions, NextStep, Profile, Target, build_in, cloudflare, lambda, server, vercel};
use crate::project::Project;
use crate::ui;

/// Build a function, packed as each vendor's own deploy command wants it
///
/// Writes `dist/<target>/<package>/` in the workspace's folder and says the command that deploys it. Settings stand in
/// `[package.metadata.anyfn]` of the function's Cargo.toml: memory, timeout, env, libc, and a table for each target.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask build --target lambda                  the only function, or the one of this folder
  cargo xtask build --target all --package hello     every target, each with its deploy command
  cargo xtask build --target lambda --arm64          for Graviton: cheaper there, and static
  cargo xtask build --target vercel --out /tmp/out   somewhere else than dist/
  cargo xtask build --target all --json              what was built, and how it is deployed, for another program

What can stand in the function's Cargo.toml:
  [package.metadata.anyfn]
  memory = 256                # MB (Lambda, Vercel)
  timeout = 10                # seconds (Lambda, Vercel)
  env = { GREETING = \"Hello\" } # never secrets: the vendors have commands for those
  libc = \"musl\"               # static native artefacts; \"gnu\" and \"auto\" (the default) link glibc
  lambda = { http = \"function-url\", auth = \"iam\", streaming = true }
  cloudflare = { compatibility-date = \"2026-04-01\", compatibility-flags = [] }
  vercel = { regions = [\"fra1\"] }
  server = { image = \"registry.example/shop:1\", broker = \"default\" }  # in service.yaml")]
pub struct Args {
    /// The platform to build for
    #[arg(long, value_enum, value_name = "lambda|cloudflare|vercel|server|all")]
    pub target: TargetChoice,
    /// The package to build; may be left out where only one can be meant
    #[arg(long, short, value_name = "NAME")]
    pub package: Option<String>,
    /// Build native artefacts for 64-bit ARM (Lambda, Vercel, server), as static binaries
    #[arg(long)]
    pub arm64: bool,
    /// Build quickly instead of small and fast
    #[arg(long)]
    pub debug: bool,
    /// Write to this folder instead of `dist` in the workspace's
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print JSON, for another program: folders, deploy commands, what is to be done by hand, triggers
    #[arg(long)]
    pub json: bool,
}

/// A [`Target`], or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TargetChoice {
    /// AWS Lambda: `bootstrap.zip` and a SAM template
    Lambda,
    /// Cloudflare Workers: a folder for wrangler
    Cloudflare,
    /// Vercel: a prebuilt output folder
    Vercel,
    /// A plain HTTP server and a Containerfile
    Server,
    /// All of the above
    All,
}

impl TargetChoice {
    /// The targets that are meant.
    #[must_use]
    pub fn targets(self) -> Vec<Target> {
        match self {
            Self::Lambda => vec![Target::Lambda],
            Self::Cloudflare => vec![Target::Cloudflare],
            Self::Vercel => vec![Target::Vercel],
            Self::Server => vec![Target::Server],
            Self::All => Target::ALL.to_vec(),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// When the function cannot be told, does not compile, or would not run on the vendor's machines.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let options = BuildOptions {
        targets: args.target.targets(),
        package: args.package.clone(),
        arm64: args.arm64,
        profile: if args.debug { Profile::Quick } else { Profile::Dist },
        local: false,
        out: args.out.clone(),
    };
    let built = build_in(&Project::load()?, &options)?;
    let function = &built.function;
    let next = [
        built.lambda.map(|artefact| {
            (Target::Lambda, lambda::next_step(function, &artefact.dir), artefact.dir, artefact.by_hand)
        }),
        built
            .cloudflare
            .map(|artefact| (Target::Cloudflare, cloudflare::next_step(&artefact.dir), artefact.dir, artefact.by_hand)),
        built.vercel.map(|artefact| (Target::Vercel, vercel::next_step(&artefact.dir), artefact.dir, artefact.by_hand)),
        built
            .server
            .map(|artefact| (Target::Server, server::next_step(function, &artefact.dir), artefact.dir, Vec::new())),
    ];
    let mut targets = Vec::new();
    for (target, NextStep { with, command, note }, dir, by_hand) in next.into_iter().flatten() {
        if args.json {
            targets.push(json!({ "target": target.name(), "dir": dir, "deploy": command, "byHand": by_hand }));
            continue;
        }
        ui::step("Next", format_args!("deploy to {with}:"));
        // What its triggers need and no configuration can say; each once.
        by_hand.iter().for_each(ui::detail);
        ui::detail(ui::command(&command));
        note.into_iter().for_each(|note| ui::detail(format_args!("({note})")));
    }
    if args.json {
        let triggers: Vec<_> =
            built.triggers.iter().map(|trigger| json!({ "kind": trigger.kind, "name": trigger.name })).collect();
        let report = json!({ "package": function.package, "targets": targets, "triggers": triggers });
        println!("{}", serde_json::to_string_pretty(&report)?);
    }
    Ok(())
}
