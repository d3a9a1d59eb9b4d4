//! What is too large.

use tokio::io::AsyncWriteExt;

use crate::common::{Answer, On, Running, mirror, ok, start, start_with};

async fn small(max_headers: usize) -> Running {
    start_with(On(mirror), |settings| (settings.max_body, settings.max_headers) = (1000, max_headers)).await
}

#[tokio::test]
async fn a_body_of_just_the_limit_passes() {
    let server = small(4096).await;
    let answer =
        server.ask(format!("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1000\r\n\r\n{}", "x".repeat(1000))).await;
    assert_eq!(answer.json()["length"], 1000);
}

#[tokio::test]
async fn a_body_declared_too_large_is_refused_unread_and_the_connection_ends() {
    let server = small(4096).await;
    let mut client = server.connect().await;
    client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 5000000\r\n\r\n").await;
    client.answer().await.assert_problem(413, true);
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_sends_its_whole_body_first() {
    let server = small(4096).await;
    let mut client = server.connect().await;
    client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 5000000\r\n\r\n").await;
    // More than the kernel holds, so that it has to be taken from it.
    client.send(vec![b'x'; 5_000_000]).await;
    client.answer().await.assert_problem(413, true);
    client.stream.shutdown().await.unwrap();
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_chunked_body_that_grows_too_large_is_refused_while_it_is_read() {
    let server = small(4096).await;
    let mut client = server.connect().await;
    client.send("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n").await;
    for _ in 0..3 {
        client.send(format!("190\r\n{}\r\n", "x".repeat(400))).await;
    }
    client.answer().await.assert_problem(413, true);
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_head_too_large_is_refused_in_words() {
    let server = small(4096).await;
    for request in [
        format!("GET / HTTP/1.1\r\nhost: h\r\nx-large: {}\r\n\r\n", "x".repeat(4096)),
        format!("GET /{} HTTP/1.1\r\nhost: h\r\n\r\n", "x".repeat(4096)),
        format!(
            "GET / HTTP/1.1\r\nhost: h\r\n{}\r\n",
            "x: 0123456789012345678901234567890123456789012345678901234567\r\n".repeat(70)
        ),
    ] {
        server.ask(request).await.assert_problem(431, false);
    }
    let fits = format!("GET / HTTP/1.1\r\nhost: h\r\nx-large: {}\r\n\r\n", "x".repeat(4000));
    assert_eq!(server.ask(fits).await.status, 200);
}

#[tokio::test]
async fn a_head_without_end_is_refused_and_the_connection_ends() {
    let server = small(4096).await;
    let mut client = server.connect().await;
    client.send(format!("GET / HTTP/1.1\r\nhost: h\r\nx-large: {}", "x".repeat(10_000))).await;
    assert_closed(&client.answer().await, 431);
    let mut client = server.connect().await;
    client.send(format!("GET / HTTP/1.1\r\nhost: h\r\n{}\r\n", "x: y\r\n".repeat(101))).await;
    assert_closed(&client.answer().await, 431);
}

fn assert_closed(answer: &Answer, status: u16) {
    assert_eq!((answer.status, answer.header("connection")), (status, Some("close")));
}

#[tokio::test]
async fn a_hundred_headers_and_sixty_thousand_bytes_pass_by_default() {
    let server = start(On(mirror)).await;
    let headers: String = (0..99).map(|n| format!("x-{n}: {}\r\n", "v".repeat(600))).collect();
    let answer = server.ask(format!("GET / HTTP/1.1\r\nhost: h\r\n{headers}\r\n")).await;
    assert_eq!(answer.json()["headers"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn a_small_body_that_no_handler_reads_does_not_end_the_connection() {
    let server = start(On(async |_, _| ok("seen"))).await;
    let mut client = server.connect().await;
    for framing in ["content-length: 5\r\n\r\nhello", "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"] {
        let (head, body) = framing.split_at(framing.find("\r\n\r\n").unwrap() + 4);
        client.send(format!("POST / HTTP/1.1\r\nhost: h\r\n{head}")).await;
        client.stream.flush().await.unwrap();
        client.send(body).await;
        let answer = client.answer().await;
        assert_eq!((answer.text(), answer.header("connection")), ("seen", None), "{framing:?}");
    }
}
