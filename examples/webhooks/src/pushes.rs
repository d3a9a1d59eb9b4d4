//! GitHub: what is pushed to the default branch is built, after the answer.

use anyfn::webhooks::{GitHub, Verified};
use anyfn::{Context, Error};
use serde::Deserialize;

#[derive(Deserialize)]
struct Push {
    r#ref: String,
    after: String,
    repository: Repository,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
    default_branch: String,
}

/// GitHub waits ten seconds for an answer, so the work comes after it.
pub(crate) async fn pushed(cx: Context, Verified(event): Verified<GitHub>) -> Result<&'static str, Error> {
    if event.kind != "push" {
        return Ok("not needed here");
    }
    let push: Push = event.json()?;
    if push.r#ref != format!("refs/heads/{}", push.repository.default_branch) {
        return Ok("another branch");
    }
    cx.wait_until({
        let cx = cx.clone();
        async move { cx.log(format!("building {} at {}", push.repository.full_name, push.after)) }
    });
    Ok("building")
}
