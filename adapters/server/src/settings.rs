//! What the environment may set, and what holds where it does not.

use std::time::Duration;

use anyfn_core::BoxError;

use crate::MAX_BODY;
use crate::proxies::Proxies;

/// Where the server listens, and its limits. The crate's documentation lists the variables.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The address or name to listen on.
    pub host: String,
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// The largest request body, in bytes.
    pub max_body: u64,
    /// The largest head of a request (request line and headers), in bytes.
    pub max_headers: usize,
    /// How long a client may take to send a request's head, and its first byte after connecting.
    pub head: Duration,
    /// How long a connection may idle between requests.
    pub idle: Duration,
    /// How long a client may neither send of a body that is read nor take of an answer.
    pub stall: Option<Duration>,
    /// How long a request may take, its answer's stream included.
    pub request: Option<Duration>,
    /// How long requests in flight and work after answers may take once the server is told to stop.
    pub drain: Duration,
    /// The proxies whose word on the client is believed.
    pub proxies: Proxies,
    /// The region that the platform names.
    pub region: Option<String>,
    /// Whether the program's schedules are ticked here. Several instances would each tick.
    pub clock: bool,
    /// Whether CloudEvents are taken from whoever can reach the server, without a token.
    pub events_from_anyone: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 3000,
            max_body: MAX_BODY,
            max_headers: 64 * 1024,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            stall: Some(Duration::from_secs(60)),
            request: None,
            drain: Duration::from_secs(10),
            proxies: Proxies::default(),
            region: None,
            clock: false,
            events_from_anyone: false,
        }
    }
}

/// Variables that are set inside a platform's container, where a server on the loopback address reaches nobody.
const CONTAINERS: &[&str] = &["K_SERVICE", "FLY_APP_NAME", "KUBERNETES_SERVICE_HOST"];

impl Settings {
    /// The settings of this process.
    ///
    /// # Errors
    /// A variable whose value makes no sense; the message names it and shows one that does.
    pub fn from_env() -> Result<Self, BoxError> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// The settings that these variables make. One that is empty counts as unset.
    ///
    /// ```
    /// use anyfn_server::Settings;
    ///
    /// let settings = Settings::read(|name| (name == "PORT").then(|| "8080".to_owned())).unwrap();
    /// assert_eq!((settings.port, settings.max_body), (8080, 16 * 1024 * 1024));
    /// let error = Settings::read(|name| (name == "PORT").then(|| "http".to_owned())).unwrap_err();
    /// assert_eq!(error.to_string(), "PORT is `http`: set it to a port from 0 to 65535, such as 3000");
    /// ```
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, BoxError> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut settings = Self::default();
        if CONTAINERS.iter().any(|name| set(name).is_some()) {
            settings.host = "0.0.0.0".to_owned();
        }
        if let Some(host) = set("HOST") {
            settings.host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        }
        let ports = ["PORT", "FUNCTIONS_CUSTOMHANDLER_PORT"];
        if let Some((name, port)) = ports.iter().find_map(|name| Some((*name, set(name)?))) {
            settings.port = parse(name, &port, "a port from 0 to 65535, such as 3000")?;
        }
        if let Some(value) = set("ANYFN_MAX_BODY") {
            settings.max_body = parse("ANYFN_MAX_BODY", &value, "a number of bytes, such as 16777216")?;
        }
        if let Some(value) = set("ANYFN_MAX_HEADERS") {
            let wanted = "a number of bytes from 1024 to 16777216, such as 65536";
            settings.max_headers = parse("ANYFN_MAX_HEADERS", &value, wanted)?;
            if !(1024..=16 * 1024 * 1024).contains(&settings.max_headers) {
                return Err(unfit("ANYFN_MAX_HEADERS", &value, wanted));
            }
        }
        let seconds = |name: &str| -> Result<Option<Duration>, BoxError> {
            let Some(value) = set(name) else { return Ok(None) };
            // What a `u32` holds is more than a century, and adds to any clock.
            let seconds: u32 = parse(name, &value, "a whole number of seconds, such as 10")?;
            Ok(Some(Duration::from_secs(seconds.into())))
        };
        for (name, setting) in [
            ("ANYFN_HEAD_SECONDS", &mut settings.head),
            ("ANYFN_IDLE_SECONDS", &mut settings.idle),
            ("ANYFN_DRAIN_SECONDS", &mut settings.drain),
        ] {
            *setting = seconds(name)?.unwrap_or(*setting);
        }
        for (name, setting) in
            [("ANYFN_STALL_SECONDS", &mut settings.stall), ("ANYFN_REQUEST_SECONDS", &mut settings.request)]
        {
            if let Some(limit) = seconds(name)? {
                *setting = Some(limit).filter(|limit| !limit.is_zero());
            }
        }
        for (name, setting) in [("ANYFN_HEAD_SECONDS", settings.head), ("ANYFN_IDLE_SECONDS", settings.idle)] {
            if setting.is_zero() {
                return Err(unfit(name, "0", "one second or more"));
            }
        }
        if let Some(value) = set("ANYFN_TRUST_PROXY") {
            settings.proxies = parse("ANYFN_TRUST_PROXY", &value, Proxies::WANTED)?;
        }
        settings.region = set("FLY_REGION");
        // Set by `cargo run`: no platform ticks there.
        settings.clock = set("CARGO_MANIFEST_DIR").is_some();
        if let Some(value) = set("ANYFN_CLOCK") {
            let wanted = "1 to tick the program's schedules here, or 0";
            settings.clock = parse::<u8>("ANYFN_CLOCK", &value, wanted)
                .and_then(|clock| if clock < 2 { Ok(clock == 1) } else { Err(unfit("ANYFN_CLOCK", &value, wanted)) })?;
        }
        if let Some(value) = set("ANYFN_EVENT_SENDERS") {
            settings.events_from_anyone = match value.trim() {
                "token" => false,
                "anyone" => true,
                _ => {
                    return Err(unfit(
                        "ANYFN_EVENT_SENDERS",
                        &value,
                        "`token`, or `anyone` where only the cluster reaches it",
                    ));
                }
            };
        }
        Ok(settings)
    }
}

fn parse<T: std::str::FromStr>(name: &str, value: &str, wanted: &str) -> Result<T, BoxError> {
    value.trim().parse().map_err(|_| unfit(name, value, wanted))
}

fn unfit(name: &str, value: &str, wanted: &str) -> BoxError {
    format!("{name} is `{value}`: set it to {wanted}").into()
}
