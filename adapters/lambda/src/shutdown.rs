//! An instance's end, which Lambda tells to those alone that have an extension.

use std::sync::Arc;
use std::time::Duration;

use anyfn_core::{BoxError, Context, Handler, Level, dispatch_shutdown};

use crate::background::Background;
use crate::context::Between;
use crate::logs;
use crate::post::Post;

/// What Lambda gives it, 500 ms ("Lambda execution environment lifecycle", Lambda developer guide), less what the process takes
/// to end.
const SHUTDOWN: Duration = Duration::from_millis(400);

/// The signal that an instance ends. Where the adapter is only compiled, there is none.
pub(crate) struct Ending(#[cfg(unix)] tokio::signal::unix::Signal);

impl Ending {
    /// Asks Lambda for that signal. A program lives without it: where it cannot be had, that is a line in the log.
    pub(crate) async fn ask(post: &Post) -> Option<Self> {
        match Self::register(post).await {
            Ok(ending) => Some(ending),
            Err(error) => {
                let why = format!(
                    "anyfn: Lambda will not tell of the instance's end, and the shutdown will not run: {error}"
                );
                logs::write(None, Level::Error, &why);
                None
            }
        }
    }

    /// The signal is sent to functions with an extension alone, so one is registered that asks for no event; the time before the
    /// first invocation lasts until it waits for one ("Lambda Extensions API").
    async fn register(post: &Post) -> Result<Self, BoxError> {
        #[cfg(unix)]
        let ending = Self(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?);
        #[cfg(not(unix))]
        let ending = Self();
        let extension = post.register("anyfn-shutdown").await?;
        let post = post.clone();
        tokio::spawn(async move {
            // None comes. Where the connection breaks, as after a snapshot, Lambda waits for the next word.
            while let Err(error) = post.wait(&extension).await {
                logs::write(None, Level::Debug, &format!("anyfn: the extension for the shutdown waits anew: {error}"));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        Ok(ending)
    }

    /// Waits for it.
    pub(crate) async fn told(&mut self) {
        #[cfg(unix)]
        if self.0.recv().await.is_some() {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// The program's own end, and the work that it leaves behind.
pub(crate) async fn shutdown<H: Handler>(handler: &H) {
    let background = Arc::<Background>::default();
    let cx = Context::new(Between::the_last_event(Arc::clone(&background)));
    let done = async {
        dispatch_shutdown(handler, cx).await;
        background.finish(SHUTDOWN).await;
    };
    if tokio::time::timeout(SHUTDOWN, done).await.is_err() {
        let why = format!("anyfn: the shutdown was not done after {} ms, and is dropped", SHUTDOWN.as_millis());
        logs::write(None, Level::Error, &why);
    }
}
