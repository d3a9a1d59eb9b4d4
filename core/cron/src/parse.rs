//! The text of a schedule.

use std::ops::RangeInclusive;

use crate::{Cron, CronError, Set};

struct Field {
    name: &'static str,
    range: RangeInclusive<u8>,
    /// Names of the values, from the range's first on.
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/// The longest that each month can be.
const LENGTHS: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const MINUTE: Field = Field { name: "minute", range: 0..=59, names: &[] };
const HOUR: Field = Field { name: "hour", range: 0..=23, names: &[] };
const DAY: Field = Field { name: "day of the month", range: 1..=31, names: &[] };
const MONTH: Field = Field { name: "month", range: 1..=12, names: MONTHS };
const WEEKDAY: Field = Field { name: "day of the week", range: 0..=7, names: WEEKDAYS };

pub(crate) fn parse(text: &str) -> Result<Cron, CronError> {
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    if let [nickname] = &fields[..]
        && let Some(meant) = long_form(nickname)
    {
        return Err(CronError(format!("`{nickname}` is no schedule: write it out, `{meant}`")));
    }
    let &[minute, hour, day, month, weekday] = &fields[..] else {
        return Err(CronError(format!(
            "a schedule has 5 fields (minute, hour, day of the month, month, day of the week), as `0 3 * * *` for 03:00 UTC \
             every day; `{text}` has {}",
            fields.len()
        )));
    };
    // `*/2` beside a restricted other day means both to some crons and either to others.
    for (stepped, other) in [(day, weekday), (weekday, day)] {
        if stepped.starts_with("*/") && other != "*" {
            return Err(CronError(format!(
                "`{stepped}` beside `{other}` means different days to different crons: list the days, or declare two schedules"
            )));
        }
    }
    let cron = Cron {
        minutes: MINUTE.read(minute)?,
        hours: HOUR.read(hour)?,
        days: DAY.read(day)?,
        months: MONTH.read(month)?,
        weekdays: sunday_once(WEEKDAY.read(weekday)?),
    };
    for (text, other, set) in [(day, weekday, cron.days), (weekday, day, cron.weekdays)] {
        if set.is_any() && text != "*" && other != "*" {
            return Err(CronError(format!(
                "`{text}` is every day, and beside `{other}` crons disagree on it: write `*`"
            )));
        }
    }
    let day_exists = cron
        .months
        .values()
        .any(|month| cron.days.values().next().is_some_and(|first| first <= LENGTHS[usize::from(month) - 1]));
    if !day_exists && cron.weekdays.is_any() {
        return Err(CronError(format!("`{text}` never fires: no such month has a day `{day}`")));
    }
    Ok(cron)
}

/// What the nicknames of Vixie's cron stand for.
fn long_form(nickname: &str) -> Option<&'static str> {
    Some(match nickname.to_ascii_lowercase().as_str() {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => return None,
    })
}

/// 0 and 7 are both Sunday.
fn sunday_once(read: Set) -> Set {
    let bits = (read.bits | read.bits >> 7) & 0x7f;
    Set { bits, first: 0, last: 6 }
}

impl Field {
    fn read(&self, text: &str) -> Result<Set, CronError> {
        let mut set = Set::empty(&self.range);
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(self.step(part, step)?)),
                None => (part, None),
            };
            let (first, last) = if range == "*" {
                // A week's `*` would count Sunday twice.
                (*self.range.start(), if self.name == WEEKDAY.name { 6 } else { *self.range.end() })
            } else if let Some((first, last)) = range.split_once('-') {
                (self.value(first)?, self.value(last)?)
            } else {
                let value = self.value(range)?;
                if step.is_some() {
                    let last = if self.name == WEEKDAY.name { 6 } else { *self.range.end() };
                    return Err(self.bad(part, &format!("a step needs a range: write `{range}-{last}/…`")));
                }
                (value, value)
            };
            if first > last {
                return Err(self.bad(part, "the range runs backwards: write two, with a comma between"));
            }
            (first..=last).step_by(step.unwrap_or(1)).for_each(|value| set.add(value));
        }
        Ok(set)
    }

    fn step(&self, part: &str, step: &str) -> Result<usize, CronError> {
        match number(step).map(usize::from) {
            Some(step) if step > 0 && step <= usize::from(*self.range.end()) => Ok(step),
            _ => Err(self.bad(part, "the step is a number of the field's range, and not 0")),
        }
    }

    fn value(&self, text: &str) -> Result<u8, CronError> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = match named.and_then(|place| u8::try_from(place).ok()) {
            Some(place) => Some(self.range.start() + place),
            None => number(text),
        };
        value.filter(|value| self.range.contains(value)).ok_or_else(|| {
            let names = match self.names {
                [first, .., last] => format!(", {first}-{last}"),
                _ => String::new(),
            };
            let (first, last) = (self.range.start(), self.range.end());
            self.bad(
                text,
                &format!("it takes {first}-{last}{names}, `*`, ranges (`a-b`), lists (`a,b`) and steps (`*/n`)"),
            )
        })
    }

    fn bad(&self, part: &str, why: &str) -> CronError {
        CronError(format!("`{part}` is no {}: {why}", self.name))
    }
}

/// Digits alone: `u8::from_str` takes a sign as well.
fn number(text: &str) -> Option<u8> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
