//! Which distributed trace an invocation is part of.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::extract::FromEventRef;
use crate::{Context, Error, Event, MaybeSync};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
const XRAY: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// The trace that an invocation is part of, as its caller told it: from the headers `traceparent` and `tracestate` ("Trace
/// Context", W3C recommendation), a [`Custom`](crate::Custom) CloudEvent's extensions of that name, `X-Amzn-Trace-Id`, or the
/// platform.
///
/// As an argument of a handler it is an extractor, an `Option` of it where there may be none. What is not valid counts as
/// absent, as the recommendation says. anyfn itself begins no trace, unless the program exports its own (the feature
/// `opentelemetry`): then this is the invocation's span, beneath what the caller told.
///
/// ```
/// use anyfn_core::{TraceContext, test};
///
/// async fn handler(trace: Option<TraceContext>) -> String {
///     let mut request_to_another_service = http::Request::new(());
///     if let Some(trace) = trace {
///         trace.inject(request_to_another_service.headers_mut());
///     }
///     format!("{:?}", request_to_another_service.headers())
/// }
///
/// let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let answer = test::block_on(test::get("/").header("traceparent", parent).send(handler));
/// assert!(answer.text().contains(parent));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    parent_id: u64,
    flags: u8,
    state: Option<HeaderValue>,
}

impl TraceContext {
    /// Reads the value of `traceparent`.
    pub fn parse(traceparent: &str) -> Option<Self> {
        let bytes = traceparent.as_bytes();
        let hex = |at: std::ops::Range<usize>| {
            let digits = bytes.get(at)?;
            let lower = digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
            lower.then(|| u128::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok())?
        };
        let dashes = [2, 35, 52].iter().all(|&at| bytes.get(at) == Some(&b'-'));
        let (version, trace_id, parent_id, flags) = (hex(0..2)?, hex(3..35)?, hex(36..52)?, hex(53..55)?);
        // A later version's value may go on after another dash.
        let ends = bytes.len() == 55 || (version > 0 && bytes[55] == b'-');
        let valid = dashes && ends && version != 0xff && trace_id != 0 && parent_id != 0;
        valid.then(|| Self { trace_id, parent_id: parent_id as u64, flags: flags as u8 & 3, state: None })
    }

    /// Reads the value of `X-Amzn-Trace-Id` ("Tracing header", AWS X-Ray developer guide), which has a trace of this kind if
    /// it names a root and a parent.
    pub fn from_xray(value: &str) -> Option<Self> {
        let part = |name: &str| value.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let (time, id) = part("Root")?.strip_prefix("1-")?.split_once('-')?;
        let flags = if part("Sampled") == Some("1") { "01" } else { "00" };
        Self::parse(&format!("00-{time}{id}-{}-{flags}", part("Parent")?))
    }

    /// The trace in these headers.
    pub fn extract(headers: &HeaderMap) -> Option<Self> {
        let mut parents = headers.get_all(&TRACEPARENT).iter();
        match (parents.next(), parents.next()) {
            (Some(parent), None) => {
                let trace = Self::parse(parent.to_str().ok()?.trim())?;
                let states = headers.get_all(&TRACESTATE).iter().map(HeaderValue::as_bytes).collect::<Vec<_>>();
                Some(trace.with_state(&states.join(&b","[..])))
            }
            (None, _) => Self::from_xray(headers.get(&XRAY)?.to_str().ok()?),
            _ => None,
        }
    }

    /// Writes it into the headers of a request to another service, unchanged, in place of what they have.
    pub fn inject(&self, headers: &mut HeaderMap) {
        if let Ok(parent) = HeaderValue::try_from(self.to_string()) {
            headers.insert(TRACEPARENT, parent);
        }
        headers.remove(&TRACESTATE);
        if let Some(state) = &self.state {
            headers.insert(TRACESTATE, state.clone());
        }
    }

    /// The trace's identifier: 32 hexadecimal digits, lower case.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }

    /// The identifier of the caller's span, or of the invocation's own where it is recorded: 16 hexadecimal digits, lower case.
    pub fn parent_id(&self) -> String {
        format!("{:016x}", self.parent_id)
    }

    /// Whether the caller records the trace.
    pub fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }

    /// The value of `tracestate`.
    pub fn state(&self) -> Option<&str> {
        self.state.as_ref()?.to_str().ok()
    }

    /// The trace of an event: the span that the invocation is recorded as, else what its sender wrote into it, or the
    /// platform's.
    pub fn of(event: &Event, cx: &Context) -> Option<Self> {
        if let Some(span) = crate::Invocation::span(cx) {
            return Some(span);
        }
        let own = match event {
            Event::Http(request) => Self::extract(request.headers()),
            Event::Custom(custom) => {
                let text = |name| custom.extensions.get(name).map(String::as_str);
                text("traceparent")
                    .and_then(Self::parse)
                    .map(|trace| trace.with_state(text("tracestate").unwrap_or_default().as_bytes()))
            }
            _ => None,
        };
        own.or_else(|| crate::Invocation::trace(cx))
    }

    fn with_state(mut self, state: &[u8]) -> Self {
        self.state = HeaderValue::from_bytes(state).ok().filter(|state| !state.is_empty());
        self
    }
}

/// The value of `traceparent`.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.parent_id, self.flags)
    }
}

impl<S: MaybeSync> FromEventRef<S> for TraceContext {
    async fn from_event_ref(event: &mut Event, cx: &Context, _: &S) -> Result<Self, Error> {
        Self::of(event, cx).ok_or_else(|| Error::bad_request("the request is part of no trace: it lacks `traceparent`"))
    }

    async fn optional(event: &mut Event, cx: &Context, _: &S) -> Result<Option<Self>, Error> {
        Ok(Self::of(event, cx))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_is_valid_is_handed_on_as_it_came() {
        for (value, written) in [
            (PARENT, PARENT),
            (
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
            ),
            // A version to come is read as this one.
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", PARENT),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future", PARENT),
        ] {
            assert_eq!(TraceContext::parse(value).unwrap().to_string(), written);
        }
    }

    #[test]
    fn what_is_not_valid_is_absent() {
        for value in [
            "",
            "00",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-ümlaut1916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(TraceContext::parse(value), None, "{value}");
        }
        let mut twice = HeaderMap::new();
        twice.append(TRACEPARENT, HeaderValue::from_static(PARENT));
        twice.append(TRACEPARENT, HeaderValue::from_static(PARENT));
        assert_eq!(TraceContext::extract(&twice), None);
    }

    #[test]
    fn states_are_one_list_and_go_with_the_trace() {
        let mut headers = HeaderMap::new();
        headers.append(TRACESTATE, HeaderValue::from_static("rojo=00f067aa0ba902b7"));
        headers.append(TRACESTATE, HeaderValue::from_static("congo=t61rcWkgMzE"));
        assert_eq!(TraceContext::extract(&headers), None);
        headers.insert(TRACEPARENT, HeaderValue::from_static(PARENT));
        let trace = TraceContext::extract(&headers).unwrap();
        assert_eq!(trace.state(), Some("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"));
        let mut other = HeaderMap::new();
        other.insert(TRACESTATE, HeaderValue::from_static("of=another"));
        trace.inject(&mut other);
        assert_eq!(TraceContext::extract(&other), Some(trace));
        TraceContext::parse(PARENT).unwrap().inject(&mut other);
        assert!(!other.contains_key(TRACESTATE));
    }

    #[test]
    fn an_invocation_that_is_recorded_hands_on_its_own_span() {
        struct Recorded;
        impl crate::Invocation for Recorded {
            fn platform(&self) -> &'static str {
                "memory"
            }
            fn sleep(&self, _: std::time::Duration) -> crate::BoxFuture<()> {
                Box::pin(async {})
            }
            fn wait_until(&self, _: crate::BoxFuture<()>) {}
            fn span(&self) -> Option<TraceContext> {
                TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01")
            }
        }
        let event =
            Event::Http(http::Request::get("/").header(TRACEPARENT, PARENT).body(crate::Body::empty()).unwrap());
        let within = Context::new(Context::new(Recorded));
        assert_eq!(TraceContext::of(&event, &within).unwrap().parent_id(), "00f067aa0ba902b7");
        let other = crate::test::Memory::default().context();
        assert_eq!(TraceContext::of(&event, &other).unwrap().parent_id(), "b7ad6b7169203331");
    }

    #[test]
    fn x_rays_header_is_the_same_trace() {
        let value = "Self=1-67891234-12456789abcdef012345678;Root=1-5759e988-bd862e3fe1be46a994272793; Parent=53995c3f42cd8ad8;Sampled=1";
        let trace = TraceContext::from_xray(value).unwrap();
        assert_eq!(trace.to_string(), "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01");
        assert!(trace.is_sampled());
        for none in [
            "",
            "Root=1-5759e988-bd862e3fe1be46a994272793",
            "Root=5759e988;Parent=53995c3f42cd8ad8",
            "Root=1-5759e988-bd;Parent=1",
        ] {
            assert_eq!(TraceContext::from_xray(none), None, "{none}");
        }
    }
}
