//! A raw HTTP/1.1 client: it sends exactly the bytes of a [`Request`], and tells exactly what came back and when.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::{Payload, Request};

/// How long a silent connection is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to wait for bytes that must not come.
const LEFTOVERS: Duration = Duration::from_millis(50);

/// What came back on the wire.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers in order, names as they were sent.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, with its transfer encoding taken off.
    pub body: Vec<u8>,
    /// When each piece of the body came, from the moment the request was sent.
    pub pieces: Vec<Duration>,
    /// How the body broke off before its end, if it did.
    pub broken: Option<String>,
    /// When all of it was there.
    pub took: Duration,
}

impl Reply {
    /// The values of a header in order; names are compared without case.
    pub fn header(&self, name: &str) -> Vec<&[u8]> {
        self.headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| &**value).collect()
    }
}

/// Sends one request on a connection of its own and reads the whole answer.
///
/// `host` (the address, where the request has none), `connection: close` and the body's framing are added to the
/// request's own headers; nothing else is.
///
/// ```no_run
/// use anyfn_conformance::{Request, client};
/// let reply = client::send("127.0.0.1:3000".parse()?, &Request::get("/echo"))?;
/// assert_eq!(reply.status, 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Whatever the connection says; `InvalidData` for an answer that is no HTTP/1.1, is cut short before its body, or goes on
/// after its end (a body where there may be none).
pub fn send(address: SocketAddr, request: &Request) -> io::Result<Reply> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let start = Instant::now();
    let head = head(address, request);
    std::thread::scope(|scope| {
        // The other side may answer while it still reads: a large body is written beside the reading.
        let mut write = &stream;
        let writing = scope.spawn(move || write.write_all(&head).and_then(|()| write_body(&mut write, request.body)));
        let read = read_reply(&mut BufReader::new(&stream), request.method, start);
        if read.is_err() {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        let written = writing.join().map_err(|_| io::Error::other("the writing thread panicked"))?;
        // An answer that came early is an answer, whatever became of the request's rest.
        match (read, written) {
            (Err(read), Err(written)) => {
                Err(io::Error::new(read.kind(), format!("{read} (the request was not taken: {written})")))
            }
            (read, _) => read,
        }
    })
}

fn head(address: SocketAddr, request: &Request) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target).into_bytes();
    let mut line = |name: &str, value: &[u8]| {
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    };
    if request.header("host").is_none() {
        line("host", address.to_string().as_bytes());
    }
    for (name, value) in request.headers {
        line(name, value);
    }
    match request.body {
        Payload::None => {}
        Payload::Chunks(_) => line("transfer-encoding", b"chunked"),
        body => line("content-length", body.len().to_string().as_bytes()),
    }
    line("connection", b"close");
    head.extend_from_slice(b"\r\n");
    head
}

fn write_body(to: &mut impl Write, body: Payload) -> io::Result<()> {
    let Payload::Chunks(chunks) = body else { return to.write_all(&body.bytes()) };
    for chunk in chunks {
        write!(to, "{:x}\r\n", chunk.len())?;
        to.write_all(chunk)?;
        to.write_all(b"\r\n")?;
        to.flush()?;
    }
    to.write_all(b"0\r\n\r\n")
}

fn read_reply(from: &mut BufReader<&TcpStream>, method: &str, start: Instant) -> io::Result<Reply> {
    let mut reply = read_head(from)?;
    let empty = method == "HEAD" || matches!(reply.status, 204 | 304);
    let chunked = reply.header("transfer-encoding").iter().any(|value| value.eq_ignore_ascii_case(b"chunked"));
    let length = match reply.header("content-length")[..] {
        [] => None,
        [length] => Some(
            std::str::from_utf8(length)
                .ok()
                .and_then(|text| text.parse::<usize>().ok())
                .ok_or_else(|| invalid(format!("content-length: {:?}", String::from_utf8_lossy(length))))?,
        ),
        _ => return Err(invalid("more than one content-length")),
    };
    let mut pieces = Pieces { start, reply: &mut reply };
    let read = match (empty, chunked, length) {
        (true, ..) => Ok(()),
        (_, true, Some(_)) => return Err(invalid("both content-length and transfer-encoding: chunked")),
        (_, true, None) => pieces.chunked(from),
        (_, false, Some(length)) => pieces.counted(from, length),
        (_, false, None) => pieces.read_to_end_of_body(from),
    };
    reply.took = start.elapsed();
    match read {
        Ok(()) => expect_end(from)?,
        Err(error) if is_cut(&error) => reply.broken = Some(error.to_string()),
        Err(error) => return Err(error),
    }
    Ok(reply)
}

fn read_head(from: &mut impl BufRead) -> io::Result<Reply> {
    loop {
        let line = read_line(from)?;
        let text = String::from_utf8_lossy(&line).into_owned();
        let status = text
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3))
            .and_then(|code| code.parse::<u16>().ok())
            .ok_or_else(|| invalid(format!("the answer begins with {text:?}, which is no HTTP/1.1 status line")))?;
        let mut headers = Vec::new();
        loop {
            let line = read_line(from)?;
            if line.is_empty() {
                break;
            }
            let colon = line.iter().position(|byte| *byte == b':').ok_or_else(|| {
                invalid(format!("a header line without a colon: {:?}", String::from_utf8_lossy(&line)))
            })?;
            let name = String::from_utf8_lossy(&line[..colon]).into_owned();
            headers.push((name, line[colon + 1..].trim_ascii().to_vec()));
        }
        // 100 and 103 announce an answer; they are none.
        if status >= 200 {
            return Ok(Reply { status, headers, ..Reply::default() });
        }
    }
}

fn read_line(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    from.read_until(b'\n', &mut line)?;
    match line.strip_suffix(b"\r\n") {
        Some(line) => Ok(line.to_vec()),
        None if line.is_empty() => Err(cut("the connection was closed before the answer's end")),
        None => Err(invalid(format!("a line that does not end in CRLF: {:?}", String::from_utf8_lossy(&line)))),
    }
}

struct Pieces<'a> {
    start: Instant,
    reply: &'a mut Reply,
}

impl Pieces<'_> {
    fn piece(&mut self, bytes: &[u8]) {
        self.reply.pieces.push(self.start.elapsed());
        self.reply.body.extend_from_slice(bytes);
    }

    fn chunked(&mut self, from: &mut impl BufRead) -> io::Result<()> {
        loop {
            let line = String::from_utf8_lossy(&read_line(from)?).into_owned();
            let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)
                .map_err(|_| invalid(format!("a chunk's size is {line:?}")))?;
            if size == 0 {
                while !read_line(from)?.is_empty() {}
                return Ok(());
            }
            let mut chunk = vec![0; size];
            from.read_exact(&mut chunk)?;
            self.piece(&chunk);
            if !read_line(from)?.is_empty() {
                return Err(invalid("a chunk is longer than its size"));
            }
        }
    }

    fn counted(&mut self, from: &mut impl BufRead, length: usize) -> io::Result<()> {
        while self.reply.body.len() < length {
            let bytes = from.fill_buf()?;
            if bytes.is_empty() {
                return Err(cut(format!("the body ends after {} of {length} bytes", self.reply.body.len())));
            }
            let take = bytes.len().min(length - self.reply.body.len());
            let bytes = bytes[..take].to_vec();
            self.piece(&bytes);
            from.consume(take);
        }
        Ok(())
    }

    fn read_to_end_of_body(&mut self, from: &mut impl BufRead) -> io::Result<()> {
        loop {
            let bytes = from.fill_buf()?.to_vec();
            if bytes.is_empty() {
                return Ok(());
            }
            from.consume(bytes.len());
            self.piece(&bytes);
        }
    }
}

fn expect_end(from: &mut BufReader<&TcpStream>) -> io::Result<()> {
    from.get_ref().set_read_timeout(Some(LEFTOVERS))?;
    let mut more = [0; 64];
    match from.read(&mut more) {
        Ok(n) if n > 0 => {
            Err(invalid(format!("bytes after the answer's end: {:?}", String::from_utf8_lossy(&more[..n]))))
        }
        // The end, a reset, or silence on a connection that was not closed.
        _ => Ok(()),
    }
}

/// Whether the connection ended where more had to come.
fn is_cut(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe)
}

fn cut(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, what.into())
}

/// Sends one request on a connection of its own and goes away after this time, whatever has come by then.
///
/// # Errors
/// Where the request could not be sent.
pub fn leave(address: SocketAddr, request: &Request, after: Duration) -> io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(&head(address, request))?;
    write_body(&mut stream, request.body)?;
    std::thread::sleep(after);
    stream.shutdown(std::net::Shutdown::Both)
}

fn invalid(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}
