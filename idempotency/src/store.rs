//! Where it is kept what is done.

use std::sync::Arc;
use std::time::SystemTime;

use anyfn_core::{Context, DynFuture, Error, MaybeSend, MaybeSync};
use bytes::Bytes;

/// Keeps a record for each piece of work: who is at it and until when, or that it is done, and with what answer.
///
/// Each method is one atomic step: of two that begin at the same moment one gets [`Begun::Started`], if the store is to be
/// a lock. [`conformance`](crate::conformance) holds a store of your own against this.
///
/// A record's token grows with each owner, and is never given twice while the record is kept, also not after
/// [`release`](Self::release): so one whose lease ended, and who is still at it, cannot finish what another has taken over.
///
/// The time is the claim's, never the store's own clock.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no store of what is done",
    note = "stores are `Memory`, `DynamoDb`, `Bound`, `Arc<dyn Store>`, and what implements `anyfn_idempotency::Store`"
)]
pub trait Store: MaybeSend + MaybeSync + 'static {
    /// Takes the work, if nobody is at it and it is not done: there is no record, its owner's lease has ended, it was released,
    /// or it was done so long ago that the record has expired.
    ///
    /// # Errors
    /// The store cannot be reached, or does not answer as it should. Nothing is run then.
    fn begin<'a>(&'a self, cx: &'a Context, claim: &'a Claim) -> DynFuture<'a, Result<Begun, Error>>;

    /// Records that the work is done, with the answer that whoever asks again will get, until `expires`. `false` where
    /// somebody else has taken the work over; then nothing is recorded. To finish twice is to finish once.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    fn finish<'a>(
        &'a self,
        cx: &'a Context,
        held: &'a Held,
        answer: Option<Bytes>,
        expires: SystemTime,
    ) -> DynFuture<'a, Result<bool, Error>>;

    /// Gives the work back, so that the next one to begin gets it at once; nothing happens where somebody else has taken it
    /// over or it is done.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    fn release<'a>(&'a self, cx: &'a Context, held: &'a Held) -> DynFuture<'a, Result<(), Error>>;
}

/// Who wants to begin a piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claim {
    /// The work: at most some hundred bytes, printable.
    pub key: String,
    /// What the work was asked with; the record keeps it.
    pub fingerprint: Bytes,
    /// The time.
    pub now: SystemTime,
    /// When the lease ends: whoever has not finished by then has died.
    pub until: SystemTime,
    /// When the record may be forgotten if it is not finished. A store that forgets by itself must keep it until then.
    pub expires: SystemTime,
}

impl Claim {
    /// A claim on `key` from `now` to `until`, whose record is kept until `expires`.
    pub fn new(key: impl Into<String>, now: SystemTime, until: SystemTime, expires: SystemTime) -> Self {
        Self { key: key.into(), fingerprint: Bytes::new(), now, until, expires }
    }

    /// The same, of work that was asked for with what has this fingerprint.
    #[must_use]
    pub fn fingerprint(mut self, fingerprint: impl Into<Bytes>) -> Self {
        self.fingerprint = fingerprint.into();
        self
    }
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Begun {
    /// The work is this claim's.
    Started(Held),
    /// Somebody is at it.
    InProgress {
        /// When their lease ends.
        until: SystemTime,
        /// What they were asked with.
        fingerprint: Bytes,
    },
    /// It is done.
    Done {
        /// The answer that was kept.
        answer: Option<Bytes>,
        /// What it was asked with.
        fingerprint: Bytes,
    },
}

/// Work that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// The claim's key.
    pub key: String,
    /// Which of the record's owners this is.
    pub token: u64,
}

impl Held {
    /// Work under `key`, of the owner with this token.
    pub fn new(key: impl Into<String>, token: u64) -> Self {
        Self { key: key.into(), token }
    }
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn begin<'a>(&'a self, cx: &'a Context, claim: &'a Claim) -> DynFuture<'a, Result<Begun, Error>> {
        (**self).begin(cx, claim)
    }

    fn finish<'a>(
        &'a self,
        cx: &'a Context,
        held: &'a Held,
        answer: Option<Bytes>,
        expires: SystemTime,
    ) -> DynFuture<'a, Result<bool, Error>> {
        (**self).finish(cx, held, answer, expires)
    }

    fn release<'a>(&'a self, cx: &'a Context, held: &'a Held) -> DynFuture<'a, Result<(), Error>> {
        (**self).release(cx, held)
    }
}
