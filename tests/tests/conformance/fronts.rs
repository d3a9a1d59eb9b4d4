//! What stands in front of a function on each runtime, and what that can carry.

use anyfn_conformance::Limits;
use anyfn_xtask::local::lambda::{Lambda, Shape};
use anyhow::Result;

/// Streamed answers need our own Runtime API; everything else runs on AWS's emulator.
pub(crate) fn front(name: &str) -> Result<Lambda> {
    Ok(match name {
        "lambda-v1" => Lambda::emulator(Shape::V1),
        "lambda-v2" => Lambda::emulator(Shape::V2),
        "lambda-url" => Lambda::emulator(Shape::Url),
        "lambda-alb" => Lambda::emulator(Shape::Alb),
        "lambda-alb-multi" => Lambda::emulator(Shape::AlbMulti),
        "lambda-stream" => Lambda::streaming(2),
        "lambda-own" => Lambda::own(Shape::V2, 1),
        other => anyhow::bail!("no runtime is called {other}"),
    })
}

/// What each platform can carry, by its own documents.
pub(crate) fn limits(name: &str) -> Limits {
    let mut limits = Limits::default();
    // An invocation of Lambda's has no client, Vercel's gateway stays on, and workerd drops what runs without a word to it.
    limits.leaving = name == "server";
    match name {
        "server" => limits = anyfn_server::CAPABILITIES.into(),
        // 6 MB of JSON, in which binary bodies are base64.
        "lambda-v1" | "lambda-v2" | "lambda-url" => {
            (limits.streaming, limits.request, limits.answer) = (false, 4_500_000, 4_500_000);
        }
        // 1 MB of JSON behind a load balancer.
        "lambda-alb" | "lambda-alb-multi" => {
            (limits.streaming, limits.request, limits.answer) = (false, 740_000, 740_000);
        }
        // Streamed answers may go on; the request is a 6 MB event still.
        "lambda-stream" => limits.request = 4_500_000,
        "vercel" => (limits.request, limits.answer) = (4_500_000, 4_500_000),
        _ => {}
    }
    limits
}

/// An instance of a Lambda function serves one request at a time.
pub(crate) fn at_once(name: &str) -> usize {
    match name {
        "lambda-stream" => 2,
        name if name.starts_with("lambda") => 1,
        _ => 4,
    }
}
