//! Whether a request comes from this machine's own programs, and not from a page that somebody visits: such a page may post to
//! any port of this machine, and with a name of its own that means 127.0.0.1 it may also read what comes back.

use super::http1::Headers;

/// Refuses what another site's page sends: by a name that was made to mean this machine, or across origins.
pub(crate) fn own(headers: &Headers, port: u16) -> Result<(), &'static str> {
    let mut hosts = vec![format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    if port == 80 {
        hosts.extend(["127.0.0.1".to_owned(), "localhost".to_owned()]);
    }
    let mut named = headers.all("host");
    let known = |host: &[u8]| hosts.iter().any(|known| host.eq_ignore_ascii_case(known.as_bytes()));
    if !named.next().is_some_and(known) || named.next().is_some() {
        return Err("this is for 127.0.0.1 and localhost, with the port, alone");
    }
    let own = |origin: &[u8]| hosts.iter().any(|host| origin.eq_ignore_ascii_case(format!("http://{host}").as_bytes()));
    if !headers.all("origin").all(own) {
        return Err("another site's page may not ask this");
    }
    let site = |value: &[u8]| value == b"same-origin" || value == b"none";
    if !headers.all("sec-fetch-site").all(site) {
        return Err("another site's page may not ask this");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::own;
    use crate::local::http1::Headers;

    #[test]
    fn other_sites_are_refused() {
        let host = |host: &str| Headers::new().with("host", host);
        let here = || host("127.0.0.1:3000");
        for headers in [
            here(),
            host("LOCALHOST:3000"),
            here().with("origin", "http://127.0.0.1:3000").with("sec-fetch-site", "same-origin"),
            here().with("sec-fetch-site", "none"),
        ] {
            assert!(own(&headers, 3000).is_ok(), "{headers:?}");
        }
        for headers in [
            Headers::new(),
            host("evil.example"),
            host("evil.example:3000"),
            host("127.0.0.1"),
            host("127.0.0.1:3001"),
            here().with("host", "127.0.0.1:3000"),
            here().with("origin", "http://evil.example"),
            here().with("origin", "null"),
            here().with("origin", "https://127.0.0.1:3000"),
            here().with("origin", "http://127.0.0.1:3000").with("origin", "http://evil.example"),
            here().with("sec-fetch-site", "cross-site"),
            here().with("sec-fetch-site", "same-site"),
        ] {
            assert!(own(&headers, 3000).is_err(), "{headers:?}");
        }
    }

    /// Browsers leave the port out where it is HTTP's own.
    #[test]
    fn port_80_goes_without_saying() {
        let headers = Headers::new().with("host", "localhost").with("origin", "http://localhost");
        assert!(own(&headers, 80).is_ok() && own(&headers, 3000).is_err());
    }
}
