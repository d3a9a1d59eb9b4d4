//! A client that asks the same again and again, on several connections at once.

use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::feed::{body, head};

/// What stands in a request where its number is to be written.
const NUMBER: &str = "000000000000";

/// A request in the bytes in which it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    bytes: Vec<u8>,
    /// Where its number stands, if it has one.
    number: Option<usize>,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str, headers: &[(String, String)], posted: &[u8]) -> Self {
        let mut head = format!("{method} {target} HTTP/1.1\r\n");
        headers.iter().for_each(|(name, value)| head.extend([name, ": ", value, "\r\n"]));
        if !posted.is_empty() {
            head += &format!("content-length: {}\r\n", posted.len());
        }
        Self { bytes: [head.as_bytes(), b"\r\n", posted].concat(), number: None }
    }

    /// The same with a header that counts: each request has a number of its own.
    pub(crate) fn numbered(mut self, name: &str) -> Self {
        let first = self.bytes.windows(2).position(|two| two == b"\r\n").map_or(0, |at| at + 2);
        let header = format!("{name}: 1{NUMBER}\r\n");
        self.bytes.splice(first..first, header.bytes());
        self.number = Some(first + name.len() + 3);
        self
    }

    fn send(&mut self, number: usize, to: &mut TcpStream) -> Result<()> {
        if let Some(at) = self.number {
            let width = NUMBER.len();
            self.bytes[at..at + width].copy_from_slice(format!("{number:0width$}").as_bytes());
        }
        Ok(to.write_all(&self.bytes)?)
    }
}

/// How it went.
#[derive(Debug)]
pub(crate) struct Load {
    /// How long all of it took.
    pub(crate) elapsed: Duration,
    /// How long each answer took, from the shortest to the longest.
    pub(crate) latencies: Vec<Duration>,
}

impl Load {
    pub(crate) fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// In how many ms this share of the answers were there.
    pub(crate) fn within(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let at = (last as f64 * share).round() as usize;
        self.latencies.get(at).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1000.0)
    }
}

/// Asks `each` times on each of so many connections. Every answer must be a 200, and the first ones have `sign` in them.
///
/// # Errors
/// When an answer is not what it should be.
pub(crate) fn load(addr: SocketAddr, request: &Request, connections: usize, each: usize, sign: &str) -> Result<Load> {
    let begin = Instant::now();
    let connection = |at: usize| -> Result<Vec<Duration>> {
        let mut request = request.clone();
        let mut to = TcpStream::connect(addr).with_context(|| format!("cannot connect to {addr}"))?;
        to.set_nodelay(true)?;
        // What never answers must not be waited for.
        to.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut from = BufReader::with_capacity(1 << 17, to.try_clone()?);
        let one = |number| {
            let begin = Instant::now();
            request.send(at * each + number, &mut to)?;
            let head = head(&mut from)?.context("the connection was closed, or nothing came for a minute")?;
            let answer = body(&head, &mut from)?;
            let latency = begin.elapsed();
            let status = head.first().map_or("", String::as_str);
            ensure!(status.contains(" 200"), "{status}: {:.300}", String::from_utf8_lossy(&answer));
            let right = number > 0 || String::from_utf8_lossy(&answer).contains(sign);
            ensure!(right, "no `{sign}` in {:.300}", String::from_utf8_lossy(&answer));
            Ok(latency)
        };
        (0..each).map(one).collect()
    };
    let mut latencies = Vec::with_capacity(connections * each);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections).map(|at| scope.spawn(move || connection(at))).collect();
        for thread in threads {
            latencies.extend(thread.join().ok().context("a connection's thread panicked")??);
        }
        anyhow::Ok(())
    })?;
    let elapsed = begin.elapsed();
    latencies.sort();
    Ok(Load { elapsed, latencies })
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write as _};
    use std::net::TcpListener;
    use std::time::Duration;

    use super::{Load, Request, load};
    use crate::bench::feed::{body, head};

    #[test]
    fn a_request_carries_its_length_and_its_number() {
        let mut request = Request::new("POST", "/echo", &[("host".into(), "x".into())], b"abc").numbered("x-id");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut to = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        request.send(42, &mut to).unwrap();
        let text = String::from_utf8(request.bytes).unwrap();
        assert_eq!(text, "POST /echo HTTP/1.1\r\nx-id: 1000000000042\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc");
    }

    #[test]
    fn every_answer_is_read_and_a_wrong_one_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let mut to = socket.unwrap();
                let mut from = BufReader::new(to.try_clone().unwrap());
                std::thread::spawn(move || {
                    while let Some(lines) = head(&mut from).unwrap() {
                        let status = if lines[0].contains("/wrong") { "500 No" } else { "200 OK" };
                        let sent = body(&lines, &mut from).unwrap();
                        write!(to, "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", sent.len()).unwrap();
                        to.write_all(&sent).unwrap();
                    }
                });
            }
        });
        let post = |target| Request::new("POST", target, &[], b"abc");
        assert_eq!(load(addr, &post("/"), 2, 3, "abc").unwrap().latencies.len(), 6);
        assert!(load(addr, &post("/"), 1, 1, "xyz").is_err());
        assert!(load(addr, &post("/wrong"), 1, 1, "abc").unwrap_err().to_string().contains("500 No"));
    }

    #[test]
    fn shares_are_of_the_sorted_answers() {
        let latencies = (1..=101).map(Duration::from_millis).collect();
        let load = Load { elapsed: Duration::from_secs(2), latencies };
        assert_eq!([load.within(0.5), load.within(0.99), load.within(1.0)], [51.0, 100.0, 101.0]);
        assert!((load.per_second() - 50.5).abs() < 1e-9);
    }
}
