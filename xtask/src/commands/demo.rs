//! `cargo xtask demo`.

use std::fmt::{Display, Write as _};
use std::time::{Duration, Instant};

use anstream::println;
use anyhow::{Context as _, Result, bail};

use crate::build::{Artefacts, BuildOptions, Target, build_in};
use crate::local::{self, Options, Running, ask};
use crate::project::Project;
use crate::{tools, ui};

/// The package that stands for all, where a workspace has several.
const EXAMPLE: &str = "hello";
/// What every platform is asked.
const REQUESTS: &[(&str, &str)] = &[
    ("GET", "/?name=Ada"),
    ("GET", "/"),
    ("GET", "/a%20path/?name=Gr%C3%BC%C3%9Fe%20%26%20co"),
    ("HEAD", "/?name=Ada"),
];

/// Build a function for every platform that has an adapter, run it on all of them, and show their answers side by side
///
/// The vendors' tools that are needed are installed into `.anyfn/` the first time. The command fails when a platform
/// answers differently from the others.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask demo
  cargo xtask demo --package echo")]
pub struct Args {
    /// The package to show; `hello` where there are several
    #[arg(long, short, value_name = "NAME")]
    pub package: Option<String>,
}

/// What one platform answered.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    status: u16,
    content_type: String,
    body: String,
}

/// Runs the command.
///
/// # Errors
/// When the function does not compile, a platform does not start or answer, or the answers differ.
pub fn run(args: &Args) -> Result<()> {
    let clock = Instant::now();
    let project = Project::load()?;
    let package = args.package.as_deref().or_else(|| {
        let several = project.function(None).is_err();
        (several && project.has_package(EXAMPLE)).then_some(EXAMPLE)
    });
    let (targets, without): (Vec<_>, Vec<_>) = Target::ALL.into_iter().partition(|target| target.has_adapter());
    if !without.is_empty() {
        ui::warn(format_args!("not shown, since anyfn has no adapter for them yet: {}", names(&without)));
    }
    tools::ready(&targets)?;
    step(1, clock, format_args!("building for {}", names(&targets)));
    let tools = install(&targets);
    let built = build_in(&project, &BuildOptions::local(&targets, package))?;
    for tool in tools {
        match tool.join() {
            Ok(installed) => installed?,
            Err(_) => bail!("the installation of the vendors' tools panicked: its message is above"),
        }
    }
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    let same = runtime.block_on(show(&built, &targets, clock))?;
    let package = &built.function.package;
    if !same {
        bail!(
            "the platforms answered differently, see above: `cargo xtask run --target NAME` serves one, with its log"
        );
    }
    let (last, all) = (targets.last().map_or("server", |target| target.name()), names(&targets));
    ui::step("Done", format_args!("{package} answers on {all} ({})", elapsed(clock)));
    ui::detail(format_args!("change the function, then:  cargo xtask run --target {last} --package {package}"));
    ui::detail(format_args!("pack it for deployment:     cargo xtask build --target {last} --package {package}"));
    Ok(())
}

/// Installs the tools that these targets run on, while the function is built.
fn install(targets: &[Target]) -> Vec<std::thread::JoinHandle<Result<()>>> {
    let mut threads = Vec::new();
    if targets.contains(&Target::Lambda) {
        threads.push(std::thread::spawn(|| tools::rie().map(drop)));
    }
    if targets.contains(&Target::Cloudflare) {
        threads.push(std::thread::spawn(|| tools::npm().map(drop)));
    }
    threads
}

fn names(targets: &[Target]) -> String {
    targets.iter().map(|target| target.name()).collect::<Vec<_>>().join(", ")
}

/// Starts the platforms, asks them, prints the answers; whether they are the same.
async fn show(built: &Artefacts, targets: &[Target], clock: Instant) -> Result<bool> {
    step(2, clock, "starting each platform's own local runtime");
    let mut starting = tokio::task::JoinSet::new();
    for target in targets.iter().copied() {
        let built = built.clone();
        starting.spawn(async move {
            let running = local::start(target, &built, None, &Options::new()).await;
            let running =
                running.with_context(|| format!("{} does not start on {}", built.function.package, target.name()))?;
            Ok::<_, anyhow::Error>((target, running))
        });
    }
    let mut running = Vec::new();
    while let Some(started) = starting.join_next().await {
        running.push(started.context("starting a runtime panicked: its message is above")??);
    }
    running.sort_by_key(|(target, _)| targets.iter().position(|other| other == target));
    step(3, clock, "asking each the same");
    let mut all_same = true;
    for (method, target) in REQUESTS {
        let mut answers = Vec::new();
        for (platform, running) in &running {
            let begin = Instant::now();
            let answer = asked(running, method, target).await;
            let answer = answer.with_context(|| with_log(*platform, running, &format!("{method} {target}")))?;
            answers.push((platform.name(), answer, begin.elapsed()));
        }
        let (text, same) = table(&answers);
        println!("\n{method} {target}\n{text}");
        all_same &= same;
    }
    println!();
    for (platform, running) in &running {
        running.stop().await;
        for violation in running.violations() {
            ui::warn(format_args!("{}: against the platform's protocol: {violation}", platform.name()));
            all_same = false;
        }
    }
    Ok(all_same)
}

async fn asked(running: &Running, method: &str, target: &str) -> Result<Shown> {
    let answer = ask(running.addr(), method, target).await?;
    Ok(Shown {
        status: answer.status,
        content_type: answer.content_type.unwrap_or_else(|| "(no type)".to_owned()),
        body: String::from_utf8_lossy(&answer.body).into_owned(),
    })
}

fn with_log(platform: Target, running: &Running, request: &str) -> String {
    let log = running.logs().join("\n");
    let log = if log.is_empty() { "nothing".to_owned() } else { log };
    format!("{} gives no answer to {request}; it logged:\n{log}", platform.name())
}

/// The answers, one below the other in columns, and whether they are the same.
fn table(answers: &[(&str, Shown, Duration)]) -> (String, bool) {
    let same = answers.iter().all(|(_, answer, _)| *answer == answers[0].1);
    // What most say is taken as right, and the others are marked.
    let votes = |answer: &Shown| answers.iter().filter(|(_, other, _)| other == answer).count();
    let most = answers.iter().map(|(_, answer, _)| votes(answer)).max().unwrap_or_default();
    let mut text = String::new();
    let width = |cell: fn(&Shown) -> usize| answers.iter().map(|(_, answer, _)| cell(answer)).max().unwrap_or_default();
    let (kinds, bodies) =
        (width(|answer| answer.content_type.len()), width(|answer| short(&answer.body).chars().count()));
    for (name, answer, took) in answers {
        let Shown { status, content_type, body } = answer;
        let (body, took) = (short(body), format!("{} ms", took.as_millis()));
        let mark = if votes(answer) == most { "" } else { "   ← differs" };
        let _ = writeln!(text, "{name:>12}  {status}  {content_type:kinds$}  {body:bodies$}  {took:>7}{mark}");
    }
    if answers.len() > 1 {
        let verdict = if same { "same status, type and body" } else { "DIFFERENT" };
        let _ = write!(text, "{:>12}  {verdict}", "");
    }
    (text, same)
}

/// A body in one line.
fn short(body: &str) -> String {
    const WIDTH: usize = 80;
    let line = body.replace(['\r', '\n'], " ");
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}… ({} bytes)", &line[..end], body.len()),
        None if line.is_empty() => "(no body)".to_owned(),
        None => line,
    }
}

fn step(number: usize, clock: Instant, what: impl Display) {
    ui::step("Step", format_args!("{number}/3: {what} ({})", elapsed(clock)));
}

fn elapsed(since: Instant) -> String {
    format!("{:.1} s", since.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Shown, short, table};

    #[test]
    fn answers_stand_in_columns_and_the_odd_one_out_is_marked() {
        let answer = |body: &str| Shown { status: 200, content_type: "text/plain".to_owned(), body: body.to_owned() };
        let time = Duration::from_millis(12);
        let (text, same) = table(&[("lambda", answer("hi"), time), ("server", answer("hi"), time)]);
        assert!(same && text.contains("      lambda  200  text/plain  hi    12 ms\n"), "{text}");
        assert!(text.ends_with("same status, type and body"), "{text}");
        let odd = [("lambda", answer("hi"), time), ("vercel", answer("hello"), time), ("server", answer("hi"), time)];
        let (text, same) = table(&odd);
        assert!(!same && text.contains("      vercel  200  text/plain  hello    12 ms   ← differs\n"), "{text}");
        assert!(text.contains("hi       12 ms\n") && text.ends_with("DIFFERENT"), "{text}");
    }

    #[test]
    fn long_bodies_are_cut_between_characters() {
        assert_eq!(short("{\n}"), "{ }");
        assert_eq!(short(""), "(no body)");
        let cut = short(&"ü".repeat(81));
        assert!(cut.starts_with(&"ü".repeat(80)) && cut.ends_with("… (162 bytes)"), "{cut}");
    }
}
