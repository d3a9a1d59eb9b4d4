//! The raw client sends what it is told and sees what really came.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::Duration;

use anyfn_conformance::{Payload, Request, client};

/// Answers one connection with these pieces, 60 ms apart, and gives back what was received.
fn canned(pieces: &'static [&'static [u8]]) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let mut received = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = stream.read(&mut buffer) {
            received.extend_from_slice(&buffer[..n]);
        }
        for (at, piece) in pieces.iter().enumerate() {
            if at > 0 {
                std::thread::sleep(Duration::from_millis(60));
            }
            stream.write_all(piece).unwrap();
        }
        received
    });
    (address, serving)
}

const PLAIN: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

#[test]
fn sends_target_and_headers_byte_for_byte_and_in_order() {
    let (address, serving) = canned(&[PLAIN]);
    let request = Request {
        method: "PURGE",
        target: "/a/../%2f?q=\"<ü>",
        headers: &[("X-b", b"1"), ("host", b"fn.example"), ("x-B", b"caf\xE9"), ("x-empty", b"")],
        body: Payload::Bytes(b"body"),
    };
    client::send(address, &request).unwrap();
    let expected =
        b"PURGE /a/../%2f?q=\"<\xC3\xBC> HTTP/1.1\r\nX-b: 1\r\nhost: fn.example\r\nx-B: caf\xE9\r\nx-empty: \r\n\
        content-length: 4\r\nconnection: close\r\n\r\nbody";
    assert_eq!(serving.join().unwrap().escape_ascii().to_string(), expected.escape_ascii().to_string());
}

#[test]
fn sends_chunks_as_chunks() {
    let (address, serving) = canned(&[PLAIN]);
    let request = Request { body: Payload::Chunks(&[b"one", b"sixteen and more."]), ..Request::get("/") };
    client::send(address, &request).unwrap();
    let received = String::from_utf8(serving.join().unwrap()).unwrap();
    assert!(received.contains("transfer-encoding: chunked\r\n"), "{received}");
    assert!(received.ends_with("\r\n\r\n3\r\none\r\n11\r\nsixteen and more.\r\n0\r\n\r\n"), "{received}");
}

#[test]
fn keeps_repeated_headers_and_the_time_of_each_chunk() {
    let (address, _serving) = canned(&[
        b"HTTP/1.1 200 OK\r\nX-Multi: a\r\nset-cookie: c=1\r\nx-multi: b\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n",
        b"3\r\ntwo\r\n",
        b"5\r\nthree\r\n0\r\n\r\n",
    ]);
    let reply = client::send(address, &Request::get("/")).unwrap();
    assert_eq!(reply.header("x-multi"), [b"a", b"b"]);
    assert_eq!(reply.headers[1], ("set-cookie".to_owned(), b"c=1".to_vec()));
    assert_eq!(reply.body, b"onetwothree");
    assert_eq!(reply.pieces.len(), 3);
    assert!(reply.pieces[2] - reply.pieces[0] >= Duration::from_millis(100), "{:?}", reply.pieces);
}

#[test]
fn skips_an_interim_answer() {
    let (address, _serving) = canned(&[b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"]);
    assert_eq!(client::send(address, &Request::get("/")).unwrap().status, 204);
}

fn error_of(request: &Request, pieces: &'static [&'static [u8]]) -> String {
    let (address, _serving) = canned(pieces);
    client::send(address, request).unwrap_err().to_string()
}

#[test]
fn a_body_where_there_may_be_none_is_an_error() {
    let head = Request { method: "HEAD", ..Request::get("/") };
    assert!(error_of(&head, &[PLAIN]).contains("after the answer's end: \"hi\""));
    let no_content: &[&[u8]] = &[b"HTTP/1.1 204 No Content\r\n\r\nhi"];
    assert!(error_of(&Request::get("/"), no_content).contains("after the answer's end"));
}

#[test]
fn an_answer_that_is_cut_short_says_where() {
    let cut = |pieces| {
        let (address, _serving) = canned(pieces);
        let reply = client::send(address, &Request::get("/")).unwrap();
        assert_eq!(reply.body, b"hi");
        reply.broken.unwrap()
    };
    assert!(cut(&[b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi"]).contains("after 2 of 9 bytes"));
    let no_last_chunk: &[&[u8]] = &[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n"];
    assert!(cut(no_last_chunk).contains("closed before the answer's end"));
    let no_body: &[&[u8]] = &[b"HTTP/1.1 200 OK\r\ncontent-le"];
    assert!(error_of(&Request::get("/"), no_body).contains("does not end in CRLF"));
}

#[test]
fn who_leaves_has_sent_the_whole_request() {
    let (address, serving) = canned(&[]);
    let request = Request { method: "POST", body: Payload::Bytes(b"body"), ..Request::get("/left") };
    client::leave(address, &request, Duration::from_millis(20)).unwrap();
    let sent = String::from_utf8(serving.join().unwrap()).unwrap();
    assert!(sent.starts_with("POST /left HTTP/1.1\r\n") && sent.ends_with("\r\n\r\nbody"), "{sent}");
}

#[test]
fn two_lengths_are_an_error() {
    let both: &[&[u8]] = &[b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"];
    assert!(error_of(&Request::get("/"), both).contains("both content-length and transfer-encoding"));
    let twice: &[&[u8]] = &[b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nhi"];
    assert!(error_of(&Request::get("/"), twice).contains("more than one content-length"));
}
