//! `coldstart`: how long an artefact takes from its process's start to its first answer, beside its later answers.
//!
//! The clock starts before the process does, and stops when the whole first answer has come back, through whatever stands
//! in front of the function on its local runtime. Then the same process is asked again, for the warm answers, and ended.
//! Rounds go through the subjects in alternating order, so that what drifts hits all alike; one start of each comes before
//! them and is not counted, so that files are in memory.

mod figures;
mod svg;
mod table;

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

pub use self::figures::{Measured, Spread};
pub use self::svg::svg;
pub use self::table::table;
use crate::build::{Artefacts, Target};
use crate::local::lambda::{Api, Lambda};
use crate::local::{Options, Running, ask, ask_with, cloudflare, lambda, server, vercel};
use crate::ui;

/// Answers of the same process that follow the first one.
pub const WARM: usize = 10;

/// A Worker that does nothing: what is left is the runtime's own start.
const EMPTY: &str = "export default { fetch() { return new Response(\"\"); } };\n";

/// What is started, and on what.
#[derive(Debug, Clone)]
pub struct Subject {
    /// What it is called in the report.
    pub name: String,
    /// How it is started.
    pub launch: Launch,
    /// The variables of its environment.
    pub env: Vec<(String, String)>,
}

/// How a [`Subject`] is started.
#[derive(Debug, Clone)]
pub enum Launch {
    /// A bootstrap, on our own Runtime API: AWS's emulator would add a shell, and its own start.
    Lambda(PathBuf, Lambda),
    /// A folder of modules, on workerd without Miniflare, which would add Node's start.
    Workerd(PathBuf),
    /// An executable that speaks Vercel's protocol.
    Vercel(PathBuf),
    /// An executable that serves where `HOST` and `PORT` say.
    Server(PathBuf),
}

impl Subject {
    /// A subject without variables.
    #[must_use]
    pub fn new(name: &str, launch: Launch) -> Self {
        Self { name: name.to_owned(), launch, env: Vec::new() }
    }

    async fn start(&self) -> Result<Running> {
        let mut options = Options::new();
        for (name, value) in &self.env {
            options = options.env(name, value);
        }
        match &self.launch {
            Launch::Lambda(bootstrap, lambda) => lambda::start(bootstrap, lambda, &options).await,
            Launch::Workerd(modules) => cloudflare::start_workerd(modules, &options).await,
            Launch::Vercel(executable) => vercel::start(executable, &options).await,
            Launch::Server(executable) => server::start(executable, &options).await,
        }
    }
}

/// What each process is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The method.
    pub method: String,
    /// The request target, byte for byte.
    pub target: String,
    /// The body, if there is one: JSON where it is some, text otherwise.
    pub data: Option<String>,
}

impl Question {
    /// A GET request.
    #[must_use]
    pub fn get(target: &str) -> Self {
        Self { method: "GET".to_owned(), target: target.to_owned(), data: None }
    }

    async fn ask(&self, running: &Running) -> Result<()> {
        let answer = match &self.data {
            Some(data) => ask_with(running.addr(), &self.method, &self.target, data).await?,
            None => ask(running.addr(), &self.method, &self.target).await?,
        };
        if answer.status >= 400 {
            bail!(
                "{self} was answered with {}: {}\n\
                 say what it answers well with --request '/?name=Ada', --method and --data; it logged:\n{}",
                answer.status,
                String::from_utf8_lossy(&answer.body),
                running.logs().join("\n")
            );
        }
        Ok(())
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target)?;
        self.data.as_ref().map_or(Ok(()), |data| write!(f, ", {} bytes", data.len()))
    }
}

/// What was built, and for Workers, before it, a Worker that does nothing, written to `scratch`.
///
/// # Errors
/// When the empty Worker cannot be written.
pub fn subjects(built: &Artefacts, scratch: &std::path::Path) -> Result<Vec<Subject>> {
    let settings = &built.function.settings;
    let env: Vec<_> = settings.env.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut subjects = Vec::new();
    let mut add = |target: Target, launch| subjects.push(Subject::new(target.name(), launch));
    if let Some(artefact) = &built.lambda {
        let mut lambda = Lambda::deployed(settings);
        if lambda.api == Api::Emulator {
            lambda.api = Api::Own { instances: 1, streaming: false };
        }
        add(Target::Lambda, Launch::Lambda(artefact.bootstrap.clone(), lambda));
    }
    if let Some(artefact) = &built.cloudflare {
        add(Target::Cloudflare, Launch::Workerd(artefact.modules.clone()));
    }
    if let Some(artefact) = &built.vercel {
        add(Target::Vercel, Launch::Vercel(artefact.executable.clone()));
    }
    if let Some(artefact) = &built.server {
        add(Target::Server, Launch::Server(artefact.executable.clone()));
    }
    subjects.iter_mut().for_each(|subject| subject.env.clone_from(&env));
    if let Some(artefact) = &built.cloudflare {
        let modules = scratch.join("empty/dist");
        std::fs::create_dir_all(&modules).with_context(|| format!("cannot make {}", modules.display()))?;
        crate::build::write(modules.join("worker.js"), EMPTY)?;
        let config = std::fs::read(&artefact.config).context("the Worker has no wrangler.jsonc")?;
        crate::build::write(scratch.join("empty/wrangler.jsonc"), config)?;
        subjects.push(Subject::new("workerd, empty", Launch::Workerd(modules)));
    }
    Ok(subjects)
}

/// Starts each subject `starts` times and asks it `question`, once cold and [`WARM`] times warm.
///
/// # Errors
/// When one does not start, or answers with an error.
pub async fn measure(subjects: &[Subject], starts: usize, question: &Question) -> Result<Vec<Measured>> {
    let mut measured: Vec<_> = subjects.iter().map(|subject| Measured::of(&subject.name)).collect();
    for round in 0..=starts {
        let mut order: Vec<_> = (0..subjects.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            let subject = &subjects[index];
            ui::passing(format_args!("round {round} of {starts}: {}", subject.name));
            let sample =
                one(subject, question).await.with_context(|| format!("{} cannot be measured", subject.name))?;
            // Round 0 is the one that brings the files into memory.
            if round > 0 {
                measured[index].add(&sample);
            }
        }
    }
    ui::passed();
    Ok(measured)
}

/// One life of a process.
struct Sample {
    ready: Duration,
    first: Duration,
    warm: Vec<Duration>,
}

async fn one(subject: &Subject, question: &Question) -> Result<Sample> {
    let begin = Instant::now();
    let running = subject.start().await?;
    let ready = begin.elapsed();
    question.ask(&running).await?;
    let first = begin.elapsed();
    let mut warm = Vec::with_capacity(WARM);
    for _ in 0..WARM {
        let asked = Instant::now();
        question.ask(&running).await?;
        warm.push(asked.elapsed());
    }
    running.stop().await;
    Ok(Sample { ready, first, warm })
}
