//! Over real sockets, byte for byte.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{Answer, Framing, Headers, Outgoing, channel, head, send, serve};

/// Sends `request` as it stands to a server that tells what it saw, and gives all that comes back until it closes.
async fn exchange(request: &[u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = serve(listener, |mut request| async move {
        let body = request.body.collect(1 << 20).await.unwrap().unwrap();
        let mut seen = format!("{} ", request.method).into_bytes();
        seen.extend_from_slice(&request.target);
        for (name, value) in request.headers.iter() {
            seen.extend_from_slice(format!(" {name}=").as_bytes());
            seen.extend_from_slice(value);
        }
        seen.push(b'|');
        seen.extend_from_slice(&body);
        Answer::new(200, Headers::new().with("X-Letters", "Kept").with("x-letters", "twice"), seen)
    });
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    server.abort();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn target_headers_and_method_arrive_byte_for_byte() {
    let answer = exchange(
        "PROPFIND //a/../%zz/<ü>?\"q\"&&=+ HTTP/1.1\r\nX-B: 1\r\nx-a:\r\nX-B:  ü \r\nConnection: close\r\n\r\n"
            .as_bytes(),
    )
    .await;
    assert_eq!(
        answer,
        "HTTP/1.1 200 OK\r\nX-Letters: Kept\r\nx-letters: twice\r\ncontent-length: 68\r\nconnection: close\r\n\r\n\
         PROPFIND //a/../%zz/<ü>?\"q\"&&=+ X-B=1 x-a= X-B=ü Connection=close|"
    );
}

#[tokio::test]
async fn bodies_come_by_length_and_in_chunks_on_one_connection() {
    let answer = exchange(
        b"POST /1 HTTP/1.1\r\ncontent-length: 3\r\n\r\nabcPOST /2 HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n\
          2;x=y\r\nde\r\n3\r\nfgh\r\n0\r\nx-trailer: t\r\n\r\nGET /3 HTTP/1.0\r\n\r\n",
    )
    .await;
    let bodies: Vec<_> = answer.split("HTTP/1.1 ").filter_map(|one| one.split("\r\n\r\n").nth(1)).collect();
    assert_eq!(bodies, ["POST /1 content-length=3|abc", "POST /2 transfer-encoding=chunked|defgh", "GET /3|"]);
}

#[tokio::test]
async fn a_malformed_request_is_answered_400_and_closes() {
    for request in [
        "GET  / HTTP/1.1\r\n\r\n",
        "GET / HTTP/2\r\n\r\n",
        "GET / HTTP/1.1\r\na b: c\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: +1\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
    ] {
        assert!(exchange(request.as_bytes()).await.starts_with("HTTP/1.1 400 "), "{request}");
    }
}

#[tokio::test]
async fn head_keeps_the_length_that_get_would_have_and_sends_no_body() {
    let answer = exchange(b"HEAD / HTTP/1.1\r\nconnection: close\r\n\r\n").await;
    assert!(answer.contains("content-length: 24\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn an_answer_streams_with_its_trailers_and_a_failing_one_breaks_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = serve(listener, |request| async move {
        let (sender, body) = channel();
        sender.data("one".into());
        if request.target == b"/good" {
            sender.end(Headers::new());
        } else {
            sender.fail(io::Error::other("boom"));
        }
        Answer { status: 200, reason: None, headers: Headers::new(), body: Outgoing::Stream { length: None, body } }
    });
    let mut good = send(addr, "GET", b"/good", &Headers::new(), Outgoing::None).await.unwrap();
    assert_eq!((good.status, good.framing), (200, Framing::Chunked));
    assert_eq!(good.body.collect(10).await.unwrap().unwrap(), "one");
    assert!(good.body.trailers().is_some());
    let mut bad = send(addr, "GET", b"/bad", &Headers::new(), Outgoing::None).await.unwrap();
    bad.body.collect(10).await.unwrap_err();
    server.abort();
}

#[test]
fn a_status_line_may_lack_its_reason() {
    let head = head::status(b"HTTP/1.1 299\r\nA: b\r\n\r\n").unwrap();
    assert_eq!((head.status, head.reason.as_str(), head.headers.get("a")), (299, "", Some(&b"b"[..])));
    head::status(b"HTTP/1.1 1000 X\r\n\r\n").unwrap_err();
    head::status(b"SSH-2.0\r\n\r\n").unwrap_err();
}

#[tokio::test]
async fn a_writer_without_an_end_waits_for_its_reader() {
    let (sender, mut body) = channel();
    let now = async |sender: &super::body::Sender| {
        tokio::time::timeout(std::time::Duration::from_millis(20), sender.taken()).await.ok()
    };
    assert_eq!(now(&sender).await, Some(true));
    sender.data("one".into());
    sender.data("two".into());
    body.next().await.unwrap();
    assert_eq!(now(&sender).await, None);
    body.next().await.unwrap();
    assert_eq!(now(&sender).await, Some(true));
    sender.data("three".into());
    drop(body);
    assert_eq!(now(&sender).await, Some(false));
    sender.closed().await;
}
