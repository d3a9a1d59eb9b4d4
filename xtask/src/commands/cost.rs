//! `cargo xtask cost`.

use std::time::{Duration, Instant};

use anstream::println;
use anyfn_cost::{Architecture, Bill, Usage, bills};
use anyhow::{Context as _, Result, bail};

use crate::build::{BuildOptions, Profile, Target, build_in};
use crate::local::{self, Options, ask, usage};
use crate::project::Project;
use crate::ui;

/// What Lambda, Workers and Vercel bill for a month of a function
///
/// List prices in US dollars, with what each plan includes, from dated tables that name their sources; without taxes,
/// traffic, logs, and what stands in front of a function.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask cost --invocations 3000000 --duration-ms 120 --memory-mb 512
  cargo xtask cost --invocations 3000000 --duration-ms 120 --cpu-ms 8   it computes for 8 ms and waits for 112
  cargo xtask cost --invocations 3000000 --measure --package hello      duration, CPU time and memory as measured here
  cargo xtask cost --invocations 3000000 --duration-ms 120 --json

The Lambda compute part is GB-seconds = invocations × (duration in ms / 1000) × (memory in MB / 1024), of which
the first 400,000 of a month are free, at $0.0000166667 each.")]
pub struct Args {
    /// How often the function runs in a month
    #[arg(long, value_name = "N", value_parser = whole)]
    pub invocations: u64,
    /// How long it runs on average, waiting included
    #[arg(long, value_name = "MS", required_unless_present = "measure")]
    pub duration_ms: Option<f64>,
    /// For how much of that it computes; all of it unless told (Workers and Vercel bill CPU time)
    #[arg(long, value_name = "MS")]
    pub cpu_ms: Option<f64>,
    /// The memory it is given; 128 unless told
    #[arg(long, value_name = "MB")]
    pub memory_mb: Option<u32>,
    /// On 64-bit ARM, where the price differs
    #[arg(long)]
    pub arm64: bool,
    /// Take what is not given from a run of the function: built for deployment, served here, asked 200 times
    #[arg(long)]
    pub measure: bool,
    /// The package to measure; may be left out where only one can be meant
    #[arg(long, short, value_name = "NAME", requires = "measure")]
    pub package: Option<String>,
    /// What to ask it for while it is measured
    #[arg(long, value_name = "TARGET", default_value = "/", requires = "measure")]
    pub request: String,
    /// As JSON, for another program
    #[arg(long)]
    pub json: bool,
}

/// A count as people write it: `3000000`, `3_000_000`, `3,000,000`.
fn whole(text: &str) -> Result<u64, String> {
    let digits = text.replace(['_', ','], "");
    digits.parse().map_err(|_| "a count is a whole number, such as 3000000 or 3_000_000".to_owned())
}

/// Runs the command.
///
/// # Errors
/// When the figures make no sense, or the function to measure does not compile, start or answer well.
pub fn run(args: &Args) -> Result<()> {
    let mut use_of = Usage {
        invocations: args.invocations,
        duration_ms: args.duration_ms.unwrap_or_default(),
        memory_mb: args.memory_mb.unwrap_or(128),
        cpu_ms: args.cpu_ms,
        architecture: if args.arm64 { Architecture::Arm64 } else { Architecture::X86_64 },
    };
    if args.measure {
        let measured = measure(args)?;
        use_of.duration_ms = args.duration_ms.unwrap_or(measured.duration_ms);
        use_of.cpu_ms = Some(args.cpu_ms.unwrap_or(measured.cpu_ms).min(use_of.duration_ms));
        use_of.memory_mb = args.memory_mb.unwrap_or(measured.memory_mb.max(128));
    }
    let bills = bills(&use_of)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&serde_json::json!({ "usage": use_of, "bills": bills }))?);
    } else {
        println!("{}", table(&use_of, &bills));
    }
    Ok(())
}

struct Measured {
    duration_ms: f64,
    cpu_ms: f64,
    memory_mb: u32,
}

/// Serves the function natively and asks it.
fn measure(args: &Args) -> Result<Measured> {
    const WARM: u32 = 20;
    const COUNTED: u32 = 200;
    let options =
        BuildOptions { profile: Profile::Dist, ..BuildOptions::local(&[Target::Server], args.package.as_deref()) };
    let built = build_in(&Project::load()?, &options)?;
    ui::step("Measuring", format_args!("{}: GET {}, {COUNTED} times", built.function.package, args.request));
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    let measured = runtime.block_on(async {
        let running = local::start(Target::Server, &built, None, &Options::new()).await?;
        let one = async || {
            let answer = ask(running.addr(), "GET", &args.request).await?;
            if answer.status >= 400 {
                bail!(
                    "it answered {} with {}\nsay with --request what it answers well, such as --request '/?name=Ada'; it logged:\n{}",
                    answer.status,
                    String::from_utf8_lossy(&answer.body),
                    running.logs().join("\n")
                );
            }
            anyhow::Ok(())
        };
        for _ in 0..WARM {
            one().await?;
        }
        let before = usage::of(&running)?;
        let (begin, mut took) = (Instant::now(), Duration::ZERO);
        for _ in 0..COUNTED {
            one().await?;
            took = begin.elapsed();
        }
        let after = usage::of(&running)?;
        running.stop().await;
        let each = |time: Duration| time.as_secs_f64() * 1000.0 / f64::from(COUNTED);
        anyhow::Ok(Measured {
            duration_ms: each(took),
            cpu_ms: each(after.cpu.saturating_sub(before.cpu)),
            memory_mb: u32::try_from(after.peak_memory.div_ceil(1 << 20)).unwrap_or(u32::MAX),
        })
    })?;
    let Measured { duration_ms, cpu_ms, memory_mb } = measured;
    ui::detail(format_args!(
        "{duration_ms:.2} ms each, {cpu_ms:.2} ms of them CPU time, {memory_mb} MB at most: on this machine, which is none of theirs"
    ));
    Ok(measured)
}

/// The bills, one below the other, with what each comes from.
fn table(usage: &Usage, bills: &[Bill]) -> String {
    use std::fmt::Write as _;
    let mut text = format!(
        "{} invocations a month of {} ms ({} ms CPU) with {} MB\n",
        grouped(usage.invocations as f64),
        figure(usage.duration_ms),
        figure(usage.cpu_ms()),
        usage.memory_mb
    );
    for bill in bills {
        let total = format!("${:.2}", bill.total);
        let _ = writeln!(text, "\n{:<32}{total:>12}", bill.platform.to_string());
        for line in &bill.lines {
            let cost = match line.cost < 0.0 {
                true => format!("-${:.2}", -line.cost),
                false => format!("${:.2}", line.cost),
            };
            let used = match line.unit {
                "month" => String::new(),
                unit if line.free > 0.0 => {
                    format!("   {} {unit}, {} of them free", grouped(line.used), grouped(line.free.min(line.used)))
                }
                unit => format!("   {} {unit}", grouped(line.used)),
            };
            let _ = writeln!(text, "  {:<30}{cost:>12}{used}", line.what);
        }
        for note in &bill.notes {
            let _ = writeln!(text, "  ({note})");
        }
        let _ = writeln!(text, "  ({}; as of {})", bill.source, bill.as_of);
    }
    text.truncate(text.trim_end().len());
    text
}

/// A number with its thousands apart, and decimals only where it is small.
fn grouped(number: f64) -> String {
    let plain = if number >= 1000.0 || number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number:.2}") };
    let (whole, fraction) = plain.split_once('.').map_or((plain.as_str(), ""), |(whole, fraction)| (whole, fraction));
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if fraction.is_empty() { text } else { format!("{text}.{fraction}") }
}

/// A number of milliseconds with at most two decimals.
fn figure(ms: f64) -> String {
    let text = format!("{ms:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use anyfn_cost::{Usage, bills};

    use super::{figure, grouped, table, whole};

    #[test]
    fn the_table_says_totals_and_what_they_come_from() {
        let usage = Usage { invocations: 3_000_000, duration_ms: 120.0, memory_mb: 512, ..Usage::default() };
        let text = table(&usage, &bills(&usage).unwrap());
        assert!(text.starts_with("3,000,000 invocations a month of 120 ms (120 ms CPU) with 512 MB\n"), "{text}");
        for part in [
            "AWS Lambda                             $0.40\n",
            "  compute                              $0.00   180,000 GB-s, 180,000 of them free\n",
            "  requests                             $0.40   3,000,000 requests, 1,000,000 of them free\n",
            "Cloudflare Workers                    $11.60\n",
            "  (a Worker has 128 MB, not 512)\n",
            "  credit of the plan                 -$16.72",
        ] {
            assert!(text.contains(part), "no {part:?} in:\n{text}");
        }
    }

    #[test]
    fn numbers_are_read_and_written_as_people_do() {
        assert_eq!(
            [whole("3000000"), whole("3_000_000"), whole("3,000,000")],
            [Ok(3_000_000), Ok(3_000_000), Ok(3_000_000)]
        );
        assert!(whole("3e6").is_err() && whole("-1").is_err() && whole("").is_err());
        assert_eq!([0.0, 999.5, 1234.5, 1_234_567.0].map(grouped), ["0", "999.50", "1,234", "1,234,567"]);
        assert_eq!([120.0, 0.5, 0.126].map(figure), ["120", "0.5", "0.13"]);
    }
}
