//! What a handler can do wrong, or in an unusual way: answered only where the variable `ECHO_FAULTS` is `1`.

use std::num::ParseIntError;
use std::time::Duration;

use anyfn::{Body, Context, Error, IntoResponse, Response as Answered};
use futures_util::stream;
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::answers::{self, Answer};
use crate::limits;

/// Whether the faults are asked for at all.
pub(crate) fn wanted(cx: &Context) -> bool {
    cx.env("ECHO_FAULTS").is_some_and(|value| value == "1")
}

/// Answers `/faults/{what}/{how}`.
pub(crate) async fn faults(what: &str, how: &str, cx: &Context) -> Answer {
    match what {
        "broken" => Ok(broken(crate::web::number(how, limits::ITEMS)?, cx, || Err("connection reset by db.internal"))),
        "panics" => Ok(broken(crate::web::number(how, limits::ITEMS)?, cx, || {
            panic!("echo's stream panics when it is asked to")
        })),
        "length" => length(how),
        "own" => own(how),
        "encoded" => encoded(how),
        "headers" => headers(how),
        "hop" => hop(),
        "stays" => stays(how, cx).await,
        "target" => answers::json(&Target { raw_target: cx.raw_target() }),
        _ => Err(Error::not_found()),
    }
}

/// `n` events, 50 ms apart, and then the end that nobody wants.
fn broken(n: usize, cx: &Context, end: impl Fn() -> Result<String, &'static str> + Send + 'static) -> Response<Body> {
    let cx = cx.clone();
    let events = stream::unfold((0, end), move |(i, end)| {
        let cx = cx.clone();
        async move {
            if i > n {
                return None;
            }
            if i > 0 {
                cx.sleep(Duration::from_millis(50)).await;
            }
            let event = if i == n { end() } else { Ok(format!("data: {i}\n\n")) };
            Some((event.map_err(std::io::Error::other), (i + 1, end)))
        }
    });
    answers::answer(StatusCode::OK, HeaderValue::from_static("text/event-stream"), Body::from_stream(events))
}

/// `hello`, with a length that is another's.
fn length(said: &str) -> Answer {
    let said = HeaderValue::try_from(said)?;
    let mut answer = answers::text("hello")?;
    answer.headers_mut().insert(CONTENT_LENGTH, said);
    Ok(answer)
}

/// Errors of a type of the user's own.
enum Own {
    SoldOut,
    Number(ParseIntError),
}

impl From<ParseIntError> for Own {
    fn from(error: ParseIntError) -> Self {
        Self::Number(error)
    }
}

impl IntoResponse for Own {
    fn into_response(self) -> Result<Answered, Error> {
        Err(match self {
            Self::SoldOut => Error::new(StatusCode::CONFLICT).title("Sold out").member("left", 0),
            Self::Number(error) => Error::internal(format!("db.internal:5432 sent no number: {error}")),
        })
    }
}

fn price(text: &str) -> Result<u32, Own> {
    if text == "sold-out" {
        return Err(Own::SoldOut);
    }
    Ok(text.parse::<u32>()?)
}

/// A `?` on an error that knows how it is answered; `std`, on one that does not.
fn own(text: &str) -> Answer {
    if text == "std" {
        let number: u32 = "db.internal".parse()?;
        return answers::text(number.to_string());
    }
    match price(text).map(|price| price.to_string()).into_response()? {
        Answered::Http(answer) => Ok(answer),
        _ => Err(Error::not_found()),
    }
}

const BR: &[u8] = b"\x8b\x03\x80hello br\x03";
const DEFLATE: &[u8] = b"\x78\x9c\xcb\x48\xcd\xc9\xc9\x57\x48\x49\x4d\xcb\x49\x2c\x49\x05\x00\x23\x0c\x05\x0a";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd\x20\x0a\x51\x00\x00hello zstd";

/// Compressed by the handler: `hello br` and so on.
fn encoded(coding: &str) -> Answer {
    let bytes = match coding {
        "br" => BR,
        "deflate" => DEFLATE,
        "zstd" => ZSTD,
        "identity" => b"hello identity",
        _ => return Err(Error::not_found()),
    };
    let mut answer = answers::answer(StatusCode::OK, HeaderValue::from_static("text/plain"), bytes);
    answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::try_from(coding)?);
    Ok(answer)
}

/// A header of an unusual value.
fn headers(how: &str) -> Answer {
    let value: &[u8] = match how {
        "latin1" => b"caf\xe9",
        "utf8" => "grüße".as_bytes(),
        "empty" => b"",
        "tab" => b"a\tb",
        "commas" => b"a, b,c",
        "quotes" => b"\"a\\b\" </x>",
        "long" => &[b'x'; 4000],
        // What no header holds: an error of the handler's, as `?` makes it.
        "line-break" => b"a\r\nx-injected: 1",
        _ => return Err(Error::not_found()),
    };
    let mut answer = answers::text("headers")?;
    answer.headers_mut().insert(HeaderName::from_static("x-odd"), HeaderValue::from_bytes(value)?);
    Ok(answer)
}

/// Headers of another connection, as a handler that hands on another server's answer would have them.
fn hop() -> Answer {
    let mut answer = answers::text("hop")?;
    for (name, value) in [
        (CONNECTION, "keep-alive, x-gone"),
        (HeaderName::from_static("keep-alive"), "timeout=5"),
        (HeaderName::from_static("proxy-connection"), "keep-alive"),
        (TRANSFER_ENCODING, "identity"),
        (UPGRADE, "h2c"),
    ] {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(answer)
}

/// Says in the log that it was given up before its end.
struct Stays<'a>(Option<&'a Context>, &'a str);

impl Drop for Stays<'_> {
    fn drop(&mut self) {
        if let Some(cx) = self.0 {
            cx.log(format!("stays {} given up", self.1));
        }
    }
}

/// Five seconds of work for a client that may not stay that long.
async fn stays(id: &str, cx: &Context) -> Answer {
    let mut stays = Stays(Some(cx), id);
    for _ in 0..100 {
        cx.sleep(Duration::from_millis(50)).await;
    }
    stays.0 = None;
    cx.log(format!("stays {id} done"));
    answers::text("done")
}

#[derive(serde::Serialize)]
struct Target<'a> {
    raw_target: Option<&'a str>,
}
