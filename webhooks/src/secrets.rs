//! The keys that a signature may be made with.

use std::fmt;

use crate::Refusal;

/// One secret, or several while one takes another's place; at least one, and none of them empty.
///
/// ```
/// use anyfn_webhooks::Secrets;
///
/// assert_eq!(Secrets::parse("new, old")?.iter().collect::<Vec<_>>(), ["new", "old"]);
/// assert!(Secrets::parse("").is_err());
/// # Ok::<(), anyfn_webhooks::Refusal>(())
/// ```
#[derive(Clone)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// These.
    ///
    /// # Errors
    /// There is none, or an empty one, with which anybody could sign.
    pub fn new<S: Into<String>>(secrets: impl IntoIterator<Item = S>) -> Result<Self, Refusal> {
        let secrets: Vec<String> = secrets.into_iter().map(Into::into).collect();
        if secrets.is_empty() || secrets.iter().any(String::is_empty) {
            return Err(Refusal::Secret("is empty"));
        }
        Ok(Self(secrets))
    }

    /// What a variable holds: commas separate, and the white space around a secret is no part of it.
    ///
    /// # Errors
    /// As [`new`](Self::new); `a,,b` has an empty one.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        Self::new(text.split(',').map(str::trim))
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// How many there are, and none of them.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}
