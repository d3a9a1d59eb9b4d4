//! Vercel Blob: an upload that a client has completed ("Client uploads", Vercel Blob documentation).
//!
//! The event may come more than once, and who has seen one can send it again: a handler must not mind.

use anyfn_core::{
    Batch, Body, Context, Entry, Error, ErrorKind, Event, Handler, Names, ObjectAction, ObjectEvent, Order, dispatch,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use sha2::Sha256;

use super::{Settled, failed, only, settled};
use crate::MAX_BODY;

/// What a client's upload is told to call back.
pub(super) const PATH: &str = "/_anyfn/blob";

/// The variable that holds the store's token, which Vercel signs its events with (as `@vercel/blob` reads them).
const TOKEN: &str = "BLOB_READ_WRITE_TOKEN";
/// The body's HMAC-SHA256 with the token as its key, in hexadecimal digits.
const SIGNATURE: &str = "x-vercel-signature";
/// Who waits for this answer takes it for the upload's success.
const TAKEN: &str = r#"{"type":"blob.upload-completed","response":"ok"}"#;

pub(super) async fn serve<H: Handler>(
    handler: &H,
    request: http::Request<Body>,
    cx: &Context,
) -> Result<http::Response<Body>, Error> {
    let token = cx.env(TOKEN).filter(|token| !token.is_empty()).ok_or_else(|| {
        refused().source(format!("events of Vercel Blob are off until the variable `{TOKEN}` holds the store's token"))
    })?;
    only(&Method::POST, &request)?;
    let (head, body) = request.into_parts();
    let body = body.collect(MAX_BODY as usize).await?;
    if !is_signed(&head.headers, &body, &token) {
        return Err(refused().source(format!("its `{SIGNATURE}` is missing, or not that of its body")));
    }
    let (url, object) = read(&body, &Names::of_program(cx)?)?;
    let batch = Batch::new(object.bucket.clone(), Order::Unordered, [Entry::new(url, object)]);
    match settled(dispatch(handler, Event::Object(batch), cx.clone()).await) {
        Settled::Done => {
            let mut response = http::Response::new(Body::from(TAKEN));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            Ok(response)
        }
        Settled::Again(None) => Err(failed()),
        Settled::Again(Some(after)) => {
            Err(Error::new(StatusCode::SERVICE_UNAVAILABLE).header(header::RETRY_AFTER, after.as_secs().into()))
        }
    }
}

fn refused() -> Error {
    Error::of(ErrorKind::Unauthorized).detail("the event is not signed by this program's store")
}

/// Compares in constant time.
fn is_signed(headers: &HeaderMap, body: &[u8], token: &str) -> bool {
    let Some(signature) = headers.get(SIGNATURE).and_then(|value| bytes(value.as_bytes())) else { return false };
    Hmac::<Sha256>::new_from_slice(token.as_bytes())
        .is_ok_and(|mac| mac.chain_update(body).verify_slice(&signature).is_ok())
}

/// Hexadecimal digits.
fn bytes(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()).collect()
}

/// The object and its URL.
///
/// A store has no name of the user's: it goes by its identifier, the first part of its host, or else by `blob`.
fn read(body: &[u8], names: &Names) -> Result<(String, ObjectEvent), Error> {
    #[derive(Deserialize)]
    struct Completed {
        r#type: String,
        payload: Payload,
    }
    #[derive(Deserialize)]
    struct Payload {
        blob: Blob,
    }
    #[derive(Deserialize)]
    struct Blob {
        url: String,
        pathname: String,
        size: Option<u64>,
        etag: Option<String>,
    }
    let unfit = || Error::of(ErrorKind::Unprocessable).detail("the body is no event of Vercel Blob");
    let Completed { r#type, payload: Payload { blob: Blob { url, pathname, size, etag } } } =
        serde_json::from_slice(body).map_err(|error| unfit().source(error))?;
    if r#type != "blob.upload-completed" {
        return Err(unfit().source(format!("its type is `{type}`, not `blob.upload-completed`")));
    }
    let host = url.parse::<http::Uri>().ok().and_then(|url| Some(url.host()?.to_owned()));
    let store = host.as_deref().and_then(|host| host.split('.').next()).unwrap_or("blob");
    let bucket = match names.of(store) {
        name if name == store => names.of("blob"),
        name => name,
    };
    let mut object = ObjectEvent::new(ObjectAction::Created, bucket, pathname);
    (object.size, object.etag) = (size, etag.map(|etag| etag.trim_matches('"').to_owned()));
    Ok((url, object))
}
