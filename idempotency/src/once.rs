//! A handler that is run once for each piece of work.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use anyfn_core::{Handler, IntoHandler, MaybeSend, MaybeSync, StateCell};

use crate::{Guarded, Store, Work};

/// How long somebody may be at it where the platform says no deadline: as long as Workers gives an event.
const LEASE: Duration = Duration::from_secs(15 * 60);
/// How long it is known that something is done: longer than platforms deliver again as they are set up by themselves.
const KEEP: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The longest answer that is kept: a record of DynamoDB has 400 KB.
const ANSWER: usize = 300 * 1024;

/// Runs `handler` once for each piece of work, as `store` knows it: [`Once::new`] with all as it is set.
///
/// ```
/// use anyfn_core::{App, Item, test};
/// use anyfn_idempotency::{Memory, once};
///
/// async fn ship(Item(order): Item<u64>) { println!("shipping {order}") }
///
/// let app = App::builder().queue("orders", once("ship", Memory::new(), ship)).build();
/// # test::block_on(async {
/// # assert!(test::queue("orders", ["7"]).send_to(&app).await.is_done());
/// # });
/// ```
pub fn once<F>(name: impl Into<String>, store: impl Store, handler: F) -> Wrapped<F> {
    Once::new(name, store).wrap(handler)
}

/// How a handler is run once for each piece of work.
///
/// ```
/// use std::time::Duration;
///
/// use anyfn_core::{App, Item};
/// use anyfn_idempotency::{Memory, Once};
///
/// #[derive(serde::Deserialize)]
/// struct Order { id: u64 }
///
/// async fn ship(Item(order): Item<Order>) { println!("shipping {}", order.id) }
///
/// let once = Once::new("ship", Memory::new())
///     // Whoever sends an order twice sends two messages: it is the order that counts.
///     .by(|work| Some(work.json::<Order>()?.id.to_string()))
///     .keep(Duration::from_secs(30 * 24 * 60 * 60));
/// let app = App::builder().queue("orders", once.wrap(ship)).build();
/// # let _ = app;
/// ```
#[derive(Clone)]
pub struct Once {
    pub(crate) name: Arc<str>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) key: Option<Arc<dyn KeyOf>>,
    pub(crate) required: bool,
    pub(crate) lease: Duration,
    pub(crate) keep: Duration,
    pub(crate) answer: usize,
}

impl std::fmt::Debug for Once {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Once").field("name", &self.name).field("required", &self.required).finish_non_exhaustive()
    }
}

impl Once {
    /// What is done under this name, once, as far as `store` knows.
    ///
    /// The name keeps apart what shares a store: two programs that get the same messages each do them under a name of their own.
    /// Give it another name and everything is to be done again.
    pub fn new(name: impl Into<String>, store: impl Store) -> Self {
        let (name, store): (String, Arc<dyn Store>) = (name.into(), Arc::new(store));
        Self { name: name.into(), store, key: None, required: false, lease: LEASE, keep: KEEP, answer: ANSWER }
    }

    /// What tells one piece of work from the other, in place of what the platform says: `None` where it has no key. What has
    /// none runs whenever it comes, unless a key is [`required`](Self::required).
    ///
    /// A key may have any length. It must not be the client's alone to choose where others' answers are secret: put the user
    /// into it.
    #[must_use]
    pub fn by(mut self, key: impl Fn(&Work<'_>) -> Option<String> + MaybeSend + MaybeSync + 'static) -> Self {
        self.key = Some(Arc::new(key));
        self
    }

    /// Refuses what has no key: a request is answered with 400, anything else fails and comes again.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// How long somebody may be at it, where the platform says no deadline; 15 minutes by itself. Whoever has not finished by
    /// then has died, and the next one begins: so it must be longer than the work takes.
    #[must_use]
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// How long it is known that something is done; seven days by itself. What comes again after that is done again.
    #[must_use]
    pub const fn keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }

    /// How many bytes an answer may have to be kept; 300 KB by itself. Whoever asks for a longer one again is answered 409.
    #[must_use]
    pub const fn longest_answer(mut self, bytes: usize) -> Self {
        self.answer = bytes;
        self
    }

    /// This handler, once for each piece of work.
    pub fn wrap<F>(self, handler: F) -> Wrapped<F> {
        Wrapped { once: self, handler }
    }

    /// A [`Handler`] that is one already, an `App` above all.
    pub fn guard<H: Handler>(self, handler: H) -> Guarded<H> {
        Guarded { once: self, handler }
    }
}

/// What [`Once::by`] takes.
pub(crate) trait KeyOf: MaybeSend + MaybeSync {
    fn key(&self, work: &Work<'_>) -> Option<String>;
}

impl<F: Fn(&Work<'_>) -> Option<String> + MaybeSend + MaybeSync> KeyOf for F {
    fn key(&self, work: &Work<'_>) -> Option<String> {
        self(work)
    }
}

/// A handler that will be run once for each piece of work: it stands wherever the handler itself would, in `app!` too.
#[derive(Clone, Debug)]
pub struct Wrapped<F> {
    once: Once,
    handler: F,
}

/// Marks handlers that are run once.
#[derive(Debug)]
pub struct IsOnce<M>(PhantomData<fn() -> M>);

impl<M, S, F: IntoHandler<M, S>> IntoHandler<IsOnce<M>, S> for Wrapped<F> {
    type Handler = Guarded<F::Handler>;

    fn into_handler(self, state: StateCell<S>) -> Self::Handler {
        self.once.guard(self.handler.into_handler(state))
    }
}
