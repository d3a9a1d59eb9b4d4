//! Lambda's JSON as a portable event.
//!
//! The fields are read by structs of our own: `aws_lambda_events` copies every string, loses the order of queries, and fails
//! a whole event over one header.

mod cut;
mod event;
mod kind;
mod target;
mod text;

use std::net::IpAddr;

use anyfn_core::{Body, Error};
use bytes::Bytes;

use crate::events::Source;

/// What an event turned out to be.
#[derive(Debug)]
#[non_exhaustive]
pub enum Received {
    /// An HTTP request.
    Http(Box<Http>),
    /// Something else, of this source: [`crate::events::decode`] reads it.
    Event(Source),
    /// An HTTP request that cannot be answered but with this error.
    Refused(Shape, Error),
}

/// A decoded request, and what the gateway says of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Http {
    /// The request.
    pub request: http::Request<Body>,
    /// In which shape its answer goes back.
    pub shape: Shape,
    /// The client's address, by the gateway's word.
    pub client_ip: Option<IpAddr>,
    /// Path and query as they came, where the request's own differ.
    pub raw_target: Option<String>,
}

/// The shape of an answer: it mirrors the request's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// API Gateway's REST API, and any other with payload 1.0.
    V1,
    /// API Gateway's HTTP API with payload 2.0.
    V2,
    /// A function's own URL: as [`Shape::V2`], and the only one that can stream.
    Url,
    /// An Application Load Balancer, one value for each header.
    Alb,
    /// An Application Load Balancer with multi-value headers.
    AlbMulti,
    /// A VPC Lattice service, event structure version 2.
    Lattice,
}

/// Tells what an event is, and decodes it if it is an HTTP request.
///
/// ```
/// use anyfn_lambda::{Received, decode};
///
/// let event = r#"{"version":"2.0","rawPath":"/a%20b","rawQueryString":"c","headers":{"host":"fn.example"},
///     "requestContext":{"http":{"method":"GET"},"domainName":"x.lambda-url.eu-west-1.on.aws","stage":"$default"}}"#;
/// let Received::Http(http) = decode(&event.into())? else { panic!() };
/// assert_eq!(http.request.uri(), "https://fn.example/a%20b?c");
/// # Ok::<(), anyfn_core::Error>(())
/// ```
///
/// # Errors
/// The event is one that no function of anyfn's can answer: a WebSocket's, Lambda@Edge's, an authorizer's, a VPC Lattice
/// service's in its first structure, or no JSON at all. The error says which, and what to do.
pub fn decode(event: &Bytes) -> Result<Received, Error> {
    kind::decode(event)
}
