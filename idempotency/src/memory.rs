//! What is done, in this instance's memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use anyfn_core::{Context, DynFuture, Error};
use bytes::Bytes;

use crate::{Begun, Claim, Held, Store};

/// Past so many records, those that have expired are thrown away.
const SWEEP: usize = 1024;

/// Keeps what is done in memory: for tests, and for one process that never restarts.
///
/// **It ends with the instance, and other instances do not see it.** Clones share what they keep.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<HashMap<String, Record>>>);

#[derive(Debug)]
struct Record {
    token: u64,
    fingerprint: Bytes,
    /// Of the lease, or of the answer once it is done.
    until: Option<SystemTime>,
    /// When it may be thrown away.
    expires: SystemTime,
    done: bool,
    answer: Option<Bytes>,
}

impl Memory {
    /// With nothing done yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, Record>) -> T) -> DynFuture<'static, Result<T, Error>>
    where
        T: Send + 'static,
    {
        let worked = work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
        Box::pin(std::future::ready(Ok(worked)))
    }
}

impl Store for Memory {
    fn begin<'a>(&'a self, _: &'a Context, claim: &'a Claim) -> DynFuture<'a, Result<Begun, Error>> {
        self.with(|records| {
            let grows = !records.contains_key(&claim.key);
            if grows && records.len() >= SWEEP && records.len().is_power_of_two() {
                records.retain(|_, record| record.expires > claim.now);
            }
            let known = records.get(&claim.key);
            if let Some(Record { until: Some(until), fingerprint, done, answer, .. }) = known
                && *until > claim.now
            {
                let fingerprint = fingerprint.clone();
                return match done {
                    true => Begun::Done { answer: answer.clone(), fingerprint },
                    false => Begun::InProgress { until: *until, fingerprint },
                };
            }
            let token = known.map_or(0, |record| record.token) + 1;
            let record = Record {
                token,
                fingerprint: claim.fingerprint.clone(),
                until: Some(claim.until),
                expires: claim.expires,
                done: false,
                answer: None,
            };
            records.insert(claim.key.clone(), record);
            Begun::Started(Held::new(&claim.key, token))
        })
    }

    fn finish<'a>(
        &'a self,
        _: &'a Context,
        held: &'a Held,
        answer: Option<Bytes>,
        expires: SystemTime,
    ) -> DynFuture<'a, Result<bool, Error>> {
        self.with(|records| match records.get_mut(&held.key).filter(|record| record.token == held.token) {
            Some(record) => {
                (record.done, record.answer, record.until, record.expires) = (true, answer, Some(expires), expires);
                true
            }
            None => false,
        })
    }

    fn release<'a>(&'a self, _: &'a Context, held: &'a Held) -> DynFuture<'a, Result<(), Error>> {
        self.with(|records| {
            let own = records.get_mut(&held.key).filter(|record| record.token == held.token && !record.done);
            if let Some(record) = own {
                record.until = None;
            }
        })
    }
}
