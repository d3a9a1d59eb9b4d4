//! What every store must do, to be held against a store of your own.
//!
//! ```
//! use anyfn_core::test;
//! use anyfn_idempotency::{Memory, conformance};
//!
//! let cx = test::Memory::default().context();
//! test::block_on(conformance::check(&Memory::new(), &cx, "run 1")).unwrap();
//! ```

use std::time::{Duration, SystemTime};

use anyfn_core::{Context, Error};
use bytes::Bytes;

use crate::{Begun, Claim, Held, Store};

/// Longer than any store's own least time to keep something.
const LEASE: Duration = Duration::from_secs(600);
const KEEP: Duration = Duration::from_secs(7200);

/// Holds the store against every rule, with keys that begin with `run`: another text for each time.
///
/// Time is only said to pass. That two who begin at the same moment are told apart is not among the rules, since it takes two
/// processes: [`race`] tries it in one.
///
/// # Errors
/// The first rule that does not hold, in words; or the store's own error.
pub async fn check(store: &dyn Store, cx: &Context, run: &str) -> Result<(), Error> {
    let rules = Rules { store, cx, now: cx.now() };
    macro_rules! hold {
        ($($rule:ident)*) => {$(
            let key = format!("{run}/{}", stringify!($rule));
            rules.$rule(&key).await.map_err(|error| Error::internal(format!("{key}: {error}")))?;
        )*};
    }
    hold! {
        the_first_is_started_and_the_second_is_told
        done_is_done_with_its_answer
        an_ended_lease_is_taken_over
        released_begins_at_once
        who_is_late_changes_nothing
        what_is_done_expires
        answers_are_bytes
    }
    Ok(())
}

/// Has `count` begin at the same moment, in this process: all but one must be told that somebody is at it.
///
/// # Errors
/// Where several, or none, have begun; or the store's own error.
pub async fn race(store: &dyn Store, cx: &Context, key: &str, count: usize) -> Result<(), Error> {
    let now = cx.now();
    let claim = Claim::new(key, now, now + LEASE, now + KEEP);
    let begun = futures_util::future::join_all((0..count).map(|_| store.begin(cx, &claim)).collect::<Vec<_>>()).await;
    let mut started = 0;
    for begun in begun {
        match begun? {
            Begun::Started(_) => started += 1,
            Begun::InProgress { .. } => {}
            other @ Begun::Done { .. } => return Err(broken("somebody is at it", &other)),
        }
    }
    if started == 1 { Ok(()) } else { Err(Error::internal(format!("{started} of {count} have begun"))) }
}

struct Rules<'a> {
    store: &'a dyn Store,
    cx: &'a Context,
    now: SystemTime,
}

impl Rules<'_> {
    /// `later` than the beginning of the check.
    async fn begin(&self, key: &str, later: Duration) -> Result<Begun, Error> {
        let now = self.now + later;
        let claim = Claim::new(key, now, now + LEASE, now + LEASE + KEEP).fingerprint(print(later));
        self.store.begin(self.cx, &claim).await
    }

    async fn started(&self, key: &str, later: Duration) -> Result<Held, Error> {
        match self.begin(key, later).await? {
            Begun::Started(held) if held.key == key => Ok(held),
            other => Err(broken("this one has begun", &other)),
        }
    }

    async fn in_progress(&self, key: &str, later: Duration, since: Duration) -> Result<(), Error> {
        let begun = self.begin(key, later).await?;
        match &begun {
            Begun::InProgress { until, fingerprint }
                if is(*until, self.now + since + LEASE) && *fingerprint == print(since) =>
            {
                Ok(())
            }
            _ => Err(broken("somebody is at it, with their own lease and fingerprint", &begun)),
        }
    }

    async fn done(&self, key: &str, later: Duration, since: Duration, answer: Option<&[u8]>) -> Result<(), Error> {
        let begun = self.begin(key, later).await?;
        match &begun {
            Begun::Done { answer: kept, fingerprint } if kept.as_deref() == answer && *fingerprint == print(since) => {
                Ok(())
            }
            _ => Err(broken("it is done, with that answer and fingerprint", &begun)),
        }
    }

    async fn finish(&self, held: &Held, answer: Option<&'static [u8]>, expires: Duration) -> Result<bool, Error> {
        self.store.finish(self.cx, held, answer.map(Bytes::from_static), self.now + expires).await
    }

    async fn the_first_is_started_and_the_second_is_told(&self, key: &str) -> Result<(), Error> {
        self.started(key, Duration::ZERO).await?;
        self.in_progress(key, Duration::from_secs(1), Duration::ZERO).await?;
        self.in_progress(key, LEASE - Duration::from_secs(1), Duration::ZERO).await?;
        self.started(&format!("{key} of another"), Duration::ZERO).await.map(drop)
    }

    async fn done_is_done_with_its_answer(&self, key: &str) -> Result<(), Error> {
        let held = self.started(key, Duration::ZERO).await?;
        expect(self.finish(&held, Some(b"first"), KEEP).await?, true)?;
        self.done(key, Duration::from_secs(1), Duration::ZERO, Some(b"first")).await?;
        // Also after its lease.
        self.done(key, LEASE * 2, Duration::ZERO, Some(b"first")).await?;
        expect(self.finish(&held, Some(b"first"), KEEP).await?, true)?;
        // What is done is not given back.
        self.store.release(self.cx, &held).await?;
        self.done(key, Duration::from_secs(2), Duration::ZERO, Some(b"first")).await
    }

    async fn an_ended_lease_is_taken_over(&self, key: &str) -> Result<(), Error> {
        let first = self.started(key, Duration::ZERO).await?;
        let second = self.started(key, LEASE).await?;
        if second.token <= first.token {
            return Err(Error::internal(format!("token {} follows {}", second.token, first.token)));
        }
        self.in_progress(key, LEASE + Duration::from_secs(1), LEASE).await
    }

    async fn released_begins_at_once(&self, key: &str) -> Result<(), Error> {
        let first = self.started(key, Duration::ZERO).await?;
        self.store.release(self.cx, &first).await?;
        let second = self.started(key, Duration::from_secs(1)).await?;
        if second.token <= first.token {
            return Err(Error::internal(format!("token {} follows {}", second.token, first.token)));
        }
        self.in_progress(key, Duration::from_secs(2), Duration::from_secs(1)).await
    }

    async fn who_is_late_changes_nothing(&self, key: &str) -> Result<(), Error> {
        let late = self.started(key, Duration::ZERO).await?;
        let owner = self.started(key, LEASE).await?;
        expect(self.finish(&late, Some(b"late"), KEEP).await?, false)?;
        self.store.release(self.cx, &late).await?;
        self.in_progress(key, LEASE, LEASE).await?;
        // Nor after the second owner has given up.
        self.store.release(self.cx, &owner).await?;
        expect(self.finish(&late, Some(b"late"), KEEP).await?, false)?;
        let third = self.started(key, LEASE).await?;
        expect(self.finish(&owner, Some(b"late"), KEEP).await?, false)?;
        expect(self.finish(&third, Some(b"right"), LEASE + KEEP).await?, true)?;
        expect(self.finish(&late, Some(b"late"), KEEP).await?, false)?;
        self.done(key, LEASE, LEASE, Some(b"right")).await
    }

    async fn what_is_done_expires(&self, key: &str) -> Result<(), Error> {
        let held = self.started(key, Duration::ZERO).await?;
        expect(self.finish(&held, None, KEEP).await?, true)?;
        self.done(key, KEEP - Duration::from_secs(1), Duration::ZERO, None).await?;
        let again = self.started(key, KEEP).await?;
        expect(self.finish(&held, None, KEEP * 2).await?, false)?;
        expect(self.finish(&again, None, KEEP * 2).await?, true)
    }

    async fn answers_are_bytes(&self, key: &str) -> Result<(), Error> {
        const ALL: [u8; 256] = {
            let mut all = [0; 256];
            let mut at = 0;
            while at < 256 {
                all[at] = at as u8;
                at += 1;
            }
            all
        };
        static EVERY: [u8; 256] = ALL;
        for (name, answer) in [("every byte", Some(&EVERY[..])), ("empty", Some(&b""[..])), ("none", None)] {
            let key = format!("{key} {name}");
            let held = self.started(&key, Duration::ZERO).await?;
            expect(self.finish(&held, answer, KEEP).await?, true)?;
            self.done(&key, Duration::from_secs(1), Duration::ZERO, answer).await?;
        }
        Ok(())
    }
}

/// A fingerprint that tells when a claim was made.
fn print(later: Duration) -> Bytes {
    Bytes::copy_from_slice(&[&[0, 0xff], &later.as_secs().to_be_bytes()[..]].concat())
}

/// To the millisecond, which is what stores keep of a time.
fn is(one: SystemTime, other: SystemTime) -> bool {
    one.duration_since(other).or_else(|_| other.duration_since(one)).is_ok_and(|apart| apart < Duration::from_millis(2))
}

fn expect(finished: bool, expected: bool) -> Result<(), Error> {
    let what = if expected { "its owner could not finish" } else { "somebody who is late has finished" };
    if finished == expected { Ok(()) } else { Err(Error::internal(what)) }
}

fn broken(expected: &str, begun: &Begun) -> Error {
    Error::internal(format!("expected that {expected}, and it is {begun:?}"))
}
