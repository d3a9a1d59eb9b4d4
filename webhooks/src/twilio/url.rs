//! The URLs that a request may have been sent to: what was signed is the one that a person has entered.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, header};

use crate::{Delivery, Refusal};

/// This URL with its port, or the scheme's own one, and without.
pub(super) fn of_text(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else { return Vec::new() };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
    let user = if user.is_empty() { String::new() } else { format!("{user}@") };
    hosts(scheme, host).iter().map(|host| format!("{scheme}://{user}{host}{target}")).collect()
}

/// The URLs that this request may have been sent to: with and without port and credentials, and with path and query as they came
/// and as Twilio writes them.
pub(super) fn of_request(delivery: &Delivery) -> Result<BTreeSet<String>, Refusal> {
    let uri = &delivery.head.uri;
    let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.authority()) else { return Err(Refusal::Missing("host")) };
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let mut targets = BTreeSet::from([target.to_owned()]);
    // With a gateway's stage, and as the gateway had it before anything was escaped for the URI.
    targets.extend(delivery.raw_target.clone());
    let rewritten: Vec<_> =
        targets.iter().flat_map(|target| [as_form(target), without_slash(target)]).flatten().collect();
    targets.extend(rewritten);
    let mut urls = BTreeSet::new();
    for user in users(&delivery.head.headers) {
        for host in hosts(scheme, host.as_str()) {
            urls.extend(targets.iter().map(|target| format!("{scheme}://{user}{host}{target}")));
        }
    }
    Ok(urls)
}

/// The host with its port and without.
fn hosts(scheme: &str, host: &str) -> [String; 2] {
    let name_end = host.rfind(']').unwrap_or(0);
    match host[name_end..].rfind(':') {
        Some(colon) => [host.to_owned(), host[..name_end + colon].to_owned()],
        None => [host.to_owned(), format!("{host}:{}", if scheme == "https" { 443 } else { 80 })],
    }
}

/// Nobody, and whom the credentials of the request name: a URL with `user:password@` is signed with them, and sent without.
fn users(headers: &HeaderMap) -> Vec<String> {
    let mut users = vec![String::new()];
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let given = given.and_then(|given| String::from_utf8(BASE64_STANDARD.decode(given).ok()?).ok());
    if let Some(user) = given {
        users.extend(user.strip_suffix(':').map(|user| format!("{user}@")));
        users.push(format!("{user}@"));
    }
    users
}

/// The query as Twilio writes it when it adds parameters, a space as `+`: some gateways hand it over decoded.
fn as_form(target: &str) -> Option<String> {
    let (path, query) = target.split_once('?')?;
    let pairs = form_urlencoded::parse(query.as_bytes());
    Some(format!("{path}?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()))
}

/// A URL with no path is signed so, and asked for as `/`.
fn without_slash(target: &str) -> Option<String> {
    target.strip_prefix('/').filter(|rest| rest.is_empty() || rest.starts_with('?')).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(uri: &str, change: impl FnOnce(&mut Delivery)) -> BTreeSet<String> {
        let mut delivery = Delivery::new(http::Request::post(uri).body("").unwrap());
        change(&mut delivery);
        of_request(&delivery).unwrap()
    }

    #[test]
    fn a_port_may_be_said_or_not() {
        let said: BTreeSet<_> = ["https://a.example/x?y", "https://a.example:443/x?y"].map(String::from).into();
        assert_eq!(of_text("https://a.example/x?y").into_iter().collect::<BTreeSet<_>>(), said);
        assert!(urls("https://a.example/x?y", |_| ()).is_superset(&said));
        assert_eq!(of_text("http://u@[::1]/"), ["http://u@[::1]/", "http://u@[::1]:80/"]);
        assert_eq!(of_text("http://[::1]:8080?a"), ["http://[::1]:8080?a", "http://[::1]?a"]);
        assert!(of_text("a.example/x").is_empty());
    }

    #[test]
    fn credentials_come_in_a_header() {
        let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text)).parse().unwrap();
        let with = |text: &str| {
            urls("https://a.example/x", |delivery| {
                delivery.head.headers.insert(header::AUTHORIZATION, basic(text));
            })
        };
        assert!(with("user:pass").contains("https://user:pass@a.example/x"));
        assert!(with("user:").contains("https://user@a.example/x"));
        assert!(with("user:pass").contains("https://a.example/x"));
    }

    #[test]
    fn a_stage_and_a_decoded_query_are_what_the_sender_wrote() {
        let urls = urls("https://a.example/sms?m=a%20b%27", |delivery| {
            delivery.raw_target = Some("/prod/sms?m=a%20b%27".to_owned());
        });
        for url in [
            "https://a.example/prod/sms?m=a%20b%27",
            "https://a.example/prod/sms?m=a+b%27",
            "https://a.example/sms?m=a+b%27",
        ] {
            assert!(urls.contains(url), "{url} is not among {urls:?}");
        }
    }

    #[test]
    fn a_url_may_have_no_path() {
        assert!(urls("https://a.example/?a=1", |_| ()).contains("https://a.example?a=1"));
        assert!(urls("https://a.example/", |_| ()).contains("https://a.example"));
        assert!(!urls("https://a.example/x", |_| ()).contains("https://a.examplex"));
    }

    #[test]
    fn without_a_host_there_is_no_url() {
        let delivery = Delivery::new(http::Request::post("/x").body("").unwrap());
        assert_eq!(of_request(&delivery), Err(Refusal::Missing("host")));
    }
}
