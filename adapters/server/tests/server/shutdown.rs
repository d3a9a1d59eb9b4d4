//! What the program does at its end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyfn_core::{App, Context, Error, Handler};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::common::{start, within};

type Lines = Arc<Mutex<Vec<&'static str>>>;

/// A program that notes what happens, in its order.
fn noting(lines: &Lines) -> impl Handler {
    let (request, end) = (Arc::clone(lines), Arc::clone(lines));
    let answers = move |cx: Context| {
        let (work, later) = (Arc::clone(&request), cx.clone());
        async move {
            cx.wait_until(async move {
                later.sleep(Duration::from_millis(50)).await;
                work.lock().unwrap().push("work after the answer");
            });
            "answered"
        }
    };
    let ends = move |cx: Context| {
        let end = Arc::clone(&end);
        async move {
            end.lock().unwrap().push("shutdown");
            let left = Arc::clone(&end);
            cx.wait_until(async move { left.lock().unwrap().push("what it left") });
        }
    };
    App::builder().http(answers).on_shutdown(ends).build()
}

#[tokio::test]
async fn it_comes_once_after_all_other_work_and_leaves_work_itself() {
    let lines = Lines::default();
    let mut server = start(noting(&lines)).await;
    assert_eq!(server.ask("GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await.status, 200);
    server.stop();
    server.ended().await;
    assert_eq!(*lines.lock().unwrap(), ["work after the answer", "shutdown", "what it left"]);
}

#[tokio::test]
async fn a_panic_in_it_is_no_news_to_the_server() {
    async fn panics() {
        panic!("on purpose");
    }
    let mut server = start(App::builder().http(async || "answered").on_shutdown(panics).build()).await;
    server.stop();
    server.ended().await;
}

#[tokio::test]
async fn it_comes_too_where_the_server_is_told_to_stop_while_it_starts() {
    struct Starts(Mutex<Option<oneshot::Sender<()>>>);
    impl Handler for Starts {
        async fn call(&self, _: anyfn_core::Event, _: Context) -> Result<anyfn_core::Response, Error> {
            Err(Error::not_found())
        }
        async fn start(&self, _: Context) -> Result<(), Error> {
            std::future::pending().await
        }
        async fn shutdown(&self, _: Context) -> Result<(), Error> {
            self.0.lock().unwrap().take().unwrap().send(()).map_err(|()| Error::internal("nobody waits"))
        }
        fn has_shutdown(&self) -> bool {
            true
        }
    }
    let (ends, ended) = oneshot::channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = anyfn_server::Settings::default();
    let served = anyfn_server::serve(listener, Starts(Mutex::new(Some(ends))), settings, async {});
    within(served).await.unwrap();
    within(ended).await.unwrap();
}
