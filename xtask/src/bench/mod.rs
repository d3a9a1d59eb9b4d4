//! `bench`: the same function on anyfn and on what it replaces, measured in one run.
//!
//! Counts come before seconds: instructions by callgrind, allocations by a counting allocator, bytes of artefacts. What is
//! timed is taken in rounds, each program in a process of its own, the order reversed from round to round, and said as a
//! median with its spread.

mod callgrind;
pub(crate) mod committed;
mod core;
mod events;
mod feed;
pub(crate) mod figures;
mod goals;
mod lambda;
mod load;
mod plot;
mod process;
pub(crate) mod report;
mod served;
mod server;
mod subjects;
mod vercel;
mod workers;

use anyhow::Result;

use self::figures::Figures;
use crate::project::Project;
use crate::ui;

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bench {
    /// Dispatch in memory
    Core,
    /// AWS Lambda
    Lambda,
    /// Cloudflare Workers
    Cloudflare,
    /// Vercel
    Vercel,
    /// The plain server
    Server,
}

impl Bench {
    /// All, in the order in which they are shown.
    pub(crate) const ALL: [Self; 5] = [Self::Core, Self::Lambda, Self::Cloudflare, Self::Vercel, Self::Server];

    /// Its heading.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Core => "Core",
            Self::Lambda => "AWS Lambda",
            Self::Cloudflare => "Cloudflare Workers",
            Self::Vercel => "Vercel",
            Self::Server => "Server",
        }
    }
}

/// How long to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    pub(crate) quick: bool,
    /// For the check alone: anyfn's own counts and sizes, and nothing that is timed.
    pub(crate) own: bool,
}

impl Pace {
    /// Rounds of what is counted, which hardly differs from one to the next.
    fn counted(self) -> usize {
        if self.quick || self.own { 1 } else { 3 }
    }

    /// Rounds of what is timed.
    fn timed(self) -> usize {
        match self {
            Self { own: true, .. } => 0,
            Self { quick: true, .. } => 3,
            _ => 15,
        }
    }
}

/// Measures.
///
/// # Errors
/// When something does not compile or does not answer as it should, or valgrind is missing.
pub(crate) fn measure(project: &Project, which: &[Bench], pace: Pace) -> Result<Figures> {
    // Before anybody waits for a build.
    crate::tools::valgrind()?;
    let mut figures = Figures::default();
    for bench in which {
        ui::step("Measuring", bench.title());
        match bench {
            Bench::Core => core::measure(project, pace, &mut figures)?,
            Bench::Lambda => lambda::measure(project, pace, &mut figures)?,
            Bench::Cloudflare => workers::measure(project, pace, &mut figures)?,
            Bench::Vercel => vercel::measure(project, pace, &mut figures)?,
            Bench::Server => server::measure(project, pace, &mut figures)?,
        }
    }
    Ok(figures)
}

/// Calls `one` for each subject in `rounds` rounds, every other one from the last to the first: what drifts hits all alike.
fn alternating<T>(subjects: &[T], rounds: usize, mut one: impl FnMut(&T) -> Result<()>) -> Result<()> {
    for round in 0..rounds {
        let order: Box<dyn Iterator<Item = &T>> =
            if round % 2 == 0 { Box::new(subjects.iter()) } else { Box::new(subjects.iter().rev()) };
        order.into_iter().try_for_each(&mut one)?;
    }
    Ok(())
}
