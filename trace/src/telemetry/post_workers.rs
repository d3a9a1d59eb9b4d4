//! Posting, by the platform's own `fetch`.

use anyfn_core::BoxError;
use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, with: &Object) -> Result<Promise, JsValue>;
}

#[derive(Debug)]
pub(super) struct Post;

impl Post {
    pub(super) fn new(_: &Uri) -> Self {
        Self
    }

    pub(super) async fn post(&self, request: Request<Bytes>) -> Result<StatusCode, BoxError> {
        let answer = async {
            let headers = Array::new();
            for (name, value) in request.headers() {
                let value = String::from_utf8_lossy(value.as_bytes());
                headers.push(&Array::of2(&name.as_str().into(), &(&*value).into()));
            }
            let with = Object::new();
            Reflect::set(&with, &"method".into(), &"POST".into())?;
            Reflect::set(&with, &"headers".into(), &headers)?;
            Reflect::set(&with, &"body".into(), &Uint8Array::from(&request.body()[..]))?;
            let answer = JsFuture::from(fetch(&request.uri().to_string(), &with)?).await?;
            Reflect::get(&answer, &"status".into())
        };
        let status = answer.await.map_err(|error: JsValue| format!("{error:?}"))?;
        Ok(StatusCode::from_u16(status.as_f64().unwrap_or_default() as u16)?)
    }
}
