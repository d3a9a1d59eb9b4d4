//! How a Lambda function is served locally.

use crate::settings::{LambdaHttp, Settings};

/// Which gateway stands in front of the function, and so which event it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Shape {
    /// API Gateway, HTTP API, payload 2.0: paths arrive decoded
    V2,
    /// API Gateway, REST API, payload 1.0: queries arrive decoded
    V1,
    /// A Lambda function URL
    Url,
    /// Application Load Balancer
    Alb,
    /// Application Load Balancer with multi-value headers
    AlbMulti,
}

/// Who invokes the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// AWS's Runtime Interface Emulator: one request at a time, answers buffered.
    Emulator,
    /// A Runtime API of our own.
    Own {
        /// How many bootstraps run, each with one invocation at a time.
        instances: usize,
        /// Whether the function URL streams answers (`InvokeMode: RESPONSE_STREAM`).
        streaming: bool,
    },
}

/// How a Lambda function is served.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lambda {
    /// Which gateway stands in front.
    pub shape: Shape,
    /// Who invokes the function.
    pub api: Api,
    /// A stage that stands first in each path (`/prod/hello`), as behind API Gateway's own host name; without one,
    /// paths are as behind a custom domain.
    pub stage: Option<String>,
    /// Seconds that an invocation may take, 30 by default.
    pub timeout: u32,
}

impl Shape {
    /// What a person calls it.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::V2 => "an HTTP API (payload 2.0)",
            Self::V1 => "a REST API (payload 1.0)",
            Self::Url => "a function URL",
            Self::Alb => "a load balancer",
            Self::AlbMulti => "a load balancer with multi-value headers",
        }
    }
}

impl Lambda {
    /// Behind this gateway, on AWS's Runtime Interface Emulator.
    #[must_use]
    pub fn emulator(shape: Shape) -> Self {
        Self { shape, api: Api::Emulator, stage: None, timeout: 30 }
    }

    /// Behind this gateway, on our own Runtime API, with so many bootstraps.
    #[must_use]
    pub fn own(shape: Shape, instances: usize) -> Self {
        Self { api: Api::Own { instances, streaming: false }, ..Self::emulator(shape) }
    }

    /// Behind a function URL that streams answers, on our own Runtime API.
    #[must_use]
    pub fn streaming(instances: usize) -> Self {
        Self { api: Api::Own { instances, streaming: true }, ..Self::emulator(Shape::Url) }
    }

    /// As the package's settings deploy it: the gateway and the time limit that the SAM template says, on AWS's emulator
    /// unless its answers are to be streamed.
    #[must_use]
    pub fn deployed(settings: &Settings) -> Self {
        let lambda = match settings.lambda.http {
            LambdaHttp::FunctionUrl if settings.lambda.streaming => Self::streaming(1),
            LambdaHttp::FunctionUrl => Self::emulator(Shape::Url),
            LambdaHttp::HttpApi => Self::emulator(Shape::V2),
        };
        Self { timeout: settings.timeout.unwrap_or(crate::build::lambda::TIMEOUT), ..lambda }
    }

    /// With a stage that stands first in each path.
    #[must_use]
    pub fn stage(mut self, stage: impl Into<String>) -> Self {
        self.stage = Some(stage.into());
        self
    }
}
