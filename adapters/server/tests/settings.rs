//! What the environment may set.

use std::time::Duration;

use anyfn_server::Settings;

fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
    let find = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
    Settings::read(find).map_err(|error| error.to_string())
}

#[test]
fn all_of_it_has_a_default() {
    let (read, default) = (read(&[]).unwrap(), Settings::default());
    assert_eq!(format!("{read:?}"), format!("{default:?}"));
    assert_eq!((read.host.as_str(), read.port), ("127.0.0.1", 3000));
}

#[test]
fn each_variable_sets_its_own() {
    let settings = read(&[
        ("HOST", "[::1]"),
        ("PORT", "8080"),
        ("ANYFN_MAX_BODY", "0"),
        ("ANYFN_MAX_HEADERS", "1024"),
        ("ANYFN_HEAD_SECONDS", "1"),
        ("ANYFN_IDLE_SECONDS", "620"),
        ("ANYFN_STALL_SECONDS", "3"),
        ("ANYFN_REQUEST_SECONDS", "4"),
        ("ANYFN_DRAIN_SECONDS", "0"),
        ("ANYFN_TRUST_PROXY", "2, host"),
        ("FLY_REGION", "ams"),
        ("ANYFN_EVENT_SENDERS", "anyone"),
    ])
    .unwrap();
    assert_eq!((settings.host.as_str(), settings.port), ("::1", 8080));
    assert_eq!((settings.max_body, settings.max_headers), (0, 1024));
    assert_eq!((settings.head, settings.idle), (Duration::from_secs(1), Duration::from_secs(620)));
    assert_eq!((settings.stall, settings.request), (Some(Duration::from_secs(3)), Some(Duration::from_secs(4))));
    assert_eq!((settings.drain, settings.region.as_deref()), (Duration::ZERO, Some("ams")));
    assert_eq!((settings.proxies.count, settings.proxies.host), (2, true));
    assert!(settings.events_from_anyone);
}

#[test]
fn zero_seconds_of_stalling_or_serving_mean_no_limit() {
    let settings = read(&[("ANYFN_STALL_SECONDS", "0"), ("ANYFN_REQUEST_SECONDS", "0")]).unwrap();
    assert_eq!((settings.stall, settings.request), (None, None));
}

#[test]
fn an_empty_variable_is_an_unset_one() {
    let names = ["HOST", "PORT", "ANYFN_MAX_BODY", "ANYFN_IDLE_SECONDS", "ANYFN_TRUST_PROXY", "K_SERVICE"];
    let settings = read(&names.map(|name| (name, ""))).unwrap();
    assert_eq!(format!("{settings:?}"), format!("{:?}", Settings::default()));
}

#[test]
fn a_container_is_reachable_unless_it_is_told_otherwise() {
    for name in ["K_SERVICE", "FLY_APP_NAME", "KUBERNETES_SERVICE_HOST"] {
        assert_eq!(read(&[(name, "x")]).unwrap().host, "0.0.0.0");
        assert_eq!(read(&[(name, "x"), ("HOST", "127.0.0.1")]).unwrap().host, "127.0.0.1");
    }
}

#[test]
fn azures_port_is_taken_where_there_is_no_other() {
    let azure = ("FUNCTIONS_CUSTOMHANDLER_PORT", "4000");
    assert_eq!(read(&[azure]).unwrap().port, 4000);
    assert_eq!(read(&[azure, ("PORT", "5000")]).unwrap().port, 5000);
}

#[test]
fn what_makes_no_sense_is_named_and_an_example_given() {
    for (name, value, wanted) in [
        ("PORT", "65536", "a port from 0 to 65535, such as 3000"),
        ("ANYFN_MAX_BODY", "-1", "a number of bytes, such as 16777216"),
        ("ANYFN_MAX_HEADERS", "100", "a number of bytes from 1024 to 16777216, such as 65536"),
        ("ANYFN_MAX_HEADERS", "64k", "a number of bytes from 1024 to 16777216, such as 65536"),
        ("ANYFN_HEAD_SECONDS", "0", "one second or more"),
        ("ANYFN_IDLE_SECONDS", "1m", "a whole number of seconds, such as 10"),
        ("ANYFN_DRAIN_SECONDS", "99999999999999999999", "a whole number of seconds, such as 10"),
    ] {
        assert_eq!(read(&[(name, value)]).unwrap_err(), format!("{name} is `{value}`: set it to {wanted}"));
    }
    assert!(read(&[("ANYFN_TRUST_PROXY", "true")]).unwrap_err().contains("the number of trusted proxies, such as `1`"));
}
