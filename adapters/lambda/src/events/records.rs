//! The records of a batch. What one of them lacks is that record's fault alone.

use anyfn_core::Error;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::read;

#[derive(Deserialize)]
pub(super) struct Records<T> {
    #[serde(rename = "Records")]
    pub(super) records: Vec<T>,
}

/// A record, or the identifier of one that cannot be read and the reason.
pub(super) type Record<T> = Result<T, (String, Error)>;

/// The event's records. `id` takes the identifier from what of a record has to be there to report it: an `I`.
///
/// # Errors
/// The event is no batch, or a record that cannot be read has no identifier: it cannot be told from the others.
pub(super) fn records<'a, T: Deserialize<'a>, I: Deserialize<'a>>(
    event: &'a Bytes,
    what: &str,
    id: impl Fn(I) -> String,
) -> Result<Vec<Record<T>>, Error> {
    if let Ok(Records { records }) = serde_json::from_slice(event) {
        return Ok(records.into_iter().map(Ok).collect());
    }
    let Records { records } = read::<Records<&RawValue>>(event, what)?;
    let record = |record: &'a RawValue| match read(record.get().as_bytes(), what) {
        Ok(record) => Ok(Ok(record)),
        Err(error) => match read(record.get().as_bytes(), what) {
            Ok(identified) => Ok(Err((id(identified), error))),
            Err(_) => Err(error),
        },
    };
    records.into_iter().map(record).collect()
}
