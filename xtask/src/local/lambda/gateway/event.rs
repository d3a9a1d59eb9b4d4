//! Events, each as its gateway's documentation and recorded calls have it.

use serde_json::Value;

use super::{Call, alb, payload1, payload2};
use crate::local::http1::Answer;
use crate::local::lambda::Shape;

/// The event of this shape, or the answer of a gateway whose stage this is not.
pub(super) fn event(shape: Shape, stage: Option<&str>, call: &Call<'_>) -> Result<Value, Answer> {
    match shape {
        Shape::V2 => payload2::http_api(stage, call),
        Shape::Url => Ok(payload2::function_url(call)),
        Shape::V1 => payload1::rest_api(stage, call),
        Shape::Alb => Ok(alb::event(call, false)),
        Shape::AlbMulti => Ok(alb::event(call, true)),
    }
}
