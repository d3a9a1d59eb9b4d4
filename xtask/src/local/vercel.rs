//! Vercel's executable protocol, as the platform speaks it.

use std::path::Path;

use anyhow::{Result, bail};

use super::{Options, Running};

/// Starts an executable as Vercel does: a fresh folder, a clean environment, the unix socket, internal headers.
///
/// What it does against the protocol is in [`Running::violations`].
///
/// # Errors
/// When it does not start or never says that its server did.
pub async fn start(executable: &Path, options: &Options) -> Result<Running> {
    let _ = (executable, options);
    bail!("not there yet")
}
