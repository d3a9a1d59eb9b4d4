//! VPC Lattice ("Lambda functions as targets in VPC Lattice", VPC Lattice user guide), event structure version 2.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::event::Envelope;
use super::text::{Pairs, Text};

/// Its request: every header and parameter is a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lattice<'a> {
    #[serde(borrow)]
    path: Text<'a>,
    #[serde(borrow)]
    method: Text<'a>,
    #[serde(borrow, default)]
    headers: Option<Pairs<'a, Vec<Text<'a>>>>,
    #[serde(borrow, default)]
    query_string_parameters: Option<Pairs<'a, Vec<Text<'a>>>>,
    #[serde(borrow, default)]
    body: Option<Text<'a>>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
    request_context: Service,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Service {
    #[serde(default)]
    service_network_arn: Option<IgnoredAny>,
    #[serde(default)]
    service_arn: Option<IgnoredAny>,
}

impl<'a> Lattice<'a> {
    /// The same in the words of the others; `None` where it is none of Lattice's.
    pub(super) fn envelope(self) -> Option<Envelope<'a>> {
        let Service { service_network_arn: network, service_arn: service } = self.request_context;
        network.or(service)?;
        let mut envelope = Envelope::default();
        (envelope.method, envelope.path) = (Some(self.method), Some(self.path));
        envelope.multi_value_headers = self.headers;
        envelope.multi_value_query_string_parameters = self.query_string_parameters;
        (envelope.body, envelope.is_base64_encoded) = (self.body, self.is_base64_encoded);
        Some(envelope)
    }
}
