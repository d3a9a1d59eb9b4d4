//! `dist/lambda/<package>`: `bootstrap`, `bootstrap.zip` and a SAM template.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::native::Executable;
use super::zip::{Entry, archive};
use super::{Target, fresh_dir, install, report, write};
use crate::project::Function;
use crate::settings::LambdaHttp;
use crate::ui;

/// The memory of a function whose settings say nothing, in MB.
const MEMORY: u32 = 256;
/// The time limit of a function whose settings say nothing, in seconds.
pub(crate) const TIMEOUT: u32 = 10;

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
}

pub(crate) fn pack(function: &Function, executable: &Executable, dir: &Path) -> Result<Artefact> {
    fresh_dir(dir)?;
    let bootstrap = install(&executable.path, dir.join("bootstrap"))?;
    let data = std::fs::read(&bootstrap).with_context(|| format!("cannot read {}", bootstrap.display()))?;
    let packed = archive(&[Entry { name: "bootstrap", mode: 0o755, data: &data }])?;
    let sizes = format!("{}, zip {}", ui::size(data.len() as u64), ui::size(packed.len() as u64));
    let artefact = Artefact {
        zip: write(dir.join("bootstrap.zip"), packed)?,
        template: write(dir.join("template.yaml"), template(function, executable.arm64))?,
        bootstrap,
        dir: dir.to_path_buf(),
    };
    report(Target::Lambda, dir, &sizes);
    Ok(artefact)
}

/// The command that deploys what [`pack`] wrote.
pub(crate) fn next_step(function: &Function, dir: &Path) -> String {
    format!(
        "(cd {} && sam deploy --template template.yaml --stack-name {} --resolve-s3 --capabilities CAPABILITY_IAM)",
        ui::path(dir),
        function.package
    )
}

fn template(function: &Function, arm64: bool) -> String {
    let settings = &function.settings;
    let mut environment = String::new();
    for (index, (name, value)) in settings.env.iter().enumerate() {
        let head = if index == 0 { "      Environment:\n        Variables:\n" } else { "" };
        let _ = writeln!(environment, "{head}          {}: {}", quoted(name), quoted(value));
    }
    let (http, output) = match settings.lambda.http {
        LambdaHttp::FunctionUrl => {
            ("      FunctionUrlConfig:\n        AuthType: NONE\n", "!GetAtt FunctionUrl.FunctionUrl")
        }
        LambdaHttp::HttpApi => (
            "      Events:\n        Http:\n          Type: HttpApi\n",
            "!Sub https://${ServerlessHttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/",
        ),
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
         {environment}{http}\
         Outputs:\n  \
           Url:\n    \
             Value: {output}\n",
        description = quoted(function.description.as_deref().unwrap_or(&function.package)),
        architecture = if arm64 { "arm64" } else { "x86_64" },
        memory = settings.memory.unwrap_or(MEMORY),
        timeout = settings.timeout.unwrap_or(TIMEOUT),
    )
}

/// A YAML scalar in double quotes, which are JSON's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
