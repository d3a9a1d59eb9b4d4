//! The store that a name stands for on this platform.

use std::time::SystemTime;

use anyfn_core::{Context, DynFuture, Error};
use bytes::Bytes;

use crate::{Begun, Claim, Held, Memory, Store};

/// The store that a name stands for where the program runs, so that its source names no platform.
///
/// On Workers it is what is bound to the name, [`D1`](https://docs.rs/anyfn-idempotency) or KV; `cargo xtask build` binds what
/// stands in `[package.metadata.anyfn.cloudflare]`. Elsewhere a variable of that name says it:
///
/// | the variable | the store |
/// |---|---|
/// | `dynamodb:TABLE` | `DynamoDb::table("TABLE")`, with the feature `dynamodb` |
/// | `memory:` | [`Memory`], which ends with the instance: to try things, on Workers too |
///
/// Where nothing says it, what comes fails, with a line in the log: nobody is to find out by things that were done twice.
///
/// ```
/// use anyfn_core::{App, Item, test};
/// use anyfn_idempotency::{Bound, once};
///
/// async fn ship(Item(order): Item<u64>) { println!("shipping {order}") }
///
/// let app = App::builder().queue("orders", once("ship", Bound::to("DONE"), ship)).build();
/// # test::block_on(async {
/// let memory = test::Memory::default().env("DONE", "memory:");
/// assert!(test::queue("orders", ["7"]).within(&memory).send_to(&app).await.is_done());
/// assert!(!test::queue("orders", ["8"]).send_to(&app).await.is_done());
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Bound {
    name: String,
    memory: Memory,
    #[cfg(all(feature = "dynamodb", not(all(target_family = "wasm", target_os = "unknown"))))]
    table: std::sync::Arc<std::sync::OnceLock<crate::DynamoDb>>,
}

impl Bound {
    /// What is bound to this name.
    pub fn to(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            memory: Memory::new(),
            #[cfg(all(feature = "dynamodb", not(all(target_family = "wasm", target_os = "unknown"))))]
            table: std::sync::Arc::default(),
        }
    }

    fn store(&self, cx: &Context) -> Result<Box<dyn Store>, Error> {
        let name = &self.name;
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        match crate::workers::Kind::of(cx, name)? {
            Some(crate::workers::Kind::Kv) => return Ok(Box::new(crate::Kv::binding(name))),
            Some(crate::workers::Kind::D1) => return Ok(Box::new(crate::D1::binding(name))),
            _ => {}
        }
        let said = cx.env(name).unwrap_or_default();
        match said.split_once(':') {
            Some(("memory", "")) => Ok(Box::new(self.memory.clone())),
            #[cfg(all(feature = "dynamodb", not(all(target_family = "wasm", target_os = "unknown"))))]
            Some(("dynamodb", table)) if !table.is_empty() => {
                Ok(Box::new(self.table.get_or_init(|| crate::DynamoDb::table(table)).clone()))
            }
            _ => Err(Error::internal(format!(
                "`{name}` says `{said}`, and should say where it is kept what is done: {}",
                if cfg!(all(target_family = "wasm", target_os = "unknown")) {
                    "bind it to a database of D1 or a namespace of KV"
                } else if cfg!(feature = "dynamodb") {
                    "`dynamodb:TABLE`, or `memory:` to try things"
                } else {
                    "`dynamodb:TABLE` with the feature `dynamodb`, or `memory:` to try things"
                }
            ))),
        }
    }
}

impl Store for Bound {
    fn begin<'a>(&'a self, cx: &'a Context, claim: &'a Claim) -> DynFuture<'a, Result<Begun, Error>> {
        Box::pin(async move { self.store(cx)?.begin(cx, claim).await })
    }

    fn finish<'a>(
        &'a self,
        cx: &'a Context,
        held: &'a Held,
        answer: Option<Bytes>,
        expires: SystemTime,
    ) -> DynFuture<'a, Result<bool, Error>> {
        Box::pin(async move { self.store(cx)?.finish(cx, held, answer, expires).await })
    }

    fn release<'a>(&'a self, cx: &'a Context, held: &'a Held) -> DynFuture<'a, Result<(), Error>> {
        Box::pin(async move { self.store(cx)?.release(cx, held).await })
    }
}
