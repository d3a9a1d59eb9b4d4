//! `dist/lambda/<package>`: `bootstrap`, `bootstrap.zip` and a SAM template.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::Compression;

use super::native::Executable;
use super::wiring::lambda::Wired;
use super::wiring::{self, NAMES, Wiring, with_names, yaml};
use super::zip::{Entry, archive};
use super::{NextStep, Target, fresh_dir, install, report, words, write};
use crate::project::Function;
use crate::settings::{LambdaAuth, LambdaHttp};
use crate::ui;

/// The memory of a function whose settings say nothing, in MB.
pub(crate) const MEMORY: u32 = 256;
/// The time limit of a function whose settings say nothing, in seconds.
pub(crate) const TIMEOUT: u32 = 10;

/// Tells the adapter that its answers are streamed.
pub(crate) const STREAMING: &str = "ANYFN_LAMBDA_STREAMING";

/// What a Lambda build wrote.
#[derive(Debug, Clone)]
pub struct Artefact {
    /// The folder of all below.
    pub dir: PathBuf,
    /// The executable.
    pub bootstrap: PathBuf,
    /// The archive to upload: the same bytes for the same executable.
    pub zip: PathBuf,
    /// The SAM template.
    pub template: PathBuf,
    /// What is to be done by hand for its triggers, once.
    pub by_hand: Vec<String>,
}

pub(crate) fn pack(function: &Function, executable: &Executable, dir: &Path) -> Result<Artefact> {
    let lambda = &function.settings.lambda;
    if lambda.http == LambdaHttp::HttpApi && (lambda.streaming || lambda.auth == LambdaAuth::Iam) {
        bail!(
            "`streaming` and `auth = \"iam\"` in [package.metadata.anyfn.lambda] of {} are function URLs' settings: \
             remove them, or say `http = \"function-url\"`",
            function.package
        );
    }
    let wired = wiring::lambda::wire(&Wiring::new(function, &executable.manifest.triggers))?;
    fresh_dir(dir)?;
    let bootstrap = install(&executable.path, dir.join("bootstrap"))?;
    let data = std::fs::read(&bootstrap).with_context(|| format!("cannot read {}", bootstrap.display()))?;
    let level = if executable.local { Compression::fast() } else { Compression::best() };
    let packed = archive(&[Entry { name: "bootstrap", mode: 0o755, data: &data }], level)?;
    let sizes = format!("{}, zip {}", ui::size(data.len() as u64), ui::size(packed.len() as u64));
    let artefact = Artefact {
        zip: write(dir.join("bootstrap.zip"), packed)?,
        template: write(dir.join("template.yaml"), template(function, executable.arm64, &wired))?,
        bootstrap,
        dir: dir.to_path_buf(),
        by_hand: wired.by_hand,
    };
    report(Target::Lambda, dir, &sizes);
    Ok(artefact)
}

/// How to deploy what [`pack`] wrote.
pub(crate) fn next_step(function: &Function, dir: &Path) -> NextStep {
    let lambda = &function.settings.lambda;
    let who = match (lambda.http, lambda.auth) {
        (LambdaHttp::FunctionUrl, LambdaAuth::None) => {
            "its function URL is open: everybody who knows it may call it; `auth = \"iam\"` in \
             [package.metadata.anyfn.lambda] admits only callers that sign with AWS credentials"
        }
        (LambdaHttp::FunctionUrl, LambdaAuth::Iam) => {
            "its function URL admits nobody but callers that sign with AWS credentials and may \
             `lambda:InvokeFunctionUrl` and `lambda:InvokeFunction`"
        }
        (LambdaHttp::HttpApi, _) => "its HTTP API is open: everybody who knows its address may call it",
    };
    NextStep {
        with: "AWS Lambda, with the SAM CLI and your AWS credentials",
        command: words([
            "sam",
            "deploy",
            "--template-file",
            &ui::path(&dir.join("template.yaml")),
            "--stack-name",
            &function.package,
            "--resolve-s3",
            "--capabilities",
            "CAPABILITY_IAM",
        ]),
        note: Some(who),
    }
}

fn template(function: &Function, arm64: bool, wired: &Wired) -> String {
    let settings = &function.settings;
    let streaming = settings.lambda.streaming && settings.lambda.http == LambdaHttp::FunctionUrl;
    let mut variables = with_names(&settings.env, &BTreeMap::new());
    if streaming {
        // The event does not tell the function how its answer is awaited: the variable and `InvokeMode` go together.
        variables.insert(STREAMING.to_owned(), "1".into());
    }
    variables.extend(wired.variable().map(|names| (NAMES.to_owned(), names)));
    let environment = match variables.is_empty() {
        true => String::new(),
        false => yaml::block(&serde_json::json!({ "Environment": { "Variables": variables } }), 6),
    };
    let mut events = wired.events.clone();
    let (http, output) = match settings.lambda.http {
        LambdaHttp::FunctionUrl => (function_url(settings.lambda.auth), "!GetAtt FunctionUrl.FunctionUrl"),
        LambdaHttp::HttpApi => {
            events.insert("Http".to_owned(), serde_json::json!({ "Type": "HttpApi" }));
            ("", "!Sub https://${ServerlessHttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/")
        }
    };
    let events = match events.is_empty() {
        true => String::new(),
        false => yaml::block(&serde_json::json!({ "Events": events }), 6),
    };
    let resources = match wired.resources.is_empty() {
        true => String::new(),
        false => yaml::block(&wired.resources.clone().into(), 2),
    };
    format!(
        "AWSTemplateFormatVersion: \"2010-09-09\"\n\
         Transform: AWS::Serverless-2016-10-31\n\
         Description: {description}\n\
         Resources:\n  \
           Function:\n    \
             Type: AWS::Serverless::Function\n    \
             Properties:\n      \
               CodeUri: bootstrap.zip\n      \
               Handler: bootstrap\n      \
               Runtime: provided.al2023\n      \
               Architectures: [{architecture}]\n      \
               MemorySize: {memory}\n      \
               Timeout: {timeout}\n\
         {environment}{http}{mode}{events}{resources}\
         Outputs:\n  \
           Url:\n    \
             Value: {output}\n",
        description = quoted(function.description.as_deref().unwrap_or(&function.package)),
        mode = if streaming { "        InvokeMode: RESPONSE_STREAM\n" } else { "" },
        architecture = if arm64 { "arm64" } else { "x86_64" },
        memory = settings.memory.unwrap_or(MEMORY),
        timeout = settings.timeout.unwrap_or(TIMEOUT),
    )
}

/// The function URL: open as on the other platforms, unless the settings ask for signed requests.
fn function_url(auth: LambdaAuth) -> &'static str {
    match auth {
        LambdaAuth::None => {
            "      # The function answers public HTTP requests: everybody who knows the URL may call it.\n      \
             # `auth = \"iam\"` in [package.metadata.anyfn.lambda] leaves only callers that sign with AWS credentials.\n      \
             FunctionUrlConfig:\n        AuthType: NONE\n"
        }
        LambdaAuth::Iam => "      FunctionUrlConfig:\n        AuthType: AWS_IAM\n",
    }
}

/// A YAML scalar in double quotes, which are JSON's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Wired, template};
    use crate::project::Function;
    use crate::settings::{Lambda, LambdaAuth, Settings};

    fn with(lambda: Lambda) -> String {
        let settings = Settings { lambda, ..Settings::default() };
        let (package, bin, facade) = ("hello".to_owned(), "hello".to_owned(), "anyfn".to_owned());
        template(&Function { package, description: None, bin, facade, settings }, false, &Wired::default())
    }

    #[test]
    fn a_streamed_url_sets_the_mode_and_the_variable_together() {
        let streamed = with(Lambda { streaming: true, ..Lambda::default() });
        assert!(streamed.contains("        AuthType: NONE\n        InvokeMode: RESPONSE_STREAM\n"), "{streamed}");
        assert!(streamed.contains("          \"ANYFN_LAMBDA_STREAMING\": \"1\"\n"), "{streamed}");
        let buffered = with(Lambda::default());
        assert!(!buffered.contains("InvokeMode") && !buffered.contains("ANYFN_LAMBDA_STREAMING"), "{buffered}");
    }

    #[test]
    fn an_open_url_says_why_and_iam_closes_it() {
        assert!(with(Lambda::default()).contains("      # The function answers public HTTP requests"));
        let closed = with(Lambda { auth: LambdaAuth::Iam, ..Lambda::default() });
        assert!(closed.contains("      FunctionUrlConfig:\n        AuthType: AWS_IAM\n"), "{closed}");
        assert!(!closed.contains("NONE"), "{closed}");
    }
}
