//! The very artefacts that are deployed answer on their platforms' local runtimes, where the conformance suite runs
//! quickly built ones.

use anyfn_xtask::build::Target;
use anyfn_xtask::local::{Options, ask, start};

use crate::GREETING;
use crate::built::built;

async fn greets(target: Target) {
    let built = tokio::task::spawn_blocking(move || built(target, "hello")).await.unwrap();
    let running = start(target, &built, None, &Options::new()).await.unwrap();
    let answer = ask(running.addr(), "GET", "/?name=Ada").await.unwrap();
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!((answer.status, body.as_str()), (200, GREETING), "{}", running.logs().join("\n"));
    assert_eq!(answer.content_type.as_deref(), Some("application/json"));
    running.stop().await;
    assert_eq!(running.violations(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_optimised_module_answers_on_workerd() {
    greets(Target::Cloudflare).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_optimised_executable_answers_in_vercels_protocol() {
    greets(Target::Vercel).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_optimised_server_answers() {
    greets(Target::Server).await;
}
