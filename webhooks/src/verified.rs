//! The extractor.

use std::fmt;

use anyfn_core::{Body, Context, Error, ErrorKind, Event, FromEvent, Level, MaybeSync};
use bytes::Bytes;
use http::Request;

use crate::{Delivery, Provider, Refusal, Secrets};

/// A request that `P` has signed, read as its event: a function's last argument.
///
/// A request that is not signed answers 401, and one that is longer than the platform allows 413; where the secret is not set the
/// answer is a 500. `Result<Verified<P>, Error>` hands the refusal to the function.
///
/// ```
/// use anyfn_core::test;
/// use anyfn_webhooks::{Slack, Verified};
///
/// async fn command(Verified(event): Verified<Slack>) -> String { event.kind().unwrap_or_default() }
///
/// # test::block_on(async {
/// let memory = test::Memory::default().env("SLACK_SIGNING_SECRET", "secret");
/// assert_eq!(test::post("/slack").body("{}").within(&memory).send(command).await.status(), 401);
/// assert!(memory.log_lines()[0].starts_with("anyfn: webhook refused: Slack: the header `x-slack-signature` is missing"));
/// # });
/// ```
pub struct Verified<P: Provider>(
    /// What the provider tells.
    pub P::Event,
);

impl<P: Provider> fmt::Debug for Verified<P>
where
    P::Event: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Verified").field(&self.0).finish()
    }
}

impl<P: Provider, S: MaybeSync> FromEvent<S> for Verified<P> {
    async fn from_event(event: Event, cx: &Context, state: &S) -> Result<Self, Error> {
        let Event::Http(request) = event else {
            return Err(Error::of(ErrorKind::Mismatch).source(format!(
                "the handler reads a webhook of {}, and a {} event came",
                P::NAME,
                event.trigger()
            )));
        };
        let secrets = Secrets::parse(&cx.secret(P::SECRET)?).map_err(|refusal| unusable::<P>(&refusal))?;
        let (head, body) = request.into_parts();
        let body = bytes(body, cx, state).await?;
        let delivery = Delivery { head, raw_target: cx.raw_target().map(str::to_owned), body };
        match P::verify(&delivery, &secrets, cx.now()) {
            Ok(()) => P::read(delivery).map(Self),
            Err(refusal @ Refusal::Secret(_)) => Err(unusable::<P>(&refusal)),
            Err(refusal) => {
                // Only what is this program's own fault is logged by itself.
                cx.log_at(Level::Warn, format!("anyfn: webhook refused: {}: {refusal}", P::NAME));
                Err(refusal.into_error())
            }
        }
    }
}

/// The body as the extractor of bytes reads it, with its limits.
async fn bytes<S: MaybeSync>(body: Body, cx: &Context, state: &S) -> Result<Bytes, Error> {
    Bytes::from_event(Event::Http(Request::new(body)), cx, state).await
}

fn unusable<P: Provider>(refusal: &Refusal) -> Error {
    Error::internal(format!("the variable `{}`: {refusal}", P::SECRET))
}
