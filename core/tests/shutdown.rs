//! The program's end: what is called, with what, and what becomes of its failure.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyfn_core::test::{self, Memory, block_on};
use anyfn_core::{App, Context, DynHandler, Error, Handler, State, dispatch_shutdown};

#[derive(Clone, Default)]
struct Ends(Arc<AtomicUsize>);

impl Ends {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

async fn hello() -> &'static str {
    "Hello!"
}

async fn close(State(ends): State<Ends>, cx: Context) -> Result<(), Error> {
    ends.0.fetch_add(1, Ordering::SeqCst);
    cx.log("closed");
    Ok(())
}

fn program(ends: &Ends) -> App {
    let ends = ends.clone();
    let connect = move |_| std::future::ready(Ok::<_, Error>(ends.clone()));
    App::builder().state(connect).http(|State(_): State<Ends>| hello()).on_shutdown(close).build()
}

#[test]
fn a_function_gets_the_state_that_events_had() {
    let (ends, memory) = (Ends::default(), Memory::default());
    let app = program(&ends);
    assert_eq!(block_on(test::get("/").send_to(&app)).status(), 200);
    block_on(dispatch_shutdown(&app, memory.context()));
    assert_eq!((ends.count(), memory.log_lines()), (1, vec!["closed".to_owned()]));
}

#[test]
fn a_state_is_not_made_to_be_put_away() {
    let ends = Ends::default();
    let app = program(&ends);
    assert!(app.has_shutdown());
    block_on(dispatch_shutdown(&app, Memory::default().context()));
    assert_eq!(ends.count(), 0);
}

#[test]
fn a_function_without_a_state_is_always_called() {
    async fn said(cx: Context) {
        cx.log("the end");
    }
    let memory = Memory::default();
    block_on(dispatch_shutdown(&App::builder().http(hello).on_shutdown(said).build(), memory.context()));
    assert_eq!(memory.log_lines(), ["the end"]);
    let app = App::builder().http(hello).on_shutdown(|| async {}).build();
    block_on(dispatch_shutdown(&app, memory.context()));
    assert!(!App::builder().http(hello).build().has_shutdown());
}

#[test]
fn a_boxed_program_ends_and_ticks_as_the_program_does() {
    let (ends, memory) = (Ends::default(), Memory::default());
    let boxed = |app| -> Box<dyn DynHandler> { Box::new(app) };
    let program = boxed(program(&ends));
    block_on(Handler::start(&program, memory.context())).expect("a state");
    assert!(Handler::has_shutdown(&program));
    block_on(dispatch_shutdown(&program, memory.context()));
    assert_eq!(ends.count(), 1);
    let nightly = boxed(App::builder().schedule("nightly", || async {}).build());
    assert_eq!(Handler::schedules(&nightly), ["nightly"]);
    assert!(!Handler::has_shutdown(&nightly));
}

#[test]
fn what_fails_or_panics_is_a_line_in_the_log() {
    async fn fails() -> Result<(), Error> {
        Err(Error::internal("the disk is full"))
    }
    async fn panics() {
        panic!("on purpose");
    }
    let memory = Memory::default();
    block_on(dispatch_shutdown(&App::builder().http(hello).on_shutdown(fails).build(), memory.context()));
    block_on(dispatch_shutdown(&App::builder().http(hello).on_shutdown(panics).build(), memory.context()));
    let lines = memory.log_lines();
    assert!(lines[0].contains("the shutdown failed") && lines[0].contains("the disk is full"), "{lines:?}");
    assert!(lines[1].contains("the shutdown failed") && lines[1].contains("on purpose"), "{lines:?}");
}
