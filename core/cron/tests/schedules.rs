//! When schedules fire, against an independent implementation; and what is refused.

use std::time::{Duration, SystemTime};

use anyfn_cron::Cron;
use chrono::{DateTime, Utc};

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// 2026-11-23 15:12:40 UTC.
const START: u64 = 1_795_446_760;

fn fires(text: &str, times: usize) -> Vec<u64> {
    let cron: Cron = text.parse().unwrap();
    let mut at = SystemTime::UNIX_EPOCH + Duration::from_secs(START);
    std::iter::repeat_with(|| {
        at = cron.next_after(at);
        seconds(at)
    })
    .take(times)
    .collect()
}

#[test]
fn the_next_thousand_times_are_those_of_another_implementation() {
    let expressions = [
        "* * * * *",
        "*/7 * * * *",
        "0 3 * * *",
        "30 4 1,15 * *",
        "0 0 * * 0",
        "0 0 * * 7",
        "5 0 * 8 *",
        "0 22 * * 1-5",
        "23 0-20/2 * * *",
        "0 0 29 2 *",
        "0 0 31 * *",
        "15,45 9-17 * jan,JUN-aug mon-Fri",
        "0 4 8-14 * *",
        "0 12 13 * fri",
        "59 23 31 12 *",
        "0 0 */10 * *",
        "10-50/20 6 * */3 *",
    ];
    for text in expressions {
        let other: croner::Cron = text.parse().unwrap();
        let start = DateTime::<Utc>::from_timestamp(i64::try_from(START).unwrap(), 0).unwrap();
        // It looks no further than the year 5000, which leap days reach after some 720.
        let expected: Vec<u64> =
            other.iter_after(start).take(1_000).map(|time| u64::try_from(time.timestamp()).unwrap()).collect();
        assert!(expected.len() > 700, "{text}");
        let differ = fires(text, expected.len()).into_iter().zip(expected).find(|(ours, theirs)| ours != theirs);
        assert_eq!(differ, None, "{text}");
    }
}

#[test]
fn the_minute_that_has_begun_is_over() {
    let cron: Cron = "12 15 * * *".parse().unwrap();
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(START - 40);
    assert_eq!(seconds(cron.next_after(at)), START - 40 + 86_400);
    assert_eq!(seconds(cron.next_after(at - Duration::from_nanos(1))), START - 40);
}

#[test]
fn what_is_no_schedule_is_refused_with_what_to_write() {
    for (text, says) in [
        ("", "has 5 fields"),
        ("0 3 * *", "has 4"),
        ("0 0 3 * * *", "has 6"),
        ("@daily", "`0 0 * * *`"),
        ("60 * * * *", "`60` is no minute: it takes 0-59"),
        ("* 24 * * *", "is no hour"),
        ("* * 0 * *", "is no day of the month"),
        ("* * * 13 *", "1-12, jan-dec"),
        ("* * * * 8", "0-7, sun-sat"),
        ("* * * * monday", "is no day of the week"),
        ("+5 * * * *", "`+5` is no minute"),
        ("5/15 * * * *", "write `5-59/…`"),
        ("*/0 * * * *", "not 0"),
        ("*/ * * * *", "step"),
        ("50-10 * * * *", "backwards"),
        ("* * * * fri-mon", "backwards"),
        (", * * * *", "`` is no minute"),
        ("1-2-3 * * * *", "`2-3` is no minute"),
        ("* * ? * *", "is no day of the month"),
        ("* * L * *", "is no day of the month"),
        ("0 0 */2 * mon", "two schedules"),
        ("0 0 1 * */2", "two schedules"),
        ("0 0 13 * 0-6", "write `*`"),
        ("0 0 1-31 * fri", "write `*`"),
        ("0 0 31 2,4 *", "never fires"),
        ("0 0 30 feb *", "never fires"),
        ("😀 * * * *", "is no minute"),
    ] {
        let error = text.parse::<Cron>().unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
}

#[test]
fn an_impossible_day_of_the_month_beside_a_weekday_still_fires() {
    assert_eq!(fires("0 0 30 2 1", 1).len(), 1);
}
