//! Requests that no handler sees.

use crate::common::{On, mirror, ok, start};

#[tokio::test]
async fn a_request_without_one_valid_host_is_refused_and_the_connection_lives() {
    let server = start(On(mirror)).await;
    for hosts in [
        "",
        "host: a\r\nhost: a\r\n",
        "host: a\r\nhost: b\r\n",
        "host: a b\r\n",
        "host: user@a\r\n",
        "host: a:port\r\n",
        "host: a:99999\r\n",
        "host: \r\n",
        "host: a/b\r\n",
        "host: :80\r\n",
    ] {
        let mut client = server.connect().await;
        client.send(format!("GET / HTTP/1.1\r\n{hosts}\r\n")).await;
        client.answer().await.assert_problem(400, false);
        client.send("GET / HTTP/1.1\r\nhost: [::1]:80\r\n\r\n").await;
        assert_eq!(client.answer().await.json()["url"], "http://[::1]:80/", "after {hosts:?}");
    }
}

#[tokio::test]
async fn a_refusal_of_head_has_no_body() {
    let server = start(On(mirror)).await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send("HEAD / HTTP/1.1\r\n\r\n").await;
        assert!(client.until("\r\n\r\n").await.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    }
}

#[tokio::test]
async fn connect_is_refused() {
    let server = start(On(mirror)).await;
    server.ask("CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n").await.assert_problem(501, false);
}

#[tokio::test]
async fn an_absolute_target_of_another_scheme_is_refused() {
    let server = start(On(mirror)).await;
    server.ask("GET ftp://h/x HTTP/1.1\r\nhost: h\r\n\r\n").await.assert_problem(400, false);
}

#[tokio::test]
async fn framing_that_smuggles_is_refused_and_the_connection_ends() {
    let server = start(On(mirror)).await;
    for framing in [
        "content-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        "content-length: +3\r\n\r\nabc",
        "content-length: 3, 4\r\n\r\nabc",
        "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        " transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "x: a\0b\r\n\r\n",
    ] {
        let mut client = server.connect().await;
        client.send(format!("POST / HTTP/1.1\r\nhost: h\r\n{framing}GET /smuggled HTTP/1.1\r\nhost: h\r\n\r\n")).await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.header("connection")), (400, Some("close")), "{framing:?}");
        assert_eq!(client.rest().await, "", "{framing:?}");
    }
}

#[tokio::test]
async fn a_length_beside_chunks_is_not_believed_and_the_connection_ends() {
    let server = start(On(mirror)).await;
    let mut client = server.connect().await;
    let request =
        "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 40\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
    client.send(format!("{request}GET /smuggled HTTP/1.1\r\nhost: h\r\n\r\n")).await;
    let answer = client.answer().await;
    assert_eq!((&answer.json()["length"], answer.header("connection")), (&2.into(), Some("close")));
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let server = start(On(async |_, _| ok(""))).await;
    for bytes in [
        "\x16\x03\x01\x02\x00\x01\x00",
        "GET / HTTP/9.9\r\n\r\n",
        "G@T / HTTP/1.1\r\nhost: h\r\n\r\n",
        "GET <x> HTTP/1.1\r\nhost: h\r\n\r\n",
    ] {
        let mut client = server.connect().await;
        client.send(bytes).await;
        assert!(client.rest().await.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{bytes:?}");
    }
}
