//! workerd, started through Miniflare, with its own socket open to raw requests.

use std::path::Path;

use anyhow::{Result, bail};

use super::{Options, Running};

/// Starts workerd with the modules of `dir` (`worker.js`, `index.js`, `index_bg.wasm`; `dist/cloudflare/<package>/dist`).
///
/// `compatibility_date` and flags are read from the `wrangler.jsonc` beside the folder.
///
/// # Errors
/// When Miniflare is not installed or the modules do not start.
pub async fn start(dir: &Path, options: &Options) -> Result<Running> {
    let _ = (dir, options);
    bail!("not there yet")
}
