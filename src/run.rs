//! Which adapter serves the program: the only one compiled in, or the one whose platform started the process.

use crate::App;

/// Serves the program on the target that it was built for.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub fn run(app: App) {
    anyfn_cloudflare::run(traced(app));
}

#[cfg(feature = "tracing")]
use anyfn_tracing::traced;

/// The program as it is.
#[cfg(not(feature = "tracing"))]
fn traced(app: App) -> App {
    app
}

/// [`run`], for a program that HTTP requests alone reach: where its size counts, what reads other events is left out.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub fn run_http(app: App) {
    anyfn_cloudflare::run_http(traced(app));
}

/// [`run`], for a program that HTTP requests alone reach: where it weighs much, what reads other events is left out.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub fn run_http(app: App) {
    start::<true>(app);
}

/// Serves the program on the target that it was built for, and ends the process where that fails.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub fn run(app: App) {
    start::<false>(app);
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn start<const HTTP: bool>(app: App) {
    if cfg!(panic = "abort") {
        eprintln!(
            "anyfn: built with panic = \"abort\": a panic ends every request; set panic = \"unwind\" in the profile"
        );
    }
    if let Err(error) = serve::<HTTP>(traced(app)) {
        eprintln!("anyfn: {error}");
        std::process::exit(1);
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[allow(
    unreachable_code,
    unused_variables,
    clippy::needless_pass_by_value,
    reason = "what is reachable depends on the adapters that are compiled in"
)]
fn serve<const HTTP: bool>(app: impl crate::Handler) -> Result<(), crate::BoxError> {
    #[cfg(feature = "lambda")]
    if anyfn_lambda::detected() {
        return anyfn_lambda::run(app);
    }
    #[cfg(feature = "vercel")]
    if anyfn_vercel::detected() {
        return if HTTP { anyfn_vercel::run_http(app) } else { anyfn_vercel::run(app) };
    }
    // The default's server is a fallback: a default cannot be switched off from the command line.
    #[cfg(any(
        feature = "server",
        all(feature = "server-adapter", not(any(feature = "lambda", feature = "vercel")))
    ))]
    return anyfn_server::run(app);
    Err(NOWHERE.into())
}

#[cfg(all(not(all(target_family = "wasm", target_os = "unknown")), any(feature = "lambda", feature = "vercel")))]
const NOWHERE: &str = "no platform that this program was built for started it: deploy it, try it locally with \
                       `cargo xtask run --target lambda` (or `vercel`), or build it with the feature `anyfn/server` too";
#[cfg(not(any(feature = "lambda", feature = "vercel")))]
#[allow(dead_code, reason = "with the server compiled in there is always something to run")]
const NOWHERE: &str =
    "no adapter is compiled in: build with one of the features `anyfn/server`, `anyfn/lambda` and `anyfn/vercel`";
