//! What a target can do, as data.

use std::fmt;

/// A kind of trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Trigger {
    /// HTTP requests.
    Http,
    /// Ticks of a schedule.
    Schedule,
    /// Messages of a queue or a stream.
    Queue,
    /// Objects stored or removed.
    Object,
    /// Changes of database rows.
    Change,
    /// Published messages.
    Message,
    /// Anything else.
    Custom,
}

impl Trigger {
    /// Its name, as manifests and `app!` spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Schedule => "schedule",
            Self::Queue => "queue",
            Self::Object => "object",
            Self::Change => "change",
            Self::Message => "message",
            Self::Custom => "custom",
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a target can do. Each adapter has a constant of it; the conformance suite selects its cases by it, and the
/// [test harness](crate::test) behaves by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// The target's name, as `--target` spells it.
    pub target: &'static str,
    /// A streamed response reaches the client chunk by chunk.
    pub streams_responses: bool,
    /// A request's body reaches the handler chunk by chunk.
    pub streams_requests: bool,
    /// Work after the answer is run.
    pub wait_until: bool,
    /// The invocation's deadline is known.
    pub deadline: bool,
    /// The largest request body, in bytes, where there is a limit.
    pub max_request_body: Option<u64>,
    /// The largest buffered response body, in bytes, where there is a limit.
    pub max_response_body: Option<u64>,
    /// The triggers that the adapter decodes.
    pub triggers: &'static [Trigger],
}

impl Capabilities {
    /// A target that serves whole HTTP bodies and nothing else; the `with_` functions and fields add to it.
    pub const fn http_only(target: &'static str) -> Self {
        Self {
            target,
            streams_responses: false,
            streams_requests: false,
            wait_until: false,
            deadline: false,
            max_request_body: None,
            max_response_body: None,
            triggers: &[Trigger::Http],
        }
    }

    /// The same with streaming of requests and responses as given.
    #[must_use]
    pub const fn with_streams(mut self, requests: bool, responses: bool) -> Self {
        self.streams_requests = requests;
        self.streams_responses = responses;
        self
    }

    /// The same with work after the answer.
    #[must_use]
    pub const fn with_wait_until(mut self) -> Self {
        self.wait_until = true;
        self
    }

    /// The same with a known deadline.
    #[must_use]
    pub const fn with_deadline(mut self) -> Self {
        self.deadline = true;
        self
    }

    /// The same with these limits on bodies, in bytes.
    #[must_use]
    pub const fn with_limits(mut self, request: Option<u64>, response: Option<u64>) -> Self {
        self.max_request_body = request;
        self.max_response_body = response;
        self
    }

    /// The same with these triggers.
    #[must_use]
    pub const fn with_triggers(mut self, triggers: &'static [Trigger]) -> Self {
        self.triggers = triggers;
        self
    }
}
