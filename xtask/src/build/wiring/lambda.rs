//! Event sources of a SAM template, and the resources behind them that nothing is bound to.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use super::Wiring;
use crate::build::cron;
use crate::build::lambda::TIMEOUT;

/// What triggers add to a template.
#[derive(Debug, Default)]
pub(crate) struct Wired {
    /// `Events` of the function.
    pub(crate) events: Map<String, Value>,
    /// `Resources` beside it.
    pub(crate) resources: Map<String, Value>,
    /// The names' JSON, and what stands for its `${…}`.
    pub(crate) names: BTreeMap<String, String>,
    /// What CloudFormation knows alone.
    pub(crate) known: Map<String, Value>,
    /// Commands to be given by hand.
    pub(crate) by_hand: Vec<String>,
}

impl Wired {
    /// The value of the variable with the names; `None` where there are none.
    pub(crate) fn variable(&self) -> Option<Value> {
        if self.names.is_empty() {
            return None;
        }
        let names: Map<String, Value> =
            self.names.iter().map(|(physical, name)| (physical.clone(), Value::from(name.as_str()))).collect();
        let text = Value::Object(names).to_string();
        Some(if self.known.is_empty() { json!({ "Fn::Sub": text }) } else { json!({ "Fn::Sub": [text, self.known] }) })
    }
}

pub(crate) fn wire(wiring: &Wiring<'_>) -> Result<Wired> {
    let mut wired = Wired::default();
    for (at, (text, schedule)) in wiring.schedules()?.into_iter().enumerate() {
        let name = format!("${{AWS::StackName}}-schedule-{at}");
        let rule = json!({ "Schedule": cron::aws(&schedule)?, "Name": { "Fn::Sub": name }, "Description": text });
        wired.events.insert(format!("Schedule{at}"), json!({ "Type": "Schedule", "Properties": rule }));
        wired.names.insert(name, text.to_owned());
    }
    for name in wiring.names(&["queue"]) {
        queue(wiring, name, &mut wired)?;
    }
    for name in wiring.names(&["object_created", "object_removed"]) {
        bucket(wiring, name, &mut wired);
    }
    for name in wiring.names(&["change"]) {
        table(wiring, name, &mut wired)?;
    }
    for name in wiring.names(&["message"]) {
        topic(wiring, name, &mut wired);
    }
    Ok(wired)
}

fn queue(wiring: &Wiring<'_>, name: &str, wired: &mut Wired) -> Result<()> {
    let bind = wiring.bind(name);
    let id = id("Queue", name);
    let size = |usual: u32| bind.batch_size.unwrap_or(usual);
    let (kind, properties) = match bind.arn.as_deref() {
        None => {
            let dead = format!("{id}Failed");
            // "Configuring a queue to use with Lambda", Lambda developer guide: six times the function's time limit.
            let visible = wiring.timeout.unwrap_or(TIMEOUT) * 6;
            let again =
                json!({ "deadLetterTargetArn": arn_of(&dead), "maxReceiveCount": bind.retries.unwrap_or(4) + 1 });
            wired.resources.insert(
                id.clone(),
                json!({ "Type": "AWS::SQS::Queue", "Properties": {
                "VisibilityTimeout": visible, "RedrivePolicy": again } }),
            );
            wired.resources.insert(dead, dead_letters());
            wired.known.insert(id.clone(), json!({ "Fn::GetAtt": [id, "QueueName"] }));
            wired.names.insert(format!("${{{id}}}"), name.to_owned());
            ("SQS", json!({ "Queue": arn_of(&id), "BatchSize": size(10) }))
        }
        Some(bound) => {
            wired.names.insert(last(bound).to_owned(), name.to_owned());
            match bound.split(':').nth(2) {
                Some("sqs") => ("SQS", json!({ "Queue": bound, "BatchSize": size(10) })),
                Some("kinesis") => ("Kinesis", stream(&id, &json!(bound), size(100), bind.retries, wired)),
                Some("kafka") => {
                    let topic = bind.topic.clone().unwrap_or_else(|| name.to_owned());
                    wired.names.insert(topic.clone(), name.to_owned());
                    let msk = json!({ "Stream": bound, "Topics": [topic], "StartingPosition": "TRIM_HORIZON", "BatchSize": size(100) });
                    wired.events.insert(id, json!({ "Type": "MSK", "Properties": msk }));
                    return Ok(());
                }
                _ => bail!(
                    "the queue `{name}` is bound to `{bound}`, which is the ARN of no SQS queue, Kinesis stream or MSK cluster"
                ),
            }
        }
    };
    let mut properties = properties;
    properties["FunctionResponseTypes"] = json!(["ReportBatchItemFailures"]);
    wired.events.insert(id, json!({ "Type": kind, "Properties": properties }));
    Ok(())
}

/// A record that fails holds up its shard until it is done or too old, a day as a rule. With `retries` it is given up after
/// so many, and told to a queue ("Retaining discarded batches", Lambda developer guide): where it stood, not what it held.
fn stream(id: &str, arn: &Value, size: u32, retries: Option<u32>, wired: &mut Wired) -> Value {
    let mut properties = json!({ "Stream": arn, "StartingPosition": "TRIM_HORIZON", "BatchSize": size, "BisectBatchOnFunctionError": true });
    if let Some(retries) = retries {
        let dead = format!("{id}Failed");
        properties["MaximumRetryAttempts"] = retries.into();
        properties["DestinationConfig"] = json!({ "OnFailure": { "Type": "SQS", "Destination": arn_of(&dead) } });
        wired.resources.insert(dead, dead_letters());
    }
    properties
}

/// A queue that keeps what failed for as long as SQS can: 14 days.
fn dead_letters() -> Value {
    json!({ "Type": "AWS::SQS::Queue", "Properties": { "MessageRetentionPeriod": 1_209_600 } })
}

/// By EventBridge: S3's own notifications would make the bucket wait for the function, and the function for the bucket.
fn bucket(wiring: &Wiring<'_>, name: &str, wired: &mut Wired) {
    let id = id("Bucket", name);
    let physical = match wiring.bind(name).arn {
        None => {
            let on = json!({ "EventBridgeConfiguration": { "EventBridgeEnabled": true } });
            wired.resources.insert(
                id.clone(),
                json!({ "Type": "AWS::S3::Bucket", "Properties": {
                "NotificationConfiguration": on } }),
            );
            wired.known.insert(id.clone(), json!({ "Ref": id }));
            wired.names.insert(format!("${{{id}}}"), name.to_owned());
            json!({ "Ref": id })
        }
        Some(arn) => {
            let bucket = last(&arn).to_owned();
            wired.by_hand.push(format!(
                "aws s3api put-bucket-notification-configuration --bucket {bucket} \
                 --notification-configuration '{{\"EventBridgeConfiguration\":{{}}}}'   # replaces what is set there"
            ));
            wired.names.insert(bucket.clone(), name.to_owned());
            json!(bucket)
        }
    };
    let happenings: Vec<_> = [("object_created", "Object Created"), ("object_removed", "Object Deleted")]
        .into_iter()
        .filter_map(|(kind, happening)| wiring.has(kind, name).then_some(happening))
        .collect();
    let pattern =
        json!({ "source": ["aws.s3"], "detail-type": happenings, "detail": { "bucket": { "name": [physical] } } });
    wired.events.insert(id, json!({ "Type": "EventBridgeRule", "Properties": { "Pattern": pattern } }));
}

fn table(wiring: &Wiring<'_>, name: &str, wired: &mut Wired) -> Result<()> {
    let bind = wiring.bind(name);
    let id = id("Table", name);
    let source = match bind.arn.as_deref() {
        None => {
            wired.resources.insert(
                id.clone(),
                json!({ "Type": "AWS::DynamoDB::Table", "Properties": {
                "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
                "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
                "BillingMode": "PAY_PER_REQUEST",
                "StreamSpecification": { "StreamViewType": "NEW_AND_OLD_IMAGES" } } }),
            );
            wired.known.insert(id.clone(), json!({ "Ref": id }));
            wired.names.insert(format!("${{{id}}}"), name.to_owned());
            json!({ "Fn::GetAtt": [id, "StreamArn"] })
        }
        Some(arn) => {
            let Some((table, _)) = arn.split_once(":table/").and_then(|(_, rest)| rest.split_once("/stream/")) else {
                bail!(
                    "the table `{name}` is bound to `{arn}`: it takes the ARN of the table's stream, which ends in \
                     `:table/NAME/stream/TIME`"
                );
            };
            wired.names.insert(table.to_owned(), name.to_owned());
            json!(arn)
        }
    };
    let mut properties = stream(&id, &source, bind.batch_size.unwrap_or(100), bind.retries, wired);
    properties["FunctionResponseTypes"] = json!(["ReportBatchItemFailures"]);
    wired.events.insert(id, json!({ "Type": "DynamoDB", "Properties": properties }));
    Ok(())
}

fn topic(wiring: &Wiring<'_>, name: &str, wired: &mut Wired) {
    let id = id("Topic", name);
    let arn = match wiring.bind(name).arn {
        None => {
            wired.resources.insert(id.clone(), json!({ "Type": "AWS::SNS::Topic" }));
            wired.known.insert(id.clone(), json!({ "Fn::GetAtt": [id, "TopicName"] }));
            wired.names.insert(format!("${{{id}}}"), name.to_owned());
            json!({ "Ref": id })
        }
        Some(arn) => {
            wired.names.insert(last(&arn).to_owned(), name.to_owned());
            json!(arn)
        }
    };
    wired.events.insert(id, json!({ "Type": "SNS", "Properties": { "Topic": arn } }));
}

fn arn_of(id: &str) -> Value {
    json!({ "Fn::GetAtt": [id, "Arn"] })
}

fn last(arn: &str) -> &str {
    arn.rsplit([':', '/']).next().unwrap_or(arn)
}

/// A logical id: letters and digits alone.
fn id(kind: &str, name: &str) -> String {
    let mut id = kind.to_owned();
    for word in name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        id.push_str(&word[..1].to_ascii_uppercase());
        id.push_str(&word[1..]);
    }
    id
}
