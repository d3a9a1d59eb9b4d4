#![forbid(unsafe_code)]
#![deny(warnings)]

use anyfn::{Context, Error, Event, Handler, Response};

struct Answers(String);

impl Handler for Answers {
    async fn call(&self, _: Event, cx: Context) -> Result<Response, Error> {
        cx.log(self.0.as_str());
        Ok(Response::Done)
    }
}

#[anyfn::main]
async fn main(cx: Context) -> Result<impl Handler, Error> {
    Ok(Answers(cx.env("ANSWER").unwrap_or_default()))
}
