//! Slack: a slash command, and the challenge with which a URL is entered.

use anyfn::webhooks::{Slack, Verified};
use anyfn::{Error, IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Command {
    command: String,
    #[serde(default)]
    text: String,
    user_name: String,
}

/// Answers whoever gave the command, and nobody else.
pub(crate) async fn command(Verified(event): Verified<Slack>) -> Result<Response, Error> {
    if let Some(challenge) = event.challenge() {
        return challenge.into_response();
    }
    let Command { command, text, user_name } = event.form()?;
    let given = format!("{command} {text}");
    let text = format!("{user_name}, you gave `{}`", given.trim_end());
    Json(json!({ "response_type": "ephemeral", "text": text })).into_response()
}
