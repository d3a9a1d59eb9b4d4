//! The queues' API, in this process.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

/// A message, as one part of several.
const LARGE: &str = "--two\r\nContent-Type: text/plain\r\nVqs-Receipt-Handle: r/1\r\n\r\nlarge\r\n--one\r\n--two--\r\n";

/// What was asked, a line for each call, and what is answered: the next status, or 204, or the message that was asked for.
#[derive(Clone, Default)]
pub(super) struct Api {
    calls: Arc<Mutex<Vec<String>>>,
    next: Arc<Mutex<Vec<u16>>>,
}

impl Api {
    /// Starts it, and says where it is.
    pub(super) async fn start() -> (Self, String) {
        let api = Self::default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let served = api.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(served.clone().serve(BufReader::new(stream)));
            }
        });
        (api, base)
    }

    /// Answers the next calls with these statuses.
    pub(super) fn answers(&self, statuses: &[u16]) {
        *self.next.lock().unwrap() = statuses.to_vec();
    }

    /// The calls so far.
    pub(super) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    async fn serve(self, mut stream: BufReader<tokio::net::TcpStream>) {
        loop {
            let (mut head, mut length, mut token) = (String::new(), 0, String::new());
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                    return;
                }
                let line = line.trim_end();
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().unwrap();
                } else if let Some(value) = line.strip_prefix("authorization: ") {
                    value.clone_into(&mut token);
                } else if line.is_empty() {
                    break;
                } else if head.is_empty() {
                    line.trim_end_matches(" HTTP/1.1").clone_into(&mut head);
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.unwrap();
            let call = format!("{head} {token} {}", String::from_utf8(body).unwrap());
            self.calls.lock().unwrap().push(call.trim_end().to_owned());
            let status = {
                let mut next = self.next.lock().unwrap();
                match next.is_empty() {
                    false => next.remove(0),
                    true if head.starts_with("POST ") => 200,
                    true => 204,
                }
            };
            if status == 200 && head.starts_with("POST ") {
                let kind = "multipart/mixed; boundary=\"two\"";
                let length = LARGE.len();
                let answer =
                    format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{LARGE}");
                stream.write_all(answer.as_bytes()).await.unwrap();
                continue;
            }
            let answer = format!("HTTP/1.1 {status} Answer\r\ncontent-length: 0\r\n\r\n");
            let answer = if status == 204 { "HTTP/1.1 204 No Content\r\n\r\n".to_owned() } else { answer };
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    }
}
