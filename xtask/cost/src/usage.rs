use std::fmt;

use serde::{Deserialize, Serialize};

/// A month's use of one function.
///
/// ```
/// use anyfn_cost::Usage;
///
/// let usage = Usage { invocations: 1_000_000, duration_ms: 50.0, ..Usage::default() };
/// assert_eq!(usage.memory_mb, 128);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// How often it runs in a month.
    pub invocations: u64,
    /// How long it runs on average, in milliseconds, waiting included.
    pub duration_ms: f64,
    /// What it is given, in MB; 128 unless told.
    pub memory_mb: u32,
    /// For how much of the duration it computes, in milliseconds; all of it unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<f64>,
    /// The processor, where the price depends on it.
    pub architecture: Architecture,
}

impl Default for Usage {
    fn default() -> Self {
        Self { invocations: 0, duration_ms: 0.0, memory_mb: 128, cpu_ms: None, architecture: Architecture::default() }
    }
}

/// A processor that a platform has its own price for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// 64-bit x86.
    #[default]
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit ARM (Graviton).
    Arm64,
}

/// The milliseconds of a long month.
const MONTH: f64 = 31.0 * 24.0 * 60.0 * 60.0 * 1000.0;

impl Usage {
    /// CPU time of one invocation, in milliseconds: as told, or all of the duration.
    #[must_use]
    pub fn cpu_ms(&self) -> f64 {
        self.cpu_ms.unwrap_or(self.duration_ms)
    }

    /// Whether a bill can be made of it.
    ///
    /// # Errors
    /// When a time is negative, longer than a month or not a number, when there is no memory, or when more is computed than lasts.
    pub fn check(&self) -> Result<(), Error> {
        let time = |what: &'static str, ms: f64| match ms {
            0.0..=MONTH => Ok(()),
            ms if ms > MONTH => {
                Err(Error(format!("{what} is {ms:.1e} ms: that is longer than the month that is billed")))
            }
            _ => Err(Error(format!("{what} is {ms} ms: it must be a number of milliseconds, 0 or more"))),
        };
        time("the duration", self.duration_ms)?;
        time("the CPU time", self.cpu_ms())?;
        match self {
            Self { memory_mb: 0, .. } => Err(Error("the memory is 0 MB: a function needs at least 1".into())),
            Self { cpu_ms: Some(cpu), duration_ms, .. } if cpu > duration_ms => Err(Error(format!(
                "the CPU time of {cpu} ms is more than the duration of {duration_ms} ms, of which it is a part"
            ))),
            _ => Ok(()),
        }
    }
}

/// Why there is no bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
