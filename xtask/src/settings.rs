//! `[package.metadata.anyfn]`: what a person can say about a function's deployment, one schema for every target.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;

/// The section of a function's `Cargo.toml`; every key is optional.
///
/// ```toml
/// [package.metadata.anyfn]
/// memory = 256
/// timeout = 10
/// env = { GREETING = "Hello" }
///
/// [package.metadata.anyfn.cloudflare]
/// compatibility-date = "2026-04-01"
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Settings {
    /// Memory in MB, where a target lets one choose (Lambda, Vercel). Lambda's files say 256 when unset.
    pub memory: Option<u32>,
    /// Seconds an invocation may take (Lambda, Vercel). Lambda's files say 10 when unset.
    pub timeout: Option<u32>,
    /// Plain variables, written into every target's configuration. Secrets do not belong here: set them with the
    /// vendor's own command.
    pub env: BTreeMap<String, String>,
    /// Which C library native artefacts link.
    pub libc: Libc,
    /// What the names in code are bound to, by name; without an entry a target makes its own, or takes the name as it is.
    pub bind: BTreeMap<String, Bind>,
    /// AWS Lambda.
    pub lambda: Lambda,
    /// Cloudflare Workers.
    pub cloudflare: Cloudflare,
    /// Vercel.
    pub vercel: Vercel,
    /// The plain server in a cluster.
    pub server: Server,
}

/// Which C library native artefacts link.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Libc {
    /// The machine's own glibc when it builds for its own kind of Linux, otherwise static musl.
    #[default]
    Auto,
    /// glibc: a faster allocator, and C dependencies compile with the machine's compiler.
    Gnu,
    /// A static binary, which runs on any Linux.
    Musl,
}

/// `[package.metadata.anyfn.bind.NAME]`: what a queue, bucket, table or topic of the program is on each platform.
///
/// ```toml
/// [package.metadata.anyfn.bind.orders-to-ship]
/// arn = "arn:aws:sqs:eu-west-1:123456789012:orders"   # Lambda: an existing one
/// queue = "shop-orders"                               # Workers: its global name
/// batch-size = 5
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Bind {
    /// Lambda: the ARN of an existing SQS queue, Kinesis stream or MSK cluster, S3 bucket, DynamoDB stream or SNS topic. The
    /// template makes one where none is given.
    pub arn: Option<String>,
    /// Workers: the queue's name, also of the queue that objects, changes or messages come through.
    pub queue: Option<String>,
    /// Workers: the R2 bucket's name.
    pub bucket: Option<String>,
    /// Vercel: the topic of its Queues. Lambda: the topic in an MSK cluster.
    pub topic: Option<String>,
    /// Knative: the bucket, topic or table whose events these are, as the last part of their `source` says it.
    pub source: Option<String>,
    /// How many items come at once, at most (Lambda, Workers).
    pub batch_size: Option<u32>,
    /// How often an item that failed comes again (SQS queues that the template makes, streams of Kinesis and DynamoDB, Workers,
    /// Knative's triggers).
    pub retries: Option<u32>,
}

/// `[package.metadata.anyfn.lambda]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Lambda {
    /// How HTTP reaches the function.
    pub http: LambdaHttp,
    /// Who may call the function URL.
    pub auth: LambdaAuth,
    /// Whether the function URL sends answers on while they are made (`InvokeMode: RESPONSE_STREAM`), up to 200 MB
    /// instead of 6 MB; AWS bills what is streamed beyond 6 MB.
    pub streaming: bool,
}

/// Who may call a Lambda function's URL.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LambdaAuth {
    /// Everybody, as on the other platforms: the function decides by itself.
    #[default]
    None,
    /// Callers that sign with AWS credentials and have `lambda:InvokeFunctionUrl`.
    Iam,
}

/// How HTTP reaches a Lambda function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LambdaHttp {
    /// A function URL: no gateway to pay for, and the path arrives as it was sent.
    #[default]
    FunctionUrl,
    /// An API Gateway HTTP API, which decodes the path before the function sees it.
    HttpApi,
}

/// `[package.metadata.anyfn.cloudflare]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Cloudflare {
    /// The Workers runtime's behaviour is frozen at this date (`YYYY-MM-DD`).
    pub compatibility_date: String,
    /// Switches beyond the date, as Cloudflare's documentation names them.
    pub compatibility_flags: Vec<String>,
    /// Namespaces of KV: what the program calls each, and its id.
    pub kv: BTreeMap<String, String>,
    /// Databases of D1: what the program calls each, and its id.
    pub d1: BTreeMap<String, String>,
}

impl Default for Cloudflare {
    fn default() -> Self {
        Self {
            compatibility_date: "2026-04-01".to_owned(),
            compatibility_flags: Vec::new(),
            kv: BTreeMap::new(),
            d1: BTreeMap::new(),
        }
    }
}

/// `[package.metadata.anyfn.vercel]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Vercel {
    /// Regions to run in, for example `["fra1"]`; the project's own when empty.
    pub regions: Vec<String>,
}

/// `[package.metadata.anyfn.server]`: what stands in the Knative `service.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Server {
    /// The container image, as the cluster pulls it; `dev.local/PACKAGE` when unset, which the cluster must have already.
    pub image: Option<String>,
    /// The Knative broker that brings queues, objects, changes and messages.
    pub broker: String,
}

impl Default for Server {
    fn default() -> Self {
        Self { image: None, broker: "default".to_owned() }
    }
}

impl Settings {
    /// Reads the `anyfn` table out of a package's metadata; all defaults where there is none.
    ///
    /// # Errors
    /// When a key is unknown (with the nearest known name) or has the wrong type.
    pub fn from_metadata(package: &str, metadata: &serde_json::Value) -> Result<Self> {
        let Some(table) = metadata.get("anyfn") else { return Ok(Self::default()) };
        Self::deserialize(table)
            .map_err(|error| anyhow!(with_suggestion(&error.to_string())))
            .with_context(|| format!("[package.metadata.anyfn] in the Cargo.toml of {package} is not understood"))
    }
}

/// Adds the nearest known name to serde's "unknown field `memry`, expected one of `memory`, …".
fn with_suggestion(message: &str) -> String {
    // The unknown name may hold backticks of its own; the known ones, which end the message, do not.
    let unknown = message.strip_prefix("unknown ").and_then(|rest| rest.rsplit_once("`, expected "));
    let Some((wrong, known)) = unknown.and_then(|(kind, known)| Some((kind.split_once('`')?.1, known))) else {
        return message.to_owned();
    };
    let quoted = known.split('`').skip(1).step_by(2);
    match quoted.map(|name| (distance(wrong, name), name)).min() {
        Some((far, name)) if far <= 1 + wrong.len() / 3 => format!("{message}\ndid you mean `{name}`?"),
        _ => message.to_owned(),
    }
}

/// Levenshtein's edit distance, over bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Lambda, LambdaAuth, LambdaHttp, Settings};

    #[test]
    fn a_package_without_the_section_gets_the_defaults() {
        assert_eq!(Settings::from_metadata("p", &json!(null)).unwrap(), Settings::default());
        assert_eq!(Settings::from_metadata("p", &json!({"other": 1})).unwrap(), Settings::default());
    }

    #[test]
    fn every_key_is_read() {
        let table = json!({"anyfn": {
            "memory": 512, "timeout": 3, "env": {"A": "b"}, "libc": "musl", "lambda": {"http": "http-api", "auth": "iam", "streaming": true},
            "cloudflare": {"compatibility-date": "2026-05-01", "compatibility-flags": ["nodejs_compat"], "kv": {"SEEN": "1"}, "d1": {"DONE": "2"}},
            "vercel": {"regions": ["fra1"]}, "server": {"image": "registry.example/p:1", "broker": "events"},
        }});
        let settings = Settings::from_metadata("p", &table).unwrap();
        assert_eq!((settings.memory, settings.timeout), (Some(512), Some(3)));
        let expected = Lambda { http: LambdaHttp::HttpApi, auth: LambdaAuth::Iam, streaming: true };
        assert_eq!(settings.lambda, expected);
        assert_eq!(settings.cloudflare.compatibility_date, "2026-05-01");
        assert_eq!((&*settings.cloudflare.kv["SEEN"], &*settings.cloudflare.d1["DONE"]), ("1", "2"));
        assert_eq!(settings.vercel.regions, ["fra1"]);
        assert_eq!(
            (settings.server.image.as_deref(), &*settings.server.broker),
            (Some("registry.example/p:1"), "events")
        );
        assert_eq!(settings.env["A"], "b");
    }

    #[test]
    fn a_misspelt_key_names_the_nearest_one() {
        for (table, expected) in [
            (json!({"anyfn": {"memry": 1}}), "did you mean `memory`?"),
            (json!({"anyfn": {"cloudflare": {"compatibility_date": "x"}}}), "did you mean `compatibility-date`?"),
            (json!({"anyfn": {"lambda": {"http": "httpapi"}}}), "did you mean `http-api`?"),
            (json!({"anyfn": {"lambda": {"auth": "iamm"}}}), "did you mean `iam`?"),
            (json!({"anyfn": {"bind": {"orders": {"batch_size": 1}}}}), "did you mean `batch-size`?"),
        ] {
            let error = Settings::from_metadata("p", &table).unwrap_err();
            assert!(format!("{error:#}").contains(expected), "{error:#}");
        }
    }

    #[test]
    fn a_key_like_no_other_gets_no_suggestion() {
        for key in ["zzzzzzzzzz", "a`b`c", "`, expected `e"] {
            let error = Settings::from_metadata("p", &json!({"anyfn": {key: 1}})).unwrap_err();
            assert!(!format!("{error:#}").contains("did you mean"), "{error:#}");
        }
    }
}
