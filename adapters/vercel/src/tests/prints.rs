//! Whose a printed line is.

use std::io::{PipeWriter, Write as _};
use std::sync::Arc;

use tokio::io::AsyncReadExt as _;
use tokio::net::UnixListener;

use super::Socket;
use crate::InvocationId;
use crate::ipc::{self, Ipc, Writer};
use crate::printed::Printed;

/// A standard output that is none.
struct Output {
    printed: Arc<Printed>,
    pipe: PipeWriter,
    ipc: Ipc,
    writer: Writer,
    listener: UnixListener,
    _socket: Socket,
}

impl Output {
    async fn new() -> Self {
        let socket = Socket::new();
        let listener = UnixListener::bind(&socket.0).unwrap();
        let (ipc, writer) = ipc::connect(&socket.0).await.unwrap();
        let (reader, pipe) = std::io::pipe().unwrap();
        Self { printed: Arc::new(Printed::new(ipc.clone(), reader)), pipe, ipc, writer, listener, _socket: socket }
    }

    /// A poll of an invocation, in which this is printed.
    fn prints(&self, id: Option<&InvocationId>, line: &str) {
        self.printed.during(id, || writeln!(&self.pipe, "{line}").unwrap());
    }

    /// The lines, each with its request.
    async fn lines(self) -> Vec<String> {
        let mut from = self.listener.accept().await.unwrap().0;
        let writing = self.writer.start(1, 1).await.unwrap();
        drop((self.printed, self.ipc));
        writing.finish().await;
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).await.unwrap();
        let messages = bytes.split(|byte| *byte == 0).skip(1).filter(|message| !message.is_empty());
        let messages = messages.map(|message| serde_json::from_slice(message).unwrap());
        messages
            .map(|message: serde_json::Value| {
                format!("{} {}", message["payload"]["context"]["requestId"], super::logs::line(&message))
            })
            .collect()
    }
}

fn id(request: u64) -> InvocationId {
    InvocationId { invocation: "i".to_owned(), request }
}

#[tokio::test]
async fn the_first_line_is_the_only_running_ones_or_nobodys_and_the_next_that_of_whom_was_polled() {
    let output = Output::new().await;
    let (first, second, third) = (id(1), id(2), id(3));
    output.printed.begin(&first);
    output.prints(Some(&first), "alone");
    output.printed.end(&first);
    output.printed.begin(&second);
    output.printed.begin(&third);
    output.prints(Some(&second), "second");
    output.prints(Some(&third), "third");
    output.printed.during(Some(&second), || output.prints(Some(&third), "both at once"));
    output.prints(None, "neither");
    output.printed.end(&second);
    output.prints(Some(&second), "second, after its end");
    output.printed.end(&third);
    assert_eq!(
        output.lines().await,
        ["1 alone", "2 second", "3 third", "0 both at once", "0 neither", "2 second, after its end"]
    );
}

#[tokio::test]
async fn a_program_that_printed_nothing_for_long_has_a_line_of_nobodys_again_and_never_of_anothers() {
    let output = Output::new().await;
    let (first, second) = (id(1), id(2));
    output.printed.begin(&first);
    output.printed.begin(&second);
    output.prints(Some(&second), "the first");
    output.printed.during(Some(&first), || {});
    for quiet in 3..1003 {
        output.printed.begin(&id(quiet));
        output.printed.end(&id(quiet));
    }
    output.prints(Some(&second), "not watched");
    output.printed.during(Some(&first), || {});
    output.prints(None, "work of none");
    output.printed.end(&second);
    output.prints(Some(&second), "work that outlives");
    output.printed.end(&first);
    let lines = output.lines().await;
    assert_eq!(lines, ["0 the first", "0 not watched", "0 work of none", "2 work that outlives"]);
}
