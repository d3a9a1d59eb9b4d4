//! A schedule in each platform's own dialect.
//!
//! The values are written out rather than steps and ranges over names, which the dialects read differently: a weekday's
//! number above all, which Unix counts from 0 and AWS and Cloudflare from 1.

use anyfn_cron::{Cron, Set};
use anyhow::{Result, bail};

const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Six fields, one of the two days a `?` ("Cron expressions", Amazon EventBridge user guide).
///
/// # Errors
/// Both days are restricted: either would be enough in the code, and AWS cannot say that.
pub fn aws(cron: &Cron) -> Result<String> {
    let (days, weekdays) = match (cron.days.is_any(), cron.weekdays.is_any()) {
        (_, true) => (numbers(cron.days), "?".to_owned()),
        (true, false) => ("?".to_owned(), names(cron.weekdays)),
        (false, false) => bail!(either("AWS")),
    };
    let (minutes, hours, months) = (numbers(cron.minutes), numbers(cron.hours), numbers(cron.months));
    Ok(format!("cron({minutes} {hours} {days} {months} {weekdays} *)"))
}

/// Five fields; either day is enough, as in the code, but weekdays count from 1 ("Cron Triggers", Workers documentation).
#[must_use]
pub fn cloudflare(cron: &Cron) -> String {
    let (minutes, hours, months) = (numbers(cron.minutes), numbers(cron.hours), numbers(cron.months));
    format!("{minutes} {hours} {} {months} {}", numbers(cron.days), names(cron.weekdays))
}

/// Five fields, numbers alone, and not both days ("Cron expressions", Vercel documentation).
///
/// # Errors
/// Both days are restricted.
pub fn vercel(cron: &Cron) -> Result<String> {
    if !cron.days.is_any() && !cron.weekdays.is_any() {
        bail!(either("Vercel"));
    }
    let (minutes, hours, months) = (numbers(cron.minutes), numbers(cron.hours), numbers(cron.months));
    Ok(format!("{minutes} {hours} {} {months} {}", numbers(cron.days), numbers(cron.weekdays)))
}

/// Five fields, numbers alone; either day is enough, as in the code (Knative's `PingSource`, Kubernetes' `CronJob`).
#[must_use]
pub fn kubernetes(cron: &Cron) -> String {
    let (minutes, hours, months) = (numbers(cron.minutes), numbers(cron.hours), numbers(cron.months));
    format!("{minutes} {hours} {} {months} {}", numbers(cron.days), numbers(cron.weekdays))
}

fn either(platform: &str) -> String {
    format!(
        "{platform} has no schedule for days of the month or days of the week, whichever comes: declare two, one for each"
    )
}

fn numbers(set: Set) -> String {
    list(set, |value| value.to_string())
}

fn names(set: Set) -> String {
    list(set, |value| WEEKDAYS[usize::from(value)].to_owned())
}

/// `*`, or values with commas between, three and more in a row as a range.
fn list(set: Set, name: impl Fn(u8) -> String) -> String {
    if set.is_any() {
        return "*".to_owned();
    }
    let mut runs: Vec<(u8, u8)> = Vec::new();
    for value in set.values() {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == value => *last = value,
            _ => runs.push((value, value)),
        }
    }
    let parts: Vec<String> = runs
        .into_iter()
        .map(|(first, last)| match last - first {
            0 => name(first),
            1 => format!("{},{}", name(first), name(last)),
            _ => format!("{}-{}", name(first), name(last)),
        })
        .collect();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use chrono::{DateTime, Utc};

    use super::{aws, cloudflare, kubernetes, vercel};
    use anyfn_cron::Cron;

    /// 2026-11-23 15:12:40 UTC.
    const START: i64 = 1_795_446_760;

    const EXPRESSIONS: &[&str] = &[
        "* * * * *",
        "*/7 * * * *",
        "0 3 * * *",
        "30 4 1,15 * *",
        "0 0 * * 0",
        "0 0 * * 7",
        "0 0 * * 1-5",
        "0 0 * * 5-7",
        "5 0 * 8 *",
        "23 0-20/2 * * *",
        "15,45 9-17 * jan,JUN-aug mon-Fri",
        "0 4 8-14 * *",
        "0 12 13 * fri",
        "0 0 29 2 *",
        "59 23 31 12 *",
        "0 0 */10 * *",
        "1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31,33,35,37,39,41,43,45,47,49,51,53,55,57,59 0 1-31/2 1-12/2 *",
    ];

    /// Expressions made up from a seed, of the dialect's every form: a hundred that can be said everywhere.
    fn random() -> impl Iterator<Item = (String, Cron)> {
        let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut below = move |limit: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % limit
        };
        let mut field = move |first: u64, last: u64, often: u64| {
            let mut any = || first + below(last - first + 1);
            let (one, other, step) = (any(), any(), 1 + any() % 7);
            let (low, high) = (one.min(other), one.max(other));
            match below(often) {
                0 => format!("{low}"),
                1 => format!("{low}-{high}"),
                2 => format!("{low},{high}"),
                3 => format!("*/{step}"),
                4 => format!("{low}-{high}/{step}"),
                _ => "*".to_owned(),
            }
        };
        let made = std::iter::repeat_with(move || {
            let (minute, hour) = (field(0, 59, 6), field(0, 23, 7));
            // Either of them is enough where both are given, which only some can say: seldom both.
            let (day, weekday) = (field(1, 28, 9), field(0, 7, 9));
            format!("{minute} {hour} {day} {} {weekday}", field(1, 12, 9))
        });
        let read = made.filter_map(|text| text.parse::<Cron>().ok().map(|cron| (text, cron)));
        read.filter(|(_, cron)| aws(cron).is_ok()).take(100)
    }

    #[test]
    fn made_up_schedules_fire_at_the_same_thousand_times_everywhere() {
        for (text, cron) in random() {
            let saffron: saffron::Cron = cloudflare(&cron).parse().unwrap();
            assert_same(&text, &cron, saffron.iter_after(start()));
            let aws = aws(&cron).unwrap();
            let inner = aws.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')')).unwrap();
            let quartz: cron::Schedule = format!("0 {inner}").parse().unwrap();
            assert_same(&text, &cron, quartz.after(&start()));
            assert_eq!(vercel(&cron).unwrap().parse::<Cron>().unwrap(), cron, "{text}");
            assert_eq!(kubernetes(&cron).parse::<Cron>().unwrap(), cron, "{text}");
        }
    }

    /// The first thousand times, or as many as the others look ahead for.
    fn ours(cron: &Cron) -> impl Iterator<Item = i64> {
        let mut at = SystemTime::UNIX_EPOCH + Duration::from_secs(START.unsigned_abs());
        std::iter::repeat_with(move || {
            at = cron.next_after(at);
            i64::try_from(at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()).unwrap()
        })
    }

    fn assert_same(text: &str, cron: &Cron, theirs: impl Iterator<Item = DateTime<Utc>>) {
        // They look no further ahead than 2099 and 5000: a seldom schedule ends there.
        const LAST_LEAP_YEAR: i64 = 3_976_214_400;
        let theirs: Vec<i64> = theirs.take(1_000).map(|time| time.timestamp()).collect();
        let whole = theirs.len() == 1_000 || theirs.last() >= Some(&LAST_LEAP_YEAR);
        assert!(whole, "{text}: {} times", theirs.len());
        assert!(theirs.len() > 15, "{text}");
        assert_eq!(ours(cron).zip(theirs).find(|(ours, theirs)| ours != theirs), None, "{text}");
    }

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(START, 0).unwrap()
    }

    #[test]
    fn cloudflares_own_reader_fires_at_the_same_thousand_times() {
        for text in EXPRESSIONS {
            let cron: Cron = text.parse().unwrap();
            let theirs: saffron::Cron = cloudflare(&cron).parse().unwrap();
            assert_same(text, &cron, theirs.iter_after(start()));
        }
    }

    #[test]
    fn awss_dialect_fires_at_the_same_thousand_times() {
        for text in EXPRESSIONS.iter().filter(|text| !text.contains("13 * fri")) {
            let cron: Cron = text.parse().unwrap();
            let aws = aws(&cron).unwrap();
            assert!(aws.len() <= 256, "EventBridge takes 256 characters: {aws}");
            // A reader of Quartz's dialect, which AWS's is, with seconds in front.
            let inner = aws.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')')).unwrap();
            let theirs: cron::Schedule = format!("0 {inner}").parse().unwrap();
            assert_same(text, &cron, theirs.after(&start()));
        }
    }

    #[test]
    fn vercels_dialect_is_numbers_and_means_the_same_here() {
        for text in EXPRESSIONS.iter().filter(|text| !text.contains("13 * fri")) {
            let cron: Cron = text.parse().unwrap();
            let vercel = vercel(&cron).unwrap();
            assert!(!vercel.contains(|c: char| c.is_ascii_alphabetic()), "{vercel}");
            assert_eq!(vercel.parse::<Cron>().unwrap(), cron, "{text}");
        }
    }

    #[test]
    fn kubernetes_dialect_is_numbers_and_means_the_same_here() {
        for text in EXPRESSIONS {
            let cron: Cron = text.parse().unwrap();
            let kubernetes = kubernetes(&cron);
            // Its reader knows no seventh day.
            assert!(!kubernetes.contains(|c: char| c.is_ascii_alphabetic()), "{kubernetes}");
            assert!(cron.weekdays.is_any() || cron.weekdays.values().all(|day| day < 7), "{kubernetes}");
            assert_eq!(kubernetes.parse::<Cron>().unwrap(), cron, "{text}");
        }
    }

    #[test]
    fn either_day_is_said_where_the_platform_can_and_refused_elsewhere() {
        let cron: Cron = "0 12 13 * fri".parse().unwrap();
        assert_eq!(cloudflare(&cron), "0 12 13 * FRI");
        assert!(aws(&cron).unwrap_err().to_string().contains("AWS has no schedule"));
        assert!(vercel(&cron).unwrap_err().to_string().contains("declare two"));
    }

    #[test]
    fn weekdays_keep_their_names_across_dialects() {
        let cron: Cron = "0 9 * * 1-5".parse().unwrap();
        assert_eq!(aws(&cron).unwrap(), "cron(0 9 ? * MON-FRI *)");
        assert_eq!(cloudflare(&cron), "0 9 * * MON-FRI");
        assert_eq!(vercel(&cron).unwrap(), "0 9 * * 1-5");
    }
}
