//! The bills against the vendors' own worked examples and against sums made by hand.

use anyfn_cost::{Architecture, Bill, Usage, bills, cloudflare, lambda, lambda_compute, vercel};

fn usage(invocations: u64, duration_ms: f64, memory_mb: u32) -> Usage {
    Usage { invocations, duration_ms, memory_mb, ..Usage::default() }
}

fn cost(bill: &Bill, what: &str) -> f64 {
    bill.lines.iter().find(|line| line.what == what).unwrap_or_else(|| panic!("no line {what}: {bill:?}")).cost
}

#[test]
fn compute_of_lambda_is_gb_seconds_above_the_free_ones() {
    // 3,000,000 × 0.12 s × 0.5 GB = 180,000 GB-s.
    assert_eq!(lambda_compute(3_000_000, 120.0, 512), 0.0);
    // 400,000 GB-s are free, 400,060 cost 60 × 0.0000166667 = 0.001.
    assert_eq!(lambda_compute(400_000, 1000.0, 1024), 0.0);
    assert_eq!(lambda_compute(400_060, 1000.0, 1024), 0.0);
    // 30,000,000 × 0.12 s × 1.5 GB = 5,400,000; 5,000,000 × 0.0000166667 = 83.3335.
    assert_eq!(lambda_compute(30_000_000, 120.0, 1536), 83.33);
    assert_eq!(lambda_compute(0, 120.0, 128), 0.0);
}

#[test]
fn lambda_bills_requests_and_arm_costs_less() {
    // "AWS Lambda pricing", example of 3 million requests of 120 ms at 1536 MB: 540,000 GB-s, $2.33, $0.40.
    let bill = lambda(&usage(3_000_000, 120.0, 1536)).unwrap();
    assert_eq!((cost(&bill, "compute"), cost(&bill, "requests"), bill.total), (2.33, 0.4, 2.73));
    let arm = Usage { architecture: Architecture::Arm64, ..usage(3_000_000, 120.0, 1536) };
    assert_eq!(cost(&lambda(&arm).unwrap(), "compute"), 1.87);
}

#[test]
fn workers_bill_as_in_cloudflares_own_example() {
    // "Workers pricing", example 1: 15 million requests of 7 ms CPU time: $5.00 + $1.50 + $1.50.
    let bill = cloudflare(&Usage { cpu_ms: Some(7.0), ..usage(15_000_000, 100.0, 128) }).unwrap();
    assert_eq!((cost(&bill, "plan"), cost(&bill, "requests"), cost(&bill, "CPU time")), (5.0, 1.5, 1.5));
    assert_eq!(bill.total, 8.0);
}

#[test]
fn vercels_credit_pays_for_use_and_not_for_more() {
    let small = vercel(&usage(1_000_000, 10.0, 128)).unwrap();
    assert_eq!(small.total, 20.0, "{small:?}");
    // 100 million × 36 ms = 1,000 h: CPU 128.00, 2 GB 21.20, invocations 60.00, plan and credit 0.
    let large = vercel(&usage(100_000_000, 36.0, 2048)).unwrap();
    assert_eq!((cost(&large, "active CPU"), cost(&large, "memory"), cost(&large, "invocations")), (128.0, 21.2, 60.0));
    assert_eq!(large.total, 209.2);
}

#[test]
fn what_a_platform_cannot_give_is_noted() {
    let [lambda, workers, vercel] = bills(&usage(10, 1_000_000.0, 20_000)).unwrap();
    assert!(lambda.notes.iter().any(|note| note.contains("10240 MB")), "{lambda:?}");
    assert!(lambda.notes.iter().any(|note| note.contains("900 s")), "{lambda:?}");
    assert!(workers.notes.iter().any(|note| note.contains("128 MB")), "{workers:?}");
    assert!(vercel.notes.iter().any(|note| note.contains("4096 MB")), "{vercel:?}");
}

#[test]
fn a_use_without_sense_is_an_error() {
    for (wrong, text) in [
        (usage(1, -1.0, 128), "-1 ms"),
        (usage(1, f64::NAN, 128), "NaN ms"),
        (usage(1, f64::INFINITY, 128), "longer than the month"),
        (usage(u64::MAX, 1e300, 128), "longer than the month"),
        (Usage { cpu_ms: Some(3e9), ..usage(1, 2e9, 128) }, "longer than the month"),
        (usage(1, 1.0, 0), "0 MB"),
        (Usage { cpu_ms: Some(2.0), ..usage(1, 1.0, 128) }, "more than the duration"),
    ] {
        let error = bills(&wrong).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}

/// JSON has no word for infinity.
#[test]
fn the_largest_bill_is_a_number() {
    let month = 31.0 * 24.0 * 3_600_000.0;
    for bill in bills(&usage(u64::MAX, month, u32::MAX)).unwrap() {
        assert!(bill.total.is_finite() && bill.lines.iter().all(|line| line.cost.is_finite()), "{bill:?}");
    }
}

#[test]
fn bills_never_fall_when_use_grows() {
    let mut last = [0.0; 3];
    for invocations in (0..60).map(|n| 10_u64.pow(n / 10) * u64::from(n % 10 + 1)) {
        let totals = bills(&usage(invocations, 80.0, 128)).unwrap().map(|bill| bill.total);
        assert!(totals.iter().zip(last).all(|(now, last)| *now >= last), "{invocations}: {last:?} then {totals:?}");
        last = totals;
    }
}
