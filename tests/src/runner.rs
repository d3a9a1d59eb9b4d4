//! Runs the table against one runtime.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::check::differences;
use crate::expect::Expect;
use crate::{Answer, Case, Driver, Forced, Happening, Request, Told};

/// How long a line may take to reach the log.
const LOG_PATIENCE: Duration = Duration::from_secs(5);
/// How much later than an answer a line may be read that was written before it: it comes through pipes of its own. Half of
/// what echo's work after the answer takes.
const LOG_LAG: Duration = Duration::from_millis(150);

/// How one row went on one runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// As on every other runtime.
    Passed,
    /// With the difference that the platform forces, for this reason.
    Forced(String),
    /// The runtime cannot be asked this, for this reason.
    NotRun(String),
    /// With these differences, which nothing excuses.
    Failed(Vec<String>),
}

/// What became of the whole table on one runtime.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The driver's name.
    pub driver: String,
    /// Each row with its verdict, in the table's order.
    pub outcomes: Vec<(&'static Case, Verdict)>,
    /// What the runtime did against its platform's protocol, whatever its answers were.
    pub violations: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    /// The rows that failed, with the differences.
    pub fn failures(&self) -> Vec<(&'static Case, &[String])> {
        self.outcomes
            .iter()
            .filter_map(|(case, verdict)| match verdict {
                Verdict::Failed(wrong) => Some((*case, &wrong[..])),
                _ => None,
            })
            .collect()
    }

    /// Whether no row failed and no protocol was broken.
    pub fn is_green(&self) -> bool {
        self.failures().is_empty() && self.violations.is_empty()
    }

    /// How many rows passed, forced differences included.
    pub fn passed(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Passed | Verdict::Forced(_)))
    }

    /// How many rows have some verdict.
    pub fn count(&self, of: impl Fn(&Verdict) -> bool) -> usize {
        self.outcomes.iter().filter(|(_, verdict)| of(verdict)).count()
    }
}

/// `server: 150 passed (3 of them forced), 0 failed, 2 not run in 4.1 s`, and what is wrong with each failed row.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} passed ({} of them forced), {} failed, {} not run in {:.1} s",
            self.driver,
            self.passed(),
            self.count(|verdict| matches!(verdict, Verdict::Forced(_))),
            self.failures().len(),
            self.count(|verdict| matches!(verdict, Verdict::NotRun(_))),
            self.took.as_secs_f64()
        )?;
        for (case, wrong) in self.failures() {
            write!(f, "\n  FAILED {} on {}: {} {}", case.name, self.driver, case.request.method, case.request.target)?;
            for difference in wrong {
                write!(f, "\n    {difference}")?;
            }
        }
        for violation in &self.violations {
            write!(f, "\n  FAILED {}: against the platform's protocol: {violation}", self.driver)?;
        }
        Ok(())
    }
}

/// Runs `cases` against `driver`: several at once where the driver allows it, those that measure time or disturb
/// others by themselves afterwards.
pub fn run(driver: &dyn Driver, cases: &'static [Case]) -> Report {
    let start = Instant::now();
    let together: Vec<usize> = (0..cases.len()).filter(|at| !cases[*at].alone).collect();
    let verdicts: Mutex<Vec<Option<Verdict>>> = Mutex::new(vec![None; cases.len()]);
    let keep = |at: usize| {
        let verdict = judge(driver, &cases[at]);
        verdicts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)[at] = Some(verdict);
    };
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..driver.at_once().max(1) {
            scope.spawn(|| {
                while let Some(at) = together.get(next.fetch_add(1, Ordering::Relaxed)) {
                    keep(*at);
                }
            });
        }
    });
    (0..cases.len()).filter(|at| cases[*at].alone).for_each(keep);
    let verdicts = verdicts.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let outcomes = cases.iter().zip(verdicts.into_iter().flatten()).collect();
    Report { driver: driver.name().to_owned(), outcomes, violations: driver.end(), took: start.elapsed() }
}

/// Runs one row.
pub fn judge(driver: &dyn Driver, case: &Case) -> Verdict {
    let forced = case.forced_on(driver.name()).or_else(|| driver.forced(case.name));
    if let Some(forced) = forced.filter(|forced| forced.not_run) {
        return Verdict::NotRun(forced.why.to_owned());
    }
    if let Err(why) = driver.can(case.needs) {
        return Verdict::NotRun(why);
    }
    if let Some(event) = &case.event {
        return happen(driver, case, event, forced);
    }
    if let Some(after) = case.leaves {
        return leave(driver, case, Duration::from_millis(after));
    }
    let expect = Expect::of(case, forced.as_ref());
    let reply = match driver.send(&case.request) {
        Ok(reply) => reply,
        Err(error) => return Verdict::Failed(vec![format!("no answer: {error}")]),
    };
    let mut wrong = check_log(driver, &expect);
    wrong.extend(differences(driver, &case.request, &expect, &reply));
    if let Some(target) = case.then {
        match driver.send(&Request::get(target)) {
            Ok(next) if next.status == 200 => {}
            Ok(next) => wrong.push(format!("the next request, GET {target}, is answered with {}", next.status)),
            Err(error) => wrong.push(format!("the next request, GET {target}, is not answered: {error}")),
        }
    }
    match forced {
        _ if !wrong.is_empty() => Verdict::Failed(wrong),
        // The order of answer and log is checked above, and differs from what it is elsewhere.
        Some(forced) if expect.answer.iter().any(|answer| matches!(answer, Answer::LogsBefore(_))) => {
            Verdict::Forced(forced.why.to_owned())
        }
        Some(_) if differences(driver, &case.request, &Expect::of(case, None), &reply).is_empty() => {
            Verdict::Failed(vec!["nothing is forced here any more: take the difference out of the row".to_owned()])
        }
        Some(forced) => Verdict::Forced(forced.why.to_owned()),
        None => Verdict::Passed,
    }
}

fn check_log(driver: &dyn Driver, expect: &Expect) -> Vec<String> {
    let Some(mut logs) = driver.logs() else { return Vec::new() };
    let mut wrong = Vec::new();
    for answer in &expect.answer {
        let text = match answer {
            Answer::Logs(text) => text,
            Answer::LogsAfter(text) => {
                if logs.contains(text) {
                    wrong.push(format!("the line {text:?} was logged before the answer came"));
                }
                text
            }
            Answer::LogsBefore(text) => {
                let start = Instant::now();
                while !logs.contains(text) && start.elapsed() < LOG_LAG {
                    std::thread::sleep(Duration::from_millis(10));
                    logs = driver.logs().unwrap_or_default();
                }
                if !logs.contains(text) {
                    wrong.push(format!("the line {text:?} was not in the log when the answer came"));
                }
                continue;
            }
            _ => continue,
        };
        let start = Instant::now();
        while !logs.contains(text) && start.elapsed() < LOG_PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
            logs = driver.logs().unwrap_or_default();
        }
        if !logs.contains(text) {
            wrong.push(format!("no line with {text:?} in the log within {} s", LOG_PATIENCE.as_secs()));
        }
    }
    wrong
}

/// Lets a row's client go away.
fn leave(driver: &dyn Driver, case: &Case, after: Duration) -> Verdict {
    if driver.logs().is_none() {
        return Verdict::NotRun("the log cannot be read".to_owned());
    }
    if let Err(error) = driver.leave(&case.request, after) {
        return match error.kind() {
            std::io::ErrorKind::Unsupported => Verdict::NotRun(error.to_string()),
            _ => Verdict::Failed(vec![format!("the request could not be sent: {error}")]),
        };
    }
    match check_log(driver, &Expect::of(case, None)) {
        wrong if wrong.is_empty() => Verdict::Passed,
        wrong => Verdict::Failed(wrong),
    }
}

/// Lets an event of a row happen.
fn happen(driver: &dyn Driver, case: &Case, event: &Happening, forced: Option<Forced>) -> Verdict {
    let told = match driver.happen(event) {
        Ok(Told::Never(why)) => return Verdict::NotRun(why),
        Ok(told) => told,
        Err(error) => return Verdict::Failed(vec![format!("nothing became of it: {error}")]),
    };
    let wrong_by = |answers: &[Answer]| -> Vec<String> {
        answers.iter().filter_map(|answer| check_told(driver, answer, &told).err()).collect()
    };
    match forced {
        None => match wrong_by(case.answer) {
            wrong if wrong.is_empty() => Verdict::Passed,
            wrong => Verdict::Failed(wrong),
        },
        Some(forced) => match wrong_by(forced.answer) {
            wrong if !wrong.is_empty() => Verdict::Failed(wrong),
            _ if wrong_by(case.answer).is_empty() => {
                Verdict::Failed(vec!["nothing is forced here any more: take the difference out of the row".to_owned()])
            }
            _ => Verdict::Forced(forced.why.to_owned()),
        },
    }
}

fn check_told(driver: &dyn Driver, answer: &Answer, told: &Told) -> Result<(), String> {
    match answer {
        Answer::Again(items) if *told == Told::Again(items.to_vec()) => Ok(()),
        Answer::Again(items) => {
            Err(format!("expected that the items {items:?} come again, the platform was told {told:?}"))
        }
        Answer::Replied(json) => {
            let expected: Value = serde_json::from_str(json).map_err(|error| format!("the row is no JSON: {error}"))?;
            match told {
                Told::Json(json) if serde_json::from_str::<Value>(json).is_ok_and(|json| json == expected) => Ok(()),
                other => Err(format!("expected the answer {json}, the platform was told {other:?}")),
            }
        }
        Answer::Event(json) => {
            let expected: Value = serde_json::from_str(json).map_err(|error| format!("the row is no JSON: {error}"))?;
            let start = Instant::now();
            loop {
                let logs = driver.logs().unwrap_or_default();
                let mut events =
                    logs.lines().filter_map(|line| line.split_once("event {")).map(|(_, rest)| format!("{{{rest}"));
                if events.any(|event| serde_json::from_str(&event).is_ok_and(|event: Value| has(&event, &expected))) {
                    return Ok(());
                }
                if start.elapsed() > LOG_PATIENCE {
                    return Err(format!("no event {json} was logged within {} s", LOG_PATIENCE.as_secs()));
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        other => Err(format!("{other:?} says nothing of an event")),
    }
}

/// Whether `json` has all members of `expected`, each with the same value.
fn has(json: &Value, expected: &Value) -> bool {
    let Some(expected) = expected.as_object() else { return json == expected };
    expected.iter().all(|(name, value)| json.get(name) == Some(value))
}
