//! The program's state: made once, whoever comes first, and however that ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyfn_core::{App, Error, State, test};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all, pending};

/// What the first attempt to make the state does.
type First = fn() -> BoxFuture<'static, Result<(), Error>>;

/// A program that answers with the number of the attempt that made its state, and how often it was tried.
fn program(first: First) -> (Arc<App>, Arc<AtomicUsize>) {
    async fn made(State(attempt): State<usize>) -> String {
        attempt.to_string()
    }
    let tried = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&tried);
    let connect = move |_| {
        let attempt = counter.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            if attempt == 1 {
                first().await?;
            }
            Ok::<_, Error>(attempt)
        }
    };
    (Arc::new(App::builder().state(connect).http(made).build()), tried)
}

/// The answers of five events that come at the same time, each in a task of its own: who waits must be woken.
async fn five(app: &Arc<App>) -> Vec<(u16, String)> {
    let events = (0..5).map(|_| {
        let app = Arc::clone(app);
        tokio::spawn(async move { test::get("/").send_to(&*app).await })
    });
    let answers = tokio::time::timeout(Duration::from_secs(10), join_all(events)).await.expect("all are answered");
    let answers = answers.into_iter().map(|answer| answer.expect("an event's panic is its answer"));
    answers.map(|answer| (answer.status(), answer.text().to_owned())).collect()
}

fn is(status: u16, text: &str) -> impl Fn(&(u16, String)) -> bool {
    move |answer| *answer == (status, text.to_owned())
}

#[tokio::test]
async fn it_is_made_once_for_all_that_come_first_together() {
    let (app, tried) = program(|| {
        Box::pin(async {
            tokio::task::yield_now().await;
            Ok(())
        })
    });
    assert!(five(&app).await.iter().all(is(200, "1")));
    assert!(five(&app).await.iter().all(is(200, "1")));
    assert_eq!(tried.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_failure_is_one_events_alone_and_the_next_makes_it() {
    let (app, tried) = program(|| {
        Box::pin(async {
            tokio::task::yield_now().await;
            Err(Error::internal("no database"))
        })
    });
    let answers = five(&app).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 500).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| is(200, "2")(answer)).count(), 4, "{answers:?}");
    assert_eq!(tried.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_panic_is_one_events_alone_and_the_next_makes_it() {
    let (app, tried) = program(|| {
        Box::pin(async {
            tokio::task::yield_now().await;
            panic!("no database")
        })
    });
    let answers = five(&app).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 500).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| is(200, "2")(answer)).count(), 4, "{answers:?}");
    assert_eq!(tried.load(Ordering::SeqCst), 2);
}

/// A client that goes away, or a deadline, drops the event in the middle of it.
#[tokio::test]
async fn an_event_that_is_dropped_while_it_makes_the_state_leaves_that_to_one_that_waits() {
    let (app, tried) = program(|| Box::pin(pending()));
    let mut first = Box::pin(test::get("/").send_to(&*app));
    let mut second = Box::pin(test::get("/").send_to(&*app));
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    assert_eq!(tried.load(Ordering::SeqCst), 1);
    drop(first);
    let answer = (&mut second).now_or_never().expect("the second makes it");
    assert_eq!((answer.status(), answer.text()), (200, "2"));
}
