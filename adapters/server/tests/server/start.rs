//! What happens before the first request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyfn_core::{App, Context, Error, State};

use crate::common::{start, within};

#[derive(Clone)]
struct Made(usize);

async fn made(State(Made(n)): State<Made>) -> String {
    n.to_string()
}

fn app(times: &Arc<AtomicUsize>, first: fn() -> Result<(), Error>) -> App {
    let times = Arc::clone(times);
    let connect = move |_: Context| {
        let n = times.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            if n == 1 {
                first()?;
            }
            Ok::<_, Error>(Made(n))
        }
    };
    App::builder().state(connect).http(made).build()
}

#[tokio::test]
async fn the_state_is_made_before_the_first_request() {
    let times = Arc::new(AtomicUsize::new(0));
    let server = start(app(&times, || Ok(()))).await;
    within(async {
        while times.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(server.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.text(), "1");
    assert_eq!(times.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_start_that_fails_is_tried_again_by_the_first_request() {
    for first in [|| Err(Error::internal("no database")), || panic!("no database")] {
        let times = Arc::new(AtomicUsize::new(0));
        let server = start(app(&times, first)).await;
        assert_eq!(server.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.text(), "2");
    }
}
