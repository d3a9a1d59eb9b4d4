//! Why a request is not taken for its provider's.

use std::fmt;
use std::time::Duration;

use anyfn_core::{Error, ErrorKind};

/// Why a request is refused: for the log, never for whoever sent it.
///
/// As an [`Error`] it is a 401 whose answer is the same for all of them, but for [`Secret`](Self::Secret), which is a 500.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// This header is missing, or is no text.
    Missing(&'static str),
    /// This header is not what the provider writes.
    Malformed(&'static str),
    /// There are signatures, and none is of the scheme that is checked.
    Scheme(&'static str),
    /// No signature is that of the request and one of the secrets.
    Mismatch,
    /// No signature is that of this URL (its query is left out), the form and one of the secrets.
    Url(String),
    /// The signature does not cover the body, for this reason.
    Uncovered(&'static str),
    /// The signature holds, and was made so long ago that the request may be a replay.
    TooOld(Duration),
    /// The signature holds, and is dated so far ahead that a clock is wrong.
    TooNew(Duration),
    /// The secret is no usable one, for this reason: a mistake of this program's configuration.
    Secret(&'static str),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(header) => write!(f, "the header `{header}` is missing, or no text"),
            Self::Malformed(header) => write!(f, "the header `{header}` is malformed"),
            Self::Scheme(scheme) => write!(f, "there is no signature of the scheme `{scheme}`"),
            Self::Mismatch => f.write_str(
                "the signature is not that of the request: another secret, or something on the way changed it",
            ),
            Self::Url(url) => {
                write!(
                    f,
                    "the signature is not that of a request to {url}: another URL was signed, or with another secret"
                )
            }
            Self::Uncovered(why) => write!(f, "the signature does not cover the body: {why}"),
            Self::TooOld(by) => write!(f, "the signature holds, but was made {} s ago", by.as_secs()),
            Self::TooNew(by) => write!(f, "the signature holds, but is dated {} s ahead", by.as_secs()),
            Self::Secret(why) => write!(f, "the secret {why}"),
        }
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// The answer to it, with the reason for the log.
    pub fn into_error(self) -> Error {
        match self {
            Self::Secret(_) => Error::internal(self),
            refusal => {
                Error::of(ErrorKind::Unauthorized).detail("the request is not signed as it has to be").source(refusal)
            }
        }
    }
}
