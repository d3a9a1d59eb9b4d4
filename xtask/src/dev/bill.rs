//! What an invocation would be billed: what counts on each platform, and what a million of the same would cost.

use std::time::Duration;

use anyfn_cost::{CloudflarePrices, LambdaPrices, VercelPrices};
use serde::Serialize;

use crate::build::Target;

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    /// From its beginning to its end.
    pub(super) duration: Duration,
    /// What the platform itself calls billed.
    pub(super) billed: Option<Duration>,
    /// Time on the processor.
    pub(super) cpu: Option<Duration>,
    /// The memory that the settings give the function, in MB.
    pub(super) memory: u32,
}

/// The price of a million invocations on one platform.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Price {
    pub(super) platform: &'static str,
    /// In dollars: list prices, with neither plans nor what is free.
    pub(super) dollars: f64,
    /// What counts.
    pub(super) counts: String,
}

const MILLION: f64 = 1e6;
const MS_PER_HOUR: f64 = 3_600_000.0;

impl Measured {
    fn lambda_ms(&self) -> f64 {
        // Lambda rounds up to whole milliseconds.
        (self.billed.unwrap_or(self.duration).as_secs_f64() * 1e3).ceil()
    }

    fn cpu_ms(&self) -> f64 {
        self.cpu.map_or(f64::NAN, |cpu| cpu.as_secs_f64() * 1e3)
    }

    fn vercel_memory() -> u32 {
        VercelPrices::get().memory_mb.first().copied().unwrap_or(2048)
    }

    /// What `target` bills, in a few words; the time on the processor where the target is a machine of one's own.
    pub(super) fn words(&self, target: Target) -> Option<String> {
        let cpu = self.cpu.map(|_| format!("{} ms CPU", short(self.cpu_ms())));
        Some(match target {
            Target::Lambda => format!("billed {} ms × {} MB", self.lambda_ms(), self.memory),
            Target::Cloudflare => format!("billed {}", cpu?),
            Target::Vercel => {
                let wall = format!("{} ms × {} MB", short(self.duration.as_secs_f64() * 1e3), Self::vercel_memory());
                format!("billed {} + {wall}", cpu?)
            }
            Target::Server => cpu?,
        })
    }

    /// What a million of these cost on `target`; on every platform where the target is none of theirs.
    pub(super) fn million(&self, target: Target) -> Vec<Price> {
        let wanted = |platform: Target| target == platform || target == Target::Server;
        let mut prices = Vec::new();
        if wanted(Target::Lambda) {
            let list = LambdaPrices::get();
            let gb_seconds = self.lambda_ms() / 1e3 * f64::from(self.memory) / 1024.0;
            let counts = format!("a request, {} ms × {} MB", self.lambda_ms(), self.memory);
            let dollars = MILLION * (list.request + gb_seconds * list.gb_second.x86_64);
            prices.push(Price { platform: "Lambda", dollars, counts });
        }
        if let (true, Some(_)) = (wanted(Target::Cloudflare), self.cpu) {
            let list = CloudflarePrices::get();
            let counts = format!("a request, {} ms of CPU", short(self.cpu_ms()));
            let dollars = MILLION * (list.request + self.cpu_ms() * list.cpu_ms);
            prices.push(Price { platform: "Workers", dollars, counts });
        }
        if let (true, Some(_)) = (wanted(Target::Vercel), self.cpu) {
            let list = VercelPrices::get();
            let (wall, memory) = (self.duration.as_secs_f64() * 1e3, Self::vercel_memory());
            let gb_hours = wall / MS_PER_HOUR * f64::from(memory) / 1024.0;
            let counts = format!(
                "an invocation, {} ms of CPU, {} ms × {memory} MB for an instance that serves it alone",
                short(self.cpu_ms()),
                short(wall)
            );
            let hours = self.cpu_ms() / MS_PER_HOUR;
            let dollars = MILLION * (list.invocation + hours * list.cpu_hour + gb_hours * list.gb_hour);
            prices.push(Price { platform: "Vercel", dollars, counts });
        }
        prices
    }
}

/// Milliseconds for people: whole ones, and below ten with a decimal.
pub(super) fn short(millis: f64) -> String {
    if millis < 9.95 { format!("{millis:.1}") } else { format!("{millis:.0}") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Measured;
    use crate::build::Target;

    fn measured() -> Measured {
        Measured {
            duration: Duration::from_micros(99_500),
            billed: None,
            cpu: Some(Duration::from_micros(2_000)),
            memory: 512,
        }
    }

    #[test]
    fn each_platform_bills_something_else() {
        let words = |target| measured().words(target).unwrap();
        assert_eq!(words(Target::Lambda), "billed 100 ms × 512 MB");
        assert_eq!(words(Target::Cloudflare), "billed 2.0 ms CPU");
        assert_eq!(words(Target::Vercel), "billed 2.0 ms CPU + 100 ms × 2048 MB");
        assert_eq!(words(Target::Server), "2.0 ms CPU");
        assert_eq!(Measured { cpu: None, ..measured() }.words(Target::Cloudflare), None);
    }

    #[test]
    fn a_million_costs_what_the_price_lists_say() {
        let dollars = |target| measured().million(target)[0].dollars;
        // $0.20 of requests; 0.1 s × 0.5 GB × a million × $0.0000166667.
        assert!((dollars(Target::Lambda) - (0.2 + 0.833_335)).abs() < 1e-6);
        // $0.30 of requests; 2 ms × a million × $0.00000002.
        assert!((dollars(Target::Cloudflare) - 0.34).abs() < 1e-9);
        assert_eq!(measured().million(Target::Server).len(), 3);
        assert_eq!(Measured { cpu: None, ..measured() }.million(Target::Server).len(), 1);
    }
}
