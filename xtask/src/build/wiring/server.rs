//! Knative's `service.yaml`: the program as a service, and what brings events to it.
//!
//! Knative's sources and triggers can send no secret along. So the public service takes events by token alone, and a second
//! one of the same image, which only the cluster reaches, takes them from anyone there.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Wiring, with_names, yaml};
use crate::build::cron;
use crate::project::Function;

/// The types of CloudEvents that each kind of trigger is brought ([`anyfn_core::cloudevents`]), as Knative's filters say
/// them.
const QUEUE: &[Type] = &[Type::Exact("dev.anyfn.queue.message"), Type::Exact("dev.knative.kafka.event")];
const CREATED: &[Type] = &[
    Type::Exact("dev.anyfn.object.created"),
    Type::Exact("google.cloud.storage.object.v1.finalized"),
    Type::Prefix("com.amazonaws.s3.ObjectCreated"),
    Type::Prefix("com.amazonaws.s3.s3:ObjectCreated"),
];
const REMOVED: &[Type] = &[
    Type::Exact("dev.anyfn.object.removed"),
    Type::Exact("google.cloud.storage.object.v1.deleted"),
    Type::Prefix("com.amazonaws.s3.ObjectRemoved"),
    Type::Prefix("com.amazonaws.s3.s3:ObjectRemoved"),
];
const CHANGE: &[Type] = &[Type::Prefix("dev.anyfn.change."), Type::Prefix("io.debezium.")];
const MESSAGE: &[Type] = &[
    Type::Exact("dev.anyfn.message"),
    Type::Exact("com.amazonaws.sns.Notification"),
    Type::Exact("google.cloud.pubsub.topic.v1.messagePublished"),
];
const SCHEDULE: &[Type] = &[Type::Exact("dev.anyfn.schedule"), Type::Exact("dev.knative.sources.ping")];

/// Each kind in the manifest with what it is brought.
const KINDS: &[(&str, &[Type])] = &[
    ("queue", QUEUE),
    ("object_created", CREATED),
    ("object_removed", REMOVED),
    ("change", CHANGE),
    ("message", MESSAGE),
];

#[derive(Clone, Copy)]
enum Type {
    Exact(&'static str),
    Prefix(&'static str),
}

impl Type {
    fn filter(self) -> Value {
        match self {
            Self::Exact(name) => json!({ "exact": { "type": name } }),
            Self::Prefix(start) => json!({ "prefix": { "type": start } }),
        }
    }
}

/// The file's objects, one document each.
///
/// # Errors
/// A schedule that is none.
pub(crate) fn objects(function: &Function, wiring: &Wiring<'_>) -> anyhow::Result<Vec<Value>> {
    let name = object_name(&function.package);
    let events = format!("{name}-events");
    let mut brought = Vec::new();
    for (at, (text, schedule)) in wiring.schedules()?.into_iter().enumerate() {
        brought.push(json!({
            "apiVersion": "sources.knative.dev/v1",
            "kind": "PingSource",
            "metadata": { "name": format!("{name}-schedule-{at}") },
            "spec": {
                "schedule": cron::kubernetes(&schedule),
                "timezone": "UTC",
                // The name that the schedule has in the program.
                "ceOverrides": { "extensions": { "anyfnname": text } },
                "sink": subscriber(&events),
            },
        }));
    }
    for (kind, types) in KINDS {
        for source in wiring.names(&[kind]) {
            let filters = json!([
                { "any": types.iter().map(|kind| kind.filter()).collect::<Vec<_>>() },
                { "any": named(kind, source, wiring.bind(source).source.as_deref()) },
            ]);
            let trigger = format!("{name}-{}-{}", object_name(kind), object_name(source));
            brought.push(trigger_of(function, wiring, &trigger, &events, &filters, source));
        }
    }
    if wiring.any("custom") {
        let known = KINDS.iter().flat_map(|(_, types)| *types).chain(SCHEDULE);
        let filters = json!([{ "not": { "any": known.map(|kind| kind.filter()).collect::<Vec<_>>() } }]);
        brought.push(trigger_of(function, wiring, &format!("{name}-custom"), &events, &filters, ""));
    }
    let mut all = Vec::new();
    if wiring.any("http") || brought.is_empty() {
        all.push(service(function, wiring, &name, false));
    }
    if !brought.is_empty() {
        all.push(service(function, wiring, &events, true));
    }
    all.extend(brought);
    told_apart(&all)?;
    Ok(all)
}

/// Kubernetes' names are of small letters, digits and hyphens: two of the program's may become one.
fn told_apart(objects: &[Value]) -> anyhow::Result<()> {
    let id = |object: &Value| (object["kind"].to_string(), object["metadata"]["name"].to_string());
    for (at, object) in objects.iter().enumerate() {
        if objects[..at].iter().any(|other| id(other) == id(object)) {
            let (kind, name) = id(object);
            anyhow::bail!(
                "two names of the program are one in Kubernetes: both make the {kind} {name}\ncall one of them otherwise"
            );
        }
    }
    Ok(())
}

/// What a source calls it, to the name in the program.
fn names(wiring: &Wiring<'_>) -> BTreeMap<String, String> {
    let kinds: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
    let names = wiring.names(&kinds).into_iter();
    names.filter_map(|name| Some((wiring.bind(name).source?, name.to_owned()))).collect()
}

/// The file, with what to know first.
///
/// # Errors
/// As [`objects`].
pub(crate) fn service_yaml(function: &Function, wiring: &Wiring<'_>) -> anyhow::Result<String> {
    let objects = objects(function, wiring)?;
    let mut text = String::from(
        "# For a cluster with Knative: kubectl apply -f service.yaml\n\
         # Secrets of the program: kubectl create secret generic NAME --from-literal=… , by the name that stands below.\n",
    );
    if objects.len() > 1 {
        text.push_str(
            "# Knative sends events without a secret: they go to a service of their own, which only the cluster reaches.\n\
             # Whoever may send requests inside the cluster may send it events; a NetworkPolicy can say who that is.\n",
        );
    }
    if objects.iter().any(|object| object["kind"] == "Trigger") {
        text.push_str(&format!("# Its triggers read the broker `{}`.\n", function.settings.server.broker));
    }
    for object in objects {
        text.push_str("---\n");
        text.push_str(&yaml::block(&object, 0));
    }
    Ok(text)
}

fn service(function: &Function, wiring: &Wiring<'_>, name: &str, inside: bool) -> Value {
    let settings = &function.settings;
    let secrets = object_name(&function.package);
    let image = settings.server.image.clone().unwrap_or_else(|| format!("dev.local/{secrets}"));
    let mut env: Vec<Value> = with_names(&settings.env, &names(wiring))
        .into_iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    if inside {
        env.push(json!({ "name": "ANYFN_EVENT_SENDERS", "value": "anyone" }));
    }
    if let Some(seconds) = settings.timeout {
        env.push(json!({ "name": "ANYFN_REQUEST_SECONDS", "value": seconds.to_string() }));
    }
    let mut container = json!({
        "name": "function",
        "image": image,
        "ports": [{ "containerPort": 8080 }],
        "env": env,
        "envFrom": [{ "secretRef": { "name": secrets, "optional": true } }],
    });
    if let Some(memory) = settings.memory {
        container["resources"] = json!({ "limits": { "memory": format!("{memory}Mi") } });
    }
    let mut spec = json!({ "containers": [container] });
    if let Some(seconds) = settings.timeout {
        spec["timeoutSeconds"] = seconds.into();
    }
    let mut service = json!({
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": { "name": name },
        "spec": { "template": { "spec": spec } },
    });
    if inside {
        service["metadata"]["labels"] = json!({ "networking.knative.dev/visibility": "cluster-local" });
    }
    service
}

fn subscriber(service: &str) -> Value {
    json!({
        "ref": { "apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": service },
        "uri": anyfn_core::cloudevents::PATH,
    })
}

fn trigger_of(
    function: &Function,
    wiring: &Wiring<'_>,
    name: &str,
    events: &str,
    filters: &Value,
    source: &str,
) -> Value {
    json!({
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Trigger",
        "metadata": { "name": name },
        "spec": {
            "broker": function.settings.server.broker,
            "filters": filters,
            "subscriber": subscriber(events),
            // An item that failed is answered with 503, after which Knative sends it again.
            "delivery": {
                "retry": wiring.bind(source).retries.unwrap_or(3),
                "backoffPolicy": "exponential",
                "backoffDelay": "PT1S",
            },
        },
    })
}

/// Which events are those of `name`: by the extension that says so, or by the last part of their source, which is the
/// name unless it is bound to another one.
fn named(kind: &str, name: &str, bound: Option<&str>) -> Vec<Value> {
    let mut any = vec![json!({ "exact": { "anyfnname": name } })];
    let name = bound.unwrap_or(name);
    any.extend(["/", "#", ":"].map(|before| json!({ "suffix": { "source": format!("{before}{name}") } })));
    match kind {
        // The specification's adapter for S3: `aws:s3.REGION.BUCKET`.
        "object_created" | "object_removed" => any.push(json!({ "suffix": { "source": format!(".{name}") } })),
        "change" => any.push(json!({ "exact": { "iodebeziumtable": name } })),
        _ => {}
    }
    any
}

/// A name as Kubernetes takes it (RFC 1123 label).
fn object_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(plain).collect::<String>().trim_matches('-').to_owned()
}
