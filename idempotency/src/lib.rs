//! At-least-once in, once done.
//!
//! Queues, streams, webhooks and schedules deliver again, and so do clients whose connection broke. A handler in [`once`] runs once
//! for each piece of work:
//!
//! ```
//! use anyfn_core::{App, Item, test};
//! use anyfn_idempotency::{Memory, once};
//!
//! async fn ship(Item(order): Item<u64>) { println!("shipping {order}") }
//!
//! let app = App::builder().queue("orders", once("ship", Memory::new(), ship)).build();
//!
//! # test::block_on(async {
//! // The same message, delivered twice, ships one order.
//! assert!(test::queue("orders", ["7"]).send_to(&app).await.is_done());
//! assert!(test::queue("orders", ["7"]).send_to(&app).await.is_done());
//! # });
//! ```
//!
//! In `app!` it is `queue("orders") => once("ship", store, ship)`. Functions of items, of whole batches, of requests, and axum's
//! routers are all wrapped so.
//!
//! # What happens
//!
//! Before the handler runs, its work is begun in a [`Store`]: a record under the work's key, with a lease. After it, the record says
//! that the work is done, for [seven days](Once::keep).
//!
//! | the record says | a request | an item of a batch | a tick, another event |
//! |---|---|---|---|
//! | nothing, or that it failed | the handler runs | it runs | it runs |
//! | it is done | the first answer, byte for byte | done; not run | done, with the first answer |
//! | somebody is at it | 409 | comes again when their lease ends | fails, and comes again |
//! | it was another request | 422 | | |
//!
//! - **Failures** free the key, so that a retry runs: an error, an item that is to come again, a panic; of requests, answers from 500 on
//!   and those that invite another try (401, 403, 407, 408, 409, 425, 429). What a handler discards is done.
//! - **Death** does not: a process that is killed, an instance of Workers that panics, a deadline. The next delivery waits until
//!   the lease has ended, which is the platform's deadline where it says one, and else [a setting](Once::lease).
//! - **Each item is alone**, and batches that promise order keep it: nothing overtakes an item that comes again later.
//! - **The store is out of reach**: nothing runs, and the event fails. After the work, it is said to be done, with a line in the log.
//!
//! # The key
//!
//! | work | by itself |
//! |---|---|
//! | a request | the header `Idempotency-Key`; without it the handler runs each time, unless it is [`required`](Once::required). GET and HEAD need none. |
//! | a message of a queue, stream or topic | the platform's identifier, which a redelivery keeps |
//! | an object | bucket, key, what happened, entity tag and time |
//! | a changed row | the number of the change |
//! | a tick | the schedule and when it was due |
//! | another CloudEvent | `source` and `id`; plain JSON has none |
//!
//! [`Once::by`] takes another: a field of the payload, where a sender may send one thing in two messages; the user beside the
//! header, where keys are not random. Whatever the key, an answer goes only to a request with the same method, path, query, body,
//! `content-type` and `authorization`; another one is a 422.
//!
//! # Where it is kept
//!
//! | | is it a lock? |
//! |---|---|
//! | `DynamoDb`, with the feature `dynamodb`, everywhere but on Workers | yes |
//! | `D1`, on Workers | yes |
//! | `Kv`, on Workers | **no**: KV has no conditional write, and other places see what was written up to a minute later. It makes repeats rarer. |
//! | [`Memory`] | for one process, until it ends |
//! | [`Bound`] | what its name stands for where the program runs: one of these |
//!
//! Another one implements [`Store`]; [`conformance`] says whether it does so well.
//!
//! # What no store can promise
//!
//! A process may die after its work and before it says so. Then the work is done again when the lease has ended: what must not happen
//! twice in that moment either has to be one transaction with the record, in the same database, or be idempotent by itself (most
//! payment APIs take a key of yours: hand on this one).
//!
//! A lease that is shorter than the work lets two do it. The later one has the record; the earlier one is told, in the log.
//!
//! Answers that are streams are sent as they come and are not kept: whoever asks again is answered 409.

mod answer;
mod batch;
mod bound;
#[cfg(all(feature = "dynamodb", not(all(target_family = "wasm", target_os = "unknown"))))]
mod dynamodb;
mod guard;
mod header;
mod memory;
mod once;
mod store;
mod work;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod workers;

pub mod conformance;

pub use bound::Bound;
#[cfg(all(feature = "dynamodb", not(all(target_family = "wasm", target_os = "unknown"))))]
pub use dynamodb::{Credentials, DynamoDb};
pub use guard::Guarded;
pub use memory::Memory;
pub use once::{IsOnce, Once, Wrapped, once};
pub use store::{Begun, Claim, Held, Store};
pub use work::Work;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use workers::{D1, Kv};
