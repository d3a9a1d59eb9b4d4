//! What was decided of disagreements that no row of the table is about.

use crate::Disagreement;

/// Why anyfn does what it does where others do something else.
pub(crate) struct Decision {
    /// What the disagreement is on.
    pub(crate) what: &'static str,
    /// Whose.
    pub(crate) peers: &'static [&'static str],
    /// Whether it is this one.
    pub(crate) fits: fn(&Disagreement) -> bool,
    /// The decision.
    pub(crate) why: &'static str,
    /// Where it stands.
    pub(crate) source: &'static str,
}

impl Decision {
    pub(crate) fn is_on(&self, one: &Disagreement) -> bool {
        self.what == one.what && self.peers.contains(&one.peer) && (self.fits)(one)
    }
}

pub(crate) const DECISIONS: &[Decision] = &[
    Decision {
        what: "origin",
        peers: &["hono"],
        fits: |one| one.theirs.contains("lambda-url") && !one.ours.contains("lambda-url"),
        why: "The host of the URL is the one that the client asked for, by its `Host` header; the domain in the event's context is \
              the function's own, whatever stands in front of it. Twilio signs the former.",
        source: "RFC 9110, section 7.2",
    },
    Decision {
        what: "origin",
        peers: &["hono", "serverless-http", "serverless-express"],
        fits: |one| one.ours.starts_with("http://") && one.theirs == one.ours.replacen("http", "https", 1),
        why: "Behind a load balancer the scheme is the one that its listener was asked with, `x-forwarded-proto`.",
        source: "Elastic Load Balancing: HTTP headers and Application Load Balancers",
    },
    Decision {
        what: "origin",
        peers: &["hono", "serverless-http", "serverless-express", "mangum"],
        fits: |one| one.theirs.ends_with("://undefined") || one.theirs.ends_with("://"),
        why: "Where no `Host` header came, the host is the domain of the event's context, and without that the URL has none; nothing \
              is made up.",
        source: "RFC 9110, section 7.2",
    },
    Decision {
        what: "request's content-length",
        peers: &["hono", "serverless-http", "serverless-express"],
        fits: |one| one.ours == "none",
        why: "The headers are those that were sent. A client of HTTP/2 need not send a length, and a handler that reads the header \
              could not tell a made-up one from the client's.",
        source: "RFC 9113, section 8.1.1",
    },
    Decision {
        what: "answer's x-multi",
        peers: &["serverless-http"],
        fits: |one| one.ours == "a | b" && one.theirs == "a | b | a, b",
        why: "A REST API's answer has repeated headers in `multiValueHeaders` alone: API Gateway merges both maps, so that a joined \
              value in `headers` would be one more header.",
        source: "API Gateway: Output format of a Lambda function for proxy integration",
    },
    Decision {
        what: "answer's x-multi",
        peers: &["hono", "serverless-express"],
        fits: |one| one.theirs.replace(", ", ",") == one.ours.replace(" | ", ",").replace(", ", ","),
        why: "Repeated headers stay lines of their own where the gateway's format has room for them; where it has not, they are joined \
              as HTTP joins them, with a comma and a space.",
        source: "RFC 9110, section 5.3",
    },
    Decision {
        what: "request's x-list",
        peers: &["hono"],
        fits: |one| one.theirs == "a,b",
        why: "A list where a gateway writes a text is that many values of one name, and none of them is changed.",
        source: "RFC 9110, section 5.3",
    },
    Decision {
        what: "answer's content-type",
        peers: &["mangum"],
        fits: |one| one.ours == "none" && one.theirs == "application/json",
        why: "An answer without a type has none: nothing is said of an empty body.",
        source: "RFC 9110, section 8.3",
    },
    Decision {
        what: "answer's set-cookie",
        peers: &["hono", "serverless-express"],
        fits: |one| one.row.name == "answers/alb-cookies" && one.ours.starts_with(&one.theirs),
        why: "A load balancer in single-value mode takes one header of a name: names that differ in case carry every cookie, where the \
              others lose all but one.",
        source: "Elastic Load Balancing: Respond to the load balancer; RFC 6265, section 3",
    },
    Decision {
        what: "client_ip",
        peers: &["serverless-http", "serverless-express", "mangum"],
        fits: |one| one.theirs == "none" || one.theirs.is_empty() || one.theirs.ends_with(&format!(", {}", one.ours)),
        why: "Behind a load balancer the client's address is the last entry of `x-forwarded-for`, which the load balancer appends. \
              What stands before it is the client's own word, and an address that is none is not said to be one.",
        source: "Elastic Load Balancing: HTTP headers and Application Load Balancers",
    },
    Decision {
        what: "client_ip",
        peers: &["hono"],
        fits: |one| one.ours == "none" && one.row.name.contains("lattice"),
        why: "AWS does not say that VPC Lattice itself writes the last entry of `x-forwarded-for`, so that it may be a client's.",
        source: "AWS: Lambda functions as targets in VPC Lattice",
    },
];
