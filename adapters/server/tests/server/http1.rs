//! HTTP/1 as clients speak it.

use crate::common::{On, mirror, ok, start, within};

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let server = start(On(mirror)).await;
    let mut client = server.connect().await;
    for path in ["/a", "/b?c=d", "/e"] {
        client.send(format!("GET {path} HTTP/1.1\r\nhost: fn.example\r\n\r\n")).await;
        let answer = client.answer().await;
        assert_eq!(answer.json()["url"], format!("http://fn.example{path}"));
        assert_eq!(answer.header("connection"), None);
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = start(On(mirror)).await;
    let mut client = server.connect().await;
    let requests: String =
        (0..20).map(|n| format!("POST /{n} HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\nabc")).collect();
    client.send(requests).await;
    for n in 0..20 {
        let answer = client.answer().await.json();
        assert_eq!((&answer["url"], &answer["length"]), (&format!("http://h/{n}").into(), &3.into()));
    }
}

#[tokio::test]
async fn http_1_0_is_answered_and_the_connection_ends() {
    let server = start(On(mirror)).await;
    let mut client = server.connect().await;
    client.send("GET /old HTTP/1.0\r\n\r\n").await;
    let answer = client.answer().await;
    assert!(answer.head.starts_with("HTTP/1.0 200 OK\r\n"), "{}", answer.head);
    assert_eq!(answer.json()["url"], "http://localhost/old");
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn connection_close_is_obeyed() {
    let server = start(On(mirror)).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await;
    assert_eq!(client.answer().await.header("connection"), Some("close"));
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn head_has_the_length_and_no_body() {
    let server = start(On(async |_, _| ok("12345"))).await;
    let mut client = server.connect().await;
    client.send("HEAD / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.contains("content-length: 5\r\n"), "{head}");
    client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    assert_eq!(client.answer().await.text(), "12345");
}

#[tokio::test]
async fn a_client_that_expects_it_is_told_to_continue_once_the_body_is_wanted() {
    let server = start(On(mirror)).await;
    let mut client = server.connect().await;
    client.send("PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n").await;
    assert_eq!(client.until("\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello").await;
    assert_eq!(client.answer().await.json()["length"], 5);
}

#[tokio::test]
async fn a_client_whose_body_is_not_wanted_is_not_told_to_continue() {
    let server = start(On(async |_, _| ok("no thanks"))).await;
    let mut client = server.connect().await;
    client.send("PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!((answer.text(), answer.header("connection")), ("no thanks", Some("close")));
}

#[tokio::test]
async fn an_upgrade_is_ignored() {
    let server = start(On(mirror)).await;
    let mut client = server.connect().await;
    for upgrade in ["h2c", "websocket"] {
        client
            .send(format!("GET /{upgrade} HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: {upgrade}\r\n\r\n"))
            .await;
        assert_eq!(client.answer().await.json()["url"], format!("http://h/{upgrade}"));
    }
}

#[tokio::test]
async fn options_of_the_whole_server_keep_their_asterisk() {
    let server = start(On(mirror)).await;
    let answer = server.ask("OPTIONS * HTTP/1.1\r\nhost: h\r\n\r\n").await.json();
    assert_eq!((&answer["url"], &answer["raw"]), (&"http://h/".into(), &"*".into()));
}

#[tokio::test]
async fn trace_is_the_handlers() {
    let server = start(On(mirror)).await;
    assert_eq!(server.ask("TRACE / HTTP/1.1\r\nhost: h\r\n\r\n").await.json()["method"], "TRACE");
}

#[tokio::test]
async fn the_host_of_an_absolute_target_wins() {
    let server = start(On(mirror)).await;
    let answer = server.ask("GET http://public.example:8080/x HTTP/1.1\r\nhost: other\r\n\r\n").await.json();
    assert_eq!(answer["url"], "http://public.example:8080/x");
    assert_eq!(answer["headers"], serde_json::json!([["host", "public.example:8080"]]));
}

#[tokio::test]
async fn five_hundred_connections_are_served_at_once() {
    let all = std::sync::Arc::new(tokio::sync::Barrier::new(500));
    let server = start(On(move |_, _| {
        let all = std::sync::Arc::clone(&all);
        async move {
            // Nobody is answered before everybody is in here.
            all.wait().await;
            ok("in")
        }
    }))
    .await;
    let server = std::sync::Arc::new(server);
    let clients: Vec<_> = (0..500)
        .map(|_| {
            let server = std::sync::Arc::clone(&server);
            tokio::spawn(async move { server.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.status })
        })
        .collect();
    for client in clients {
        assert_eq!(within(client).await.unwrap(), 200);
    }
}
