//! A schedule's tick that fails, as each platform's own runtime tells it: the table's functions are started without the
//! variable that makes it fail.

use anyfn_xtask::build::Target;
use anyfn_xtask::local::events::{Event, Told, names};
use anyfn_xtask::local::{Options, start};

use crate::built::built;

const CRON: &str = "0 3 * * *";

async fn told(target: Target, fails: bool) -> (Told, String) {
    let built = tokio::task::spawn_blocking(move || built(target, "echo")).await.unwrap();
    let options = Options::new().env("ANYFN_EVENT_TOKEN", "swordfish").env("ANYFN_NAMES", names([CRON]));
    let options = if fails { options.env("ECHO_FAIL", "1") } else { options };
    let running = start(target, &built, None, &options).await.unwrap();
    let tick = Event::Schedule { cron: CRON.to_owned(), at: 1_795_402_800 };
    let told = running.receiver(target, "swordfish").send(&tick).await.unwrap();
    running.stop().await;
    (told, running.logs().join("\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_that_fails_fails_on_every_platform() {
    for target in Target::ALL {
        let (done, logs) = told(target, false).await;
        assert_eq!(done, Told::Again(vec![]), "{target:?}: {logs}");
        let (failed, logs) = told(target, true).await;
        let whole = matches!(&failed, Told::Failed(_)) || failed == Told::Again(vec![0]);
        assert!(whole, "{target:?}: {failed:?}: {logs}");
        assert!(logs.contains("schedule event failed: ") && logs.contains("ECHO_FAIL is 1"), "{target:?}: {logs}");
    }
}
