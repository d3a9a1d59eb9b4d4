//! `cargo xtask deploy`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anstream::println;
use anyhow::{Context as _, Result, bail};

use crate::build::{Artefacts, BuildOptions, NextStep, Profile, Target, build_in};
use crate::deploy::{Cli, Login, choose, next_step};
use crate::project::{Function, Project};
use crate::{tools, ui};

/// Build a function and deploy it with its platform's own command line tool
///
/// Builds as `build` does, shows the exact command, and runs it here: it asks its own questions, and it alone reads your
/// credentials. Lambda: `sam`, or else `cargo lambda` or `aws`, which update one function and none of what triggers it.
/// Workers: `npx wrangler`. Vercel: `npx vercel`. Server: `podman`, or else `docker`, makes an image.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask deploy --target cloudflare --dry-run   prints the command and does nothing
  cargo xtask deploy --target cloudflare
  cargo xtask deploy --target lambda --arm64 -- --region eu-west-1 --guided
  cargo xtask deploy --target lambda --with aws      the code of a function that is there
  cargo xtask deploy --target vercel -- --prod
  cargo xtask deploy --target server --with docker -- --tag registry.example/my-fn

Where a login is missing, it says which, and the vendor's command for it.")]
pub struct Args {
    /// The platform to deploy to
    #[arg(long, value_enum, value_name = "lambda|cloudflare|vercel|server")]
    pub target: Target,
    /// The package to deploy; may be left out where only one can be meant
    #[arg(long, short, value_name = "NAME")]
    pub package: Option<String>,
    /// Build native artefacts for 64-bit ARM (Lambda, Vercel, server), as static binaries
    #[arg(long)]
    pub arm64: bool,
    /// The tool to deploy with, where there is a choice; without it, the first that is installed
    #[arg(long, value_enum, value_name = "sam|cargo-lambda|aws|podman|docker")]
    pub with: Option<Cli>,
    /// Print the command instead of building and running it
    #[arg(long)]
    pub dry_run: bool,
    /// What else to tell the vendor's tool, after `--`
    #[arg(last = true, value_name = "ARGUMENT")]
    pub more: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// When the tool is missing, the function does not compile, or the tool fails; the message says what to do.
pub fn run(args: &Args) -> Result<()> {
    let installed = |program: &str| tools::on_path(program).is_some();
    let project = Project::load()?;
    let function = project.function(args.package.as_deref())?;
    let cli = choose(args.target, args.with, installed)?;
    let dir = project.root.join("dist").join(args.target.name()).join(&function.package);
    let NextStep { with, mut command, note } = next_step(cli, args.target, &function, &dir);
    command.extend(args.more.iter().cloned());
    if args.dry_run {
        // What it would do goes to the error stream, so that the command alone can be taken from here.
        ui::step(
            "Would",
            format_args!("build {} for {}, then deploy it to {with}:", function.package, args.target.name()),
        );
        println!("{}", ui::command(&command));
        note.into_iter().for_each(|note| ui::detail(format_args!("({note})")));
        if !installed(cli.program()) {
            ui::warn(format_args!("`{}` is missing here: {}", cli.program(), cli.advice()));
        }
        return Ok(());
    }
    if !installed(cli.program()) {
        bail!("`{}` is missing, and nothing deploys to {} without it\n{}", cli.program(), with, cli.advice());
    }
    by_hand(&build(&project, &function, args)?).iter().for_each(ui::detail);
    ui::step("Deploying", format_args!("{} to {with}:", function.package));
    ui::detail(ui::command(&command));
    note.into_iter().for_each(|note| ui::detail(format_args!("({note})")));
    let status = Command::new(&command[0])
        .args(&command[1..])
        .status()
        .with_context(|| format!("`{}` does not start: {}", command[0], cli.advice()))?;
    if status.success() {
        ui::step("Deployed", format_args!("{} with {}", function.package, cli.name()));
        return Ok(());
    }
    bail!("{} failed ({status}): its messages are above\n{}", cli.name(), why(cli, installed))
}

fn build(project: &Project, function: &Function, args: &Args) -> Result<Artefacts> {
    let options = BuildOptions {
        targets: vec![args.target],
        package: Some(function.package.clone()),
        arm64: args.arm64,
        profile: Profile::Dist,
        local: false,
        out: None::<PathBuf>,
    };
    build_in(project, &options)
}

/// What the triggers need and no configuration can say.
fn by_hand(built: &Artefacts) -> Vec<String> {
    let lambda = built.lambda.iter().flat_map(|artefact| &artefact.by_hand);
    let cloudflare = built.cloudflare.iter().flat_map(|artefact| &artefact.by_hand);
    let vercel = built.vercel.iter().flat_map(|artefact| &artefact.by_hand);
    lambda.chain(cloudflare).chain(vercel).cloned().collect()
}

/// What a failed deployment lacked, as far as the vendor's own tool tells: whether somebody is logged in.
fn why(cli: Cli, installed: impl Fn(&str) -> bool) -> String {
    let Some(Login { question, refused, advice }) = cli.login() else { return cli.trouble().to_owned() };
    if !installed(&question[0]) {
        return format!("where it has no credentials: {advice}");
    }
    let asked = Command::new(&question[0])
        .args(&question[1..])
        .env("CI", "1")
        .env("WRANGLER_SEND_METRICS", "false")
        .env("VERCEL_TELEMETRY_DISABLED", "1")
        .stdin(Stdio::null())
        .output();
    let line = ui::command(&question);
    match asked {
        Ok(output) if output.status.success() && !refused.is_some_and(|words| said(&output).contains(words)) => {
            format!("`{line}` says that you are logged in: the login is not what is missing")
        }
        Ok(_) => format!("you are not logged in (`{line}` says so): {advice}"),
        Err(error) => format!("`{line}` does not start ({error}); where it has no credentials: {advice}"),
    }
}

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}
