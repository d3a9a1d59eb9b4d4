//! Lambda: each program at a Runtime API of ours.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use super::events::{Posted, payload2, s3, sqs};
use super::feed::{Feed, Heard};
use super::figures::{Figures, OURS, Unit};
use super::process::Measured;
use super::subjects::{Subject, ours, peers};
use super::{Bench, Pace, alternating, callgrind};
use crate::build::Target;
use crate::project::Project;
use crate::ui;

/// How long one run may take, valgrind's slowness included.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is asked of the programs, and how often.
struct Work<'a> {
    name: &'static str,
    event: Vec<u8>,
    counts: (u64, u64),
    /// What stands in each right answer.
    sign: &'static str,
    subjects: &'a [Subject],
}

pub(super) fn measure(project: &Project, pace: Pace, figures: &mut Figures) -> Result<()> {
    let own = |package| {
        Ok::<_, anyhow::Error>(ours(project, package, Target::Lambda)?.lambda.context("not built")?.bootstrap)
    };
    let mut http = vec![Subject::new(OURS, own("bench-http")?)];
    let (mut axum, mut events) = (Vec::new(), Vec::new());
    let mut stream = http.clone();
    stream[0].env.push(("ANYFN_LAMBDA_STREAMING", "1"));
    if !pace.own {
        let packages =
            ["peer-lambda-raw", "peer-lambda-http", "peer-lambda-axum", "peer-lambda-stream", "peer-lambda-events"];
        let dir = peers(project, &packages, None)?;
        http.push(Subject::new("by hand", dir.join("peer-lambda-raw")));
        http.push(Subject::new("lambda_http", dir.join("peer-lambda-http")));
        axum.push(Subject::new(OURS, own("bench-axum")?));
        axum.push(Subject::new("lambda_http + axum", dir.join("peer-lambda-axum")));
        stream.push(Subject::new("lambda_http + axum", dir.join("peer-lambda-stream")));
        events.push(Subject::new(OURS, own("bench-events")?));
        events.push(Subject::new("by hand", dir.join("peer-lambda-events")));
    }
    let mut objects = events.clone();
    objects.iter_mut().skip(1).for_each(|subject| subject.arguments.push("s3"));

    for subject in &http {
        subject.weigh(Bench::Lambda, "hello", figures)?;
    }
    let echo = |name, body, counts, sign| Work {
        name,
        event: payload2("POST", "/echo", "", 15, Some(body)),
        counts,
        sign,
        subjects: &http,
    };
    let works = [
        Work { name: "GET hello", event: hello(15), counts: (50, 250), sign: "Hello, Ada!", subjects: &http },
        echo("POST 1 KB", Posted::Text(1 << 10), (50, 250), "200"),
        echo("POST 100 KB of text", Posted::Text(100 << 10), (4, 12), "200"),
        echo("POST 1 MB of bytes", Posted::Binary(1 << 20), (2, 6), "200"),
        Work {
            name: "axum, one of 30 routes",
            event: payload2("GET", "/areas/17/items/4711", "", 15, None),
            counts: (50, 250),
            sign: "4711",
            subjects: &axum,
        },
        Work { name: "SQS, 10 messages", event: sqs(), counts: (50, 250), sign: "", subjects: &events },
        Work { name: "S3, one object", event: s3(), counts: (50, 250), sign: "", subjects: &objects },
        Work {
            name: "1 MB streamed",
            event: payload2("GET", "/stream", "", 15, None),
            counts: (4, 12),
            sign: "xxx",
            subjects: &stream,
        },
    ];
    for work in works.iter().filter(|work| !work.subjects.is_empty()) {
        ui::detail(work.name);
        alternating(work.subjects, pace.counted(), |subject| {
            let instructions = counted(subject, work)?;
            figures.add(Bench::Lambda, work.name, Unit::Instructions, subject.name, instructions);
            Ok(())
        })?;
    }
    if pace.own {
        return Ok(());
    }
    if !pace.quick {
        // Nothing is written, so nothing is drawn.
        plots(&http, figures)?;
    }
    timed(&works[0], pace, figures)
}

fn hello(headers: usize) -> Vec<u8> {
    payload2("GET", "/hello", "name=Ada", headers, None)
}

/// The instructions of one invocation: of runs of two lengths, what the longer one takes more.
fn counted(subject: &Subject, work: &Work<'_>) -> Result<f64> {
    let of = |count| -> Result<f64> {
        let mut run = Run::start(callgrind::command(&subject.program)?, subject, &work.event, count)?;
        run.until_done(subject, work)?;
        run.process.stop();
        Ok(callgrind::collected(&mut run.process.0)? as f64)
    };
    let (few, many) = work.counts;
    Ok((of(many)? - of(few)?) / (many - few) as f64)
}

/// Start, memory and CPU time.
fn timed(work: &Work<'_>, pace: Pace, figures: &mut Figures) -> Result<()> {
    ui::detail("start, memory and CPU time");
    let invocations = if pace.quick { 500 } else { 2000 };
    alternating(work.subjects, pace.timed(), |subject| {
        let begin = Instant::now();
        let mut run = Run::start(Command::new(&subject.program), subject, &work.event, invocations)?;
        let first = run.first(subject)?;
        let before = run.process.cpu()?;
        run.until_done(subject, work)?;
        let cpu = (run.process.cpu()? - before) / invocations as f64;
        let mut note = |work, unit, value| figures.add(Bench::Lambda, work, unit, subject.name, value);
        note("start, to the first request for an event", Unit::Milliseconds, (first - begin).as_secs_f64() * 1000.0);
        note("GET hello", Unit::Microseconds, cpu);
        note("GET hello, peak memory", Unit::Megabytes, run.process.peak()?);
        Ok(())
    })
}

/// Instructions by the size of a body and by the number of headers.
fn plots(subjects: &[Subject], figures: &mut Figures) -> Result<()> {
    ui::detail("by size of the body and by number of headers");
    let sizes = [1, 64, 256, 512, 1024];
    let headers = [5, 25, 50, 75, 100];
    for subject in subjects {
        let mut point = |plot: &str, at: usize, event, counts| -> Result<()> {
            let work = Work { name: "", event, counts, sign: "200", subjects: &[] };
            let instructions = counted(subject, &work)?;
            let line = figures.lines.entry(plot.to_owned()).or_default().entry(subject.name.to_owned()).or_default();
            line.push((at as f64, instructions));
            Ok(())
        };
        for kb in sizes {
            for (plot, body) in [("lambda-text", Posted::Text(kb << 10)), ("lambda-bytes", Posted::Binary(kb << 10))] {
                point(plot, kb, payload2("POST", "/echo", "", 15, Some(body)), (2, 6))?;
            }
        }
        for count in headers {
            point("lambda-headers", count, hello(count), (20, 70))?;
        }
    }
    Ok(())
}

/// One process and what feeds it.
struct Run {
    process: Measured,
    feed: Feed,
}

impl Run {
    fn start(mut command: Command, subject: &Subject, event: &[u8], count: u64) -> Result<Self> {
        let feed = Feed::start(event, count)?;
        command
            .args(&subject.arguments)
            .env_clear()
            .envs([
                ("PATH", "/usr/local/bin:/usr/bin:/bin"),
                ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_REGION", "eu-west-1"),
            ])
            .env("AWS_LAMBDA_RUNTIME_API", feed.addr.to_string())
            .envs(subject.env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        Ok(Self { process: Measured::start(&mut command)?, feed })
    }

    fn first(&mut self, subject: &Subject) -> Result<Instant> {
        match self.hear(subject)? {
            Heard::First(at) => Ok(at),
            other => bail!("{} asked for no event: {other:?}", subject.name),
        }
    }

    fn until_done(&mut self, subject: &Subject, work: &Work<'_>) -> Result<()> {
        loop {
            match self.hear(subject)? {
                Heard::First(_) => {}
                Heard::Done => break,
                Heard::Failed(why) => bail!("{} at {}: {why}", subject.name, work.name),
            }
        }
        let answer =
            self.feed.answer().with_context(|| format!("{} answered nothing to {}", subject.name, work.name))?;
        let text = String::from_utf8_lossy(&answer);
        ensure!(text.contains(work.sign), "{} answered {} with {text:.300}", subject.name, work.name);
        Ok(())
    }

    /// The next word; an early end of the process is none.
    fn hear(&mut self, subject: &Subject) -> Result<Heard> {
        let begin = Instant::now();
        loop {
            match self.feed.heard.recv_timeout(Duration::from_millis(200)) {
                Ok(heard) => return Ok(heard),
                Err(_) if self.process.0.try_wait()?.is_some() => {
                    let told = callgrind::collected(&mut self.process.0);
                    bail!("{} has ended: {told:?}", subject.name);
                }
                Err(_) => ensure!(begin.elapsed() < PATIENCE, "{} hangs", subject.name),
            }
        }
    }
}
