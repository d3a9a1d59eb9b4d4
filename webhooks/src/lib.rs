//! Webhooks: requests whose signatures are checked before a handler sees them.
//!
//! ```
//! use anyfn_core::Result;
//! use anyfn_webhooks::{Stripe, Verified};
//!
//! #[derive(serde::Deserialize)]
//! struct Session { client_reference_id: String }
//!
//! async fn paid(Verified(event): Verified<Stripe>) -> Result<()> {
//!     if event.kind == "checkout.session.completed" {
//!         let session: Session = event.object()?;
//!         println!("{} is paid", session.client_reference_id);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! A [`Verified<P>`](Verified) is a function's last argument. It reads the exact bytes of the body, up to the platform's limit, the
//! secret from the [`Context`](anyfn_core::Context), the time from it too, and compares in constant time.
//!
//! | `P` | signs | secret | replays | the event |
//! |---|---|---|---|---|
//! | [`Stripe`] | the body and the time, HMAC-SHA256 | `STRIPE_WEBHOOK_SECRET` | 5 minutes | [`stripe::Event`] |
//! | [`GitHub`] | the body, HMAC-SHA256 | `GITHUB_WEBHOOK_SECRET` | not prevented | [`github::Event`] |
//! | [`Twilio`] | the public URL and the form, HMAC-SHA1 | `TWILIO_AUTH_TOKEN` | not prevented | [`twilio::Event`] |
//! | [`Slack`] | the body and the time, HMAC-SHA256 | `SLACK_SIGNING_SECRET` | 5 minutes | [`slack::Event`] |
//! | [`StandardWebhooks`] | the body, the id and the time, HMAC-SHA256 | `WEBHOOK_SECRET` | 5 minutes | [`standard::Event`] |
//!
//! # Secrets
//!
//! A variable holds one secret, or several with commas between them while one takes another's place: a signature by any of them
//! holds. A secret that you choose yourself (GitHub's) must therefore have no comma in it.
//!
//! A variable that is unset, empty or holds an empty part fails each request with a 500, whose log line names the variable.
//!
//! # Refusals
//!
//! What is not signed is answered with a 401 in problem details, the same for every reason; the reason is in the log, as a
//! warning that begins with `anyfn: webhook refused`. See [`Refusal`].
//!
//! # Replays
//!
//! Where the time is signed, what was signed more than five minutes ago (or is dated as far ahead) is refused. Within those minutes,
//! and with GitHub and Twilio at any time, the same request can come twice, as it also does when a provider delivers again: keep
//! the event's id, as `anyfn::idempotency` does, or make handling it twice do no harm. GitHub's id and kind stand in headers, which it
//! does not sign.
//!
//! # The public URL
//!
//! Twilio signs the URL that was configured. It is rebuilt of what the platform says: behind a proxy of your own, the plain server
//! has to be told to trust it, or it takes `https` for `http`. See [`twilio`].
//!
//! # Others
//!
//! [`Provider`] can be implemented for others, or for a second secret of one of these. Each provider's module also has `verify` and
//! `sign` as plain functions, and [`signed`] makes the requests of your own tests.

mod hashes;
mod provider;
mod refusal;
mod secrets;
mod verified;
mod window;

pub mod github;
pub mod slack;
pub mod standard;
pub mod stripe;
pub mod twilio;

pub use github::GitHub;
pub use provider::{Delivery, Provider, signed};
pub use refusal::Refusal;
pub use secrets::Secrets;
pub use slack::Slack;
pub use standard::StandardWebhooks;
pub use stripe::Stripe;
pub use twilio::Twilio;
pub use verified::Verified;
pub use window::Window;
