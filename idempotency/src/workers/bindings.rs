//! The bindings, and what they are asked.

use anyfn_core::{Context, Error};
use http::StatusCode;
use js_sys::{Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// A namespace of Workers KV.
    pub(super) type Namespace;

    #[wasm_bindgen(method, catch)]
    pub(super) fn get(this: &Namespace, key: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn put(this: &Namespace, key: &str, value: &str, options: &JsValue) -> Result<Promise, JsValue>;

    /// A database of D1.
    pub(super) type Database;

    #[wasm_bindgen(method, catch)]
    pub(super) fn prepare(this: &Database, query: &str) -> Result<Statement, JsValue>;

    /// A statement of D1.
    pub(super) type Statement;

    #[wasm_bindgen(method, catch, variadic)]
    pub(super) fn bind(this: &Statement, values: Box<[JsValue]>) -> Result<Statement, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn first(this: &Statement) -> Result<Promise, JsValue>;
}

/// What a binding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Kv,
    D1,
    Another,
}

impl Kind {
    /// `None` where nothing is bound to the name.
    pub(crate) fn of(cx: &Context, name: &str) -> Result<Option<Self>, Error> {
        let binding = read(cx, name)?;
        let has = |method: &str| Reflect::get(&binding, &method.into()).is_ok_and(|method| method.is_function());
        Ok(match binding.is_object() {
            false => None,
            true if has("prepare") => Some(Self::D1),
            true if has("getWithMetadata") => Some(Self::Kv),
            true => Some(Self::Another),
        })
    }
}

/// The binding, whose type the caller knows.
pub(super) fn bound<T: JsCast>(cx: &Context, name: &str, kind: Kind) -> Result<T, Error> {
    match Kind::of(cx, name)? {
        Some(found) if found == kind => Ok(read(cx, name)?.unchecked_into()),
        found => Err(Error::internal(format!(
            "`{name}` is bound to {}: name it in [package.metadata.anyfn.cloudflare] of Cargo.toml, under `{}`",
            if found.is_some() { "something else" } else { "nothing" },
            if kind == Kind::Kv { "kv" } else { "d1" },
        ))),
    }
}

fn read(cx: &Context, name: &str) -> Result<JsValue, Error> {
    let raw =
        cx.raw::<anyfn_cloudflare::Raw>().ok_or_else(|| Error::internal("KV and D1 are there on Workers alone"))?;
    Reflect::get(&raw.env, &name.into()).map_err(|error| out_of_reach(name, &error))
}

/// Waits for what a call promises.
pub(super) async fn awaited(name: &str, promised: Result<Promise, JsValue>) -> Result<JsValue, Error> {
    let promise = promised.map_err(|error| out_of_reach(name, &error))?;
    JsFuture::from(promise).await.map_err(|error| out_of_reach(name, &error))
}

pub(super) fn out_of_reach(name: &str, error: &JsValue) -> Error {
    let text = error.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{error:?}"), |error| error.message().into());
    Error::new(StatusCode::SERVICE_UNAVAILABLE).source(format!("the binding `{name}`: {text}"))
}
