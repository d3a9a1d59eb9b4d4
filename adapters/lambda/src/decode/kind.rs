//! What an event is.

use anyfn_core::{Body, Error, ErrorKind};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::cut::Cut;
use super::event::{self, Envelope};
use super::text::Text;
use super::{Received, Shape};
use crate::events::Source;

/// What tells events apart, wherever the rest of them does not fit.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe<'a> {
    #[serde(borrow, default, rename = "Records")]
    records: Vec<Record<'a>>,
    #[serde(borrow, default)]
    event_source: Option<Text<'a>>,
    #[serde(default, rename = "detail-type")]
    detail_type: Option<IgnoredAny>,
    #[serde(default)]
    source: Option<IgnoredAny>,
    #[serde(default)]
    request_context: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default, rename = "eventSource", alias = "EventSource")]
    source: Option<Text<'a>>,
    #[serde(default)]
    cf: Option<IgnoredAny>,
}

pub(super) fn decode(event: &Bytes) -> Result<Received, Error> {
    // A batch begins with its records: it need not be read as a request, in vain.
    if event.starts_with(b"{\"Records\":")
        && let Ok(probe @ Probe { request_context: None, .. }) = serde_json::from_slice(event)
    {
        return probe.received();
    }
    if let Some(cut) = Cut::of(event)
        && let Some(received) = without_body(cut)?
    {
        return Ok(received);
    }
    // One pass for what is the most frequent by far; whatever does not fit is looked at again.
    if let Ok(mut envelope) = serde_json::from_slice::<Envelope<'_>>(event)
        && let Some(shape) = shape(&envelope)?
    {
        let body = event::body(event, &mut envelope);
        return Ok(received(&envelope, shape, body));
    }
    match serde_json::from_slice::<Probe<'_>>(event) {
        Ok(probe) => probe.received(),
        Err(_) => match serde_json::from_slice::<IgnoredAny>(event) {
            Ok(_) => Ok(Received::Event(Source::Direct)),
            Err(error) => Err(Error::bad_request(format!("the event is no JSON: {error}"))),
        },
    }
}

impl Probe<'_> {
    fn received(&self) -> Result<Received, Error> {
        // A record without its source is that record's fault: the next one says it.
        let named = self.records.iter().find(|record| record.source.is_some() || record.cf.is_some());
        let source = match named.or(self.records.first()) {
            Some(Record { cf: Some(_), .. }) => {
                return Err(refused(
                    "a request of Lambda@Edge",
                    "deploy the function behind a Function URL, an API Gateway or a load balancer",
                ));
            }
            Some(record) => match record.source.as_deref().unwrap_or_default() {
                "aws:sqs" => Source::Sqs,
                "aws:kinesis" => Source::Kinesis,
                "aws:dynamodb" => Source::DynamoDb,
                "aws:s3" => Source::S3,
                "aws:sns" => Source::Sns,
                _ => Source::Direct,
            },
            None if self.detail_type.is_some() && self.source.is_some() => Source::EventBridge,
            None => match self.event_source.as_deref() {
                Some("aws:kafka" | "SelfManagedKafka") => Source::Kafka,
                _ => Source::Direct,
            },
        };
        Ok(Received::Event(source))
    }
}

/// A request whose body was cut out; `None` for what is to be read whole.
fn without_body(mut cut: Cut) -> Result<Option<Received>, Error> {
    let rest = std::mem::take(&mut cut.rest);
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(&rest) else { return Ok(None) };
    let Some(shape) = shape(&envelope)? else { return Ok(None) };
    Ok(cut.body(&rest, &envelope).map(|body| received(&envelope, shape, body)))
}

fn received(envelope: &Envelope<'_>, shape: Shape, body: Result<Body, Error>) -> Received {
    match event::request(envelope, shape, body) {
        Ok(http) => Received::Http(Box::new(http)),
        Err(error) => Received::Refused(shape, error),
    }
}

/// The request's shape; `None` for what is no request.
fn shape(envelope: &Envelope<'_>) -> Result<Option<Shape>, Error> {
    let context = envelope.request_context.as_ref();
    let has = |member: fn(&event::Around<'_>) -> bool| context.is_some_and(member);
    if envelope.method_arn.is_some() || envelope.route_arn.is_some() {
        return Err(refused("an authorizer's request", "let a function of its own authorize, or none"));
    }
    if envelope.raw_path_of_lattice.is_some() {
        return Err(refused(
            "a request of VPC Lattice in its first structure, which has one value for each header",
            "set the target group's event structure version to V2",
        ));
    }
    if has(|context| context.connection_id.is_some()) {
        return Err(refused("a message of a WebSocket", "route plain HTTP to the function"));
    }
    if has(|context| context.service_network_arn.is_some()) && envelope.method.is_some() {
        return Ok(Some(Shape::Lattice));
    }
    let v2 = envelope.version.as_deref() == Some("2.0") || has(|context| context.http.is_some());
    Ok(if v2 && has(|context| context.http.is_some()) {
        let domain = context.and_then(|context| context.domain_name.as_deref()).unwrap_or_default();
        Some(if domain.contains(".lambda-url.") { Shape::Url } else { Shape::V2 })
    } else if has(|context| context.elb.is_some()) {
        Some(if envelope.multi_value_headers.is_some() { Shape::AlbMulti } else { Shape::Alb })
    } else if envelope.http_method.is_some() && envelope.path.is_some() && context.is_some() {
        Some(Shape::V1)
    } else {
        None
    })
}

fn refused(what: &str, instead: &str) -> Error {
    Error::of(ErrorKind::Mismatch).source(format!("the event is {what}, which anyfn does not serve: {instead}"))
}
