//! The standard variables ("OpenTelemetry Protocol Exporter" and "Environment Variable Specification").

use std::time::Duration;

use anyfn_core::Context;
use http::{HeaderName, HeaderValue, Uri};
use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;

/// How long the collector may take. The standard's ten seconds would be paid for after each answer.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, PartialEq)]
pub(super) struct Settings {
    pub(super) endpoint: Uri,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) patience: Duration,
    service: Option<String>,
    attributes: Vec<(String, String)>,
}

impl Settings {
    /// `None` where nothing is to be sent.
    pub(super) fn of(env: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let set = |name: &str| env(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let either = |name: &str| {
            let signal = format!("OTEL_EXPORTER_OTLP_TRACES_{name}");
            let all = format!("OTEL_EXPORTER_OTLP_{name}");
            set(&signal).map(|value| (signal, value)).or_else(|| set(&all).map(|value| (all, value)))
        };
        let off = set("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
            || set("OTEL_TRACES_EXPORTER").is_some_and(|value| value == "none");
        let Some((name, mut endpoint)) = either("ENDPOINT").filter(|_| !off) else { return Ok(None) };
        let given = endpoint.clone();
        if name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
            endpoint.truncate(endpoint.trim_end_matches('/').len());
            endpoint.push_str("/v1/traces");
        }
        let endpoint = endpoint
            .parse::<Uri>()
            .ok()
            .filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
            .ok_or_else(|| format!("{name} is `{given}`, which is no URL of http or https"))?;
        if let Some((name, protocol)) = either("PROTOCOL").filter(|(_, protocol)| protocol != "http/protobuf") {
            return Err(format!("{name} is `{protocol}`, and only `http/protobuf` is spoken"));
        }
        let mut headers = Vec::new();
        if let Some((name, list)) = either("HEADERS") {
            for (key, value) in pairs(&list) {
                match (HeaderName::try_from(&key), HeaderValue::try_from(&value)) {
                    (Ok(key), Ok(value)) => headers.push((key, value)),
                    _ => return Err(format!("{name} has what is no header: `{key}`")),
                }
            }
        }
        let patience = match either("TIMEOUT") {
            Some((name, value)) => {
                let milliseconds = value.parse::<u32>();
                let wrong = |_| format!("{name} is `{value}`, which is no number of milliseconds");
                Duration::from_millis(milliseconds.map_err(wrong)?.into())
            }
            None => PATIENCE,
        };
        Ok(Some(Self {
            endpoint,
            headers,
            patience,
            service: set("OTEL_SERVICE_NAME"),
            attributes: set("OTEL_RESOURCE_ATTRIBUTES").map(|list| pairs(&list).collect()).unwrap_or_default(),
        }))
    }

    /// What sends the spans.
    pub(super) fn resource(&self, cx: &Context) -> Resource {
        let mut known = Vec::new();
        let mut add =
            |key: &'static str, value: Option<String>| known.extend(value.map(|value| KeyValue::new(key, value)));
        let on_lambda = cx.platform() == "lambda";
        let function = cx.env("AWS_LAMBDA_FUNCTION_NAME").filter(|_| on_lambda);
        let name = function.clone().or_else(|| cx.env("K_SERVICE"));
        add("service.name", Some(name.unwrap_or_else(|| "unknown_service".to_owned())));
        add("faas.name", function);
        add("cloud.region", cx.region().map(ToOwned::to_owned));
        if on_lambda {
            add("cloud.provider", Some("aws".to_owned()));
            add("cloud.platform", Some("aws_lambda".to_owned()));
            add("faas.version", cx.env("AWS_LAMBDA_FUNCTION_VERSION"));
            add("faas.instance", cx.env("AWS_LAMBDA_LOG_STREAM_NAME"));
        }
        let own = self.attributes.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
        let service = self.service.iter().map(|name| KeyValue::new("service.name", name.clone()));
        // The later ones count.
        Resource::builder_empty()
            .with_detector(Box::new(TelemetryResourceDetector))
            .with_attributes(known)
            .with_attributes(own)
            .with_attributes(service)
            .build()
    }
}

/// `key=value,key=value`, the values escaped as in a URL.
fn pairs(list: &str) -> impl Iterator<Item = (String, String)> {
    list.split(',').filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8_lossy().into_owned();
        Some((key.trim().to_owned(), value)).filter(|(key, _)| !key.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(set: &[(&str, &str)]) -> Result<Option<Settings>, String> {
        Settings::of(&|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn nothing_is_sent_unless_somebody_says_where() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
        for set in [
            &[][..],
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")],
            &[("OTEL_SERVICE_NAME", "shop")],
            &[endpoint, ("OTEL_SDK_DISABLED", "TRUE")],
            &[endpoint, ("OTEL_TRACES_EXPORTER", "none")],
        ] {
            assert_eq!(of(set), Ok(None), "{set:?}");
        }
    }

    #[test]
    fn the_path_is_added_to_what_counts_for_all_signals() {
        for (name, value, endpoint) in [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318", "http://localhost:4318/v1/traces"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otlp.example/otlp/", "https://otlp.example/otlp/v1/traces"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://otlp.example/in", "https://otlp.example/in"),
        ] {
            assert_eq!(of(&[(name, value)]).unwrap().unwrap().endpoint, endpoint, "{name}={value}");
        }
    }

    #[test]
    fn what_is_of_traces_alone_comes_first() {
        let settings = of(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://everything.example"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces.example"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-a=no"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "authorization=Basic%20Zm9vOmJhcg==, x-b = 2 ,,"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "250"),
        ]);
        let settings = settings.unwrap().unwrap();
        assert_eq!(settings.endpoint, "http://traces.example");
        let headers = settings.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        assert_eq!(headers.collect::<Vec<_>>(), [("authorization", "Basic Zm9vOmJhcg=="), ("x-b", "2")]);
        assert_eq!(settings.patience, Duration::from_millis(250));
    }

    #[test]
    fn what_is_wrong_is_said_by_its_name() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
        for (set, says) in [
            (
                &[("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317")][..],
                "OTEL_EXPORTER_OTLP_ENDPOINT is `localhost:4317`",
            ),
            (&[endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")], "OTEL_EXPORTER_OTLP_PROTOCOL is `grpc`"),
            (
                &[endpoint, ("OTEL_EXPORTER_OTLP_HEADERS", "x y=1")],
                "OTEL_EXPORTER_OTLP_HEADERS has what is no header: `x y`",
            ),
            (&[endpoint, ("OTEL_EXPORTER_OTLP_TIMEOUT", "2s")], "OTEL_EXPORTER_OTLP_TIMEOUT is `2s`"),
        ] {
            let error = of(set).unwrap_err();
            assert!(error.starts_with(says), "{error}");
        }
    }
}
