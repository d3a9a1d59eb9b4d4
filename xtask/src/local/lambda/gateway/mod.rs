//! The gateways in front of a Lambda function: what a request becomes as an event, and an answer as HTTP.
//!
//! Written from AWS's documentation and from recorded events, and on purpose without anything that the Lambda adapter is
//! made of: a mistake there must show here.

mod alb;
mod answer;
mod event;
mod parts;
mod payload1;
mod payload2;
mod target;
#[cfg(test)]
mod tests;
mod time;

use std::net::IpAddr;

use bytes::Bytes;

pub(super) use answer::{SEPARATOR, failure};

use super::Shape;
use crate::local::http1::{Answer, Headers};

/// The largest event of a synchronous invocation (Lambda quotas: 6 MB).
const LARGEST_EVENT: usize = 6_291_556;
/// The largest request body and the largest answer of a load balancer's Lambda target (ELB documentation: 1 MB).
const LARGEST_ALB: usize = 1 << 20;

/// A gateway with one function behind it.
#[derive(Debug, Clone)]
pub(super) struct Gateway {
    shape: Shape,
    stage: Option<String>,
}

/// A request as the gateway has it in hands.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    pub(super) target: &'a [u8],
    pub(super) headers: &'a Headers,
    pub(super) body: &'a Bytes,
    /// The client's address.
    pub(super) client: IpAddr,
    /// The port that it called.
    pub(super) port: u16,
}

impl Gateway {
    pub(super) fn new(shape: Shape, stage: Option<String>) -> Self {
        Self { shape, stage }
    }

    pub(super) fn shape(&self) -> Shape {
        self.shape
    }

    /// The event's JSON, or the answer of a gateway that does not take the request to the function.
    pub(super) fn event(&self, call: &Call<'_>) -> Result<Vec<u8>, Answer> {
        let event = event::event(self.shape, self.stage.as_deref(), call)?.to_string().into_bytes();
        let is_alb = matches!(self.shape, Shape::Alb | Shape::AlbMulti);
        if event.len() > LARGEST_EVENT || (is_alb && call.body.len() > LARGEST_ALB) {
            return Err(self.too_large());
        }
        Ok(event)
    }

    /// The answer to a request that is larger than what can be given to a function.
    pub(super) fn too_large(&self) -> Answer {
        let (content_type, body) = match self.shape {
            Shape::V1 | Shape::V2 | Shape::Url => ("application/json", r#"{"message":"Request Too Long"}"#),
            Shape::Alb | Shape::AlbMulti => {
                ("text/html", "<html><head><title>413 Request Entity Too Large</title></head></html>")
            }
        };
        Answer::typed(413, content_type, body)
    }

    /// What the client gets of the function's answer, or what the gateway has against it.
    pub(super) fn answer(&self, answer: &Bytes) -> Result<Answer, String> {
        answer::whole(self.shape, answer)
    }

    /// Status and headers of a streamed answer, which come first in it.
    pub(super) fn prelude(prelude: &[u8]) -> Result<Answer, String> {
        answer::prelude(prelude)
    }
}
