//! AWS's own tools on what `build` writes for Lambda, and on what Lambda is sent.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyfn_core::{Event, Names};
use anyfn_lambda::{Received, decode, events};
use anyfn_xtask::build::Target;
use anyfn_xtask::tools;
use serde_json::Value;

use crate::built::built;

/// Expands a template as SAM does when it is deployed: unexpanded, `cfn-lint` checks next to nothing.
const EXPAND: &str = r#"
import json, os, sys
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse
class Policies:
    def load(self): return {}
template = yaml_parse(open(sys.argv[1]).read())
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        resource["Properties"]["CodeUri"] = "s3://bucket/code.zip"
with open(sys.argv[2], "w") as out:
    json.dump(transform(template, {"AWS::Region": "us-east-1"}, Policies()), out, default=str)
"#;

/// What the command `cfn-lint` runs.
const LINT: &str = "import sys; from cfnlint.runner import main; sys.exit(main())";

/// Prints each sample that `sam local generate-event` makes, by its own code, with its options' defaults as the command
/// names them.
const SAMPLES: &str = r#"
import json
from samcli.lib.generated_sample_events.events import Events
events = Events()
for service, kinds in events.event_mapping.items():
    for kind, command in kinds.items():
        options = {name.replace("-", "_"): tag["default"] for name, tag in command["tags"].items()}
        print(json.dumps([f"{service} {kind}", json.loads(events.generate_event(service, kind, options))]))
"#;

fn python() -> Command {
    let folders = [tools::sam().unwrap(), tools::sam_cli().unwrap()];
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", std::env::join_paths(folders).unwrap()).env("PYTHONDONTWRITEBYTECODE", "1");
    python
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The resources of the expanded template, or what is wrong with it.
fn checked(template: &str, name: &str) -> Result<Vec<String>, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("acceptance-sam");
    fs::create_dir_all(&folder).unwrap();
    let (written, expanded) = (folder.join(format!("{name}.yaml")), folder.join(format!("{name}.json")));
    fs::write(&written, template).unwrap();
    let translated = python().args(["-c", EXPAND]).args([&written, &expanded]).output().unwrap();
    if !translated.status.success() {
        return Err(text(&translated));
    }
    let linted = python().args(["-c", LINT]).arg(&expanded).output().unwrap();
    if !linted.status.success() {
        return Err(text(&linted));
    }
    let expanded: Value = serde_json::from_slice(&fs::read(&expanded).unwrap()).unwrap();
    let resources = expanded["Resources"].as_object().unwrap().values();
    Ok(resources.map(|resource| resource["Type"].as_str().unwrap().to_owned()).collect())
}

fn template(package: &'static str) -> String {
    let dir: PathBuf = built(Target::Lambda, package).lambda.unwrap().dir;
    fs::read_to_string(dir.join("template.yaml")).unwrap()
}

#[test]
fn a_template_passes_when_sam_has_expanded_it() {
    for package in ["hello", "echo", "shop"] {
        let resources = checked(&template(package), package).unwrap_or_else(|wrong| panic!("{package}: {wrong}"));
        assert!(resources.iter().any(|kind| kind == "AWS::Lambda::Function"), "{package}: {resources:?}");
        if package != "hello" {
            let count = |kind: &str| resources.iter().filter(|other| *other == kind).count();
            assert!(count("AWS::Lambda::EventSourceMapping") >= 2, "{package}: {resources:?}");
            assert!(count("AWS::SQS::Queue") >= 1 && count("AWS::S3::Bucket") >= 1, "{package}: {resources:?}");
            assert!(count("AWS::DynamoDB::Table") >= 1 && count("AWS::SNS::Topic") >= 1, "{package}: {resources:?}");
        }
    }
}

#[test]
fn a_template_with_a_mistake_does_not_pass() {
    let template = template("shop");
    for (right, wrong, says) in [
        ("\"ReportBatchItemFailures\"", "\"ReportBatchItemFailure\"", "ReportBatchItemFailure"),
        ("StartingPosition: ", "StartingPositio: ", "StartingPositio"),
        ("provided.al2023", "provided.foo", "provided.foo"),
        ("Timeout: ", "Timeout: 30", "Timeout"),
        ("MemorySize: ", "MemorySize: 99", "MemorySize"),
    ] {
        assert!(template.contains(right), "no {right} in\n{template}");
        let found = checked(&template.replacen(right, wrong, 1), &format!("wrong-{says}"));
        let found = found.expect_err(&format!("{wrong} passes"));
        assert!(found.contains(says), "{wrong}: {found}");
    }
}

/// What becomes of a sample.
fn told(event: &Value) -> &'static str {
    let event = serde_json::to_vec(event).unwrap().into();
    let source = match decode(&event) {
        Ok(Received::Http(_)) => return "http",
        Ok(Received::Event(source)) => source,
        Ok(Received::Refused(..)) | Err(_) => return "refused",
        Ok(_) => return "something new",
    };
    match events::decode(source, &event, &Names::default()) {
        Ok(decoded) => match decoded.event {
            Event::Schedule(_) => "schedule",
            Event::Queue(batch) if batch.items.is_empty() => "an empty batch",
            Event::Queue(_) => "queue",
            Event::Object(_) => "object",
            Event::Change(_) => "change",
            Event::Message(_) => "message",
            Event::Custom(_) => "custom",
            _ => "something new",
        },
        Err(_) => "an error",
    }
}

#[test]
fn what_sam_generates_is_told_and_decoded() {
    let output = python().args(["-c", SAMPLES]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let mut samples = 0;
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let (name, event): (String, Value) = serde_json::from_str(line).unwrap();
        samples += 1;
        let expected = match &*name {
            "alb request" | "apigateway aws-proxy" | "apigateway http-api-proxy" => "http",
            "sqs receive-message" | "kinesis get-records" => "queue",
            "s3 put" | "s3 delete" | "rekognition s3-request" => "object",
            "dynamodb update" => "change",
            "sns notification" => "message",
            "cloudwatch scheduled-event" => "schedule",
            "apigateway authorizer" | "apigateway request-authorizer" => "refused",
            name if name.starts_with("cloudfront ") => "refused",
            // Services whose events anyfn has no type for: the program gets their JSON.
            _ => "custom",
        };
        assert_eq!(told(&event), expected, "{name}: {event}");
    }
    assert!(samples > 60, "{samples}");
}
