//! How `dev` ends, and what it ends: a start that hangs, what is under way, and itself when nobody reads it.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyfn_xtask::new::Start;

use super::SOURCE;
use super::served::{self, Dev, processes_in};
use crate::new::{around, project};

/// A program that is busy with something else before it serves.
const HANGS: &str = r#"async fn home() -> &'static str {
    "home"
}

anyfn::app! {
    http("/") => {
        std::thread::sleep(std::time::Duration::from_secs(300));
        home
    },
}
"#;

#[test]
fn a_start_that_hangs_is_told_of_and_ends_with_the_next_change() {
    let around = around("dev-hangs");
    let folder = project(&around, "dev-hangs", Start::Http);
    let source = folder.join("src/main.rs");
    std::fs::write(&source, HANGS).unwrap();
    let dev = Dev::start(&folder, &[]);
    dev.until_said("Starting dev-hangs does not serve yet, 3 s after its start");
    assert!(!processes_in(&folder).is_empty());
    let begin = Instant::now();
    std::fs::write(&source, HANGS.replace("from_secs(300)", "from_millis(3)")).unwrap();
    dev.until_said("it had not started, and its sources have changed");
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    assert_eq!(dev.get("/"), (200, "home".to_owned()));
    assert!(!dev.said().contains("does not start"), "{}", dev.said());

    // And one that hangs does not hold up the end.
    std::fs::write(&source, HANGS).unwrap();
    dev.until("a second hang", |dev| dev.said().matches("does not serve yet").count() > 1);
    let begin = Instant::now();
    assert_eq!(dev.stop("INT").code(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(6), "{:?}", begin.elapsed());
    assert_eq!(processes_in(&folder), Vec::<String>::new());
}

#[test]
fn a_start_that_hangs_is_told_of_by_run_and_ends_with_it() {
    let around = around("run-hangs");
    let folder = project(&around, "run-hangs", Start::Http);
    std::fs::write(folder.join("src/main.rs"), HANGS).unwrap();
    let mut command = served::xtask(&folder, &["run", "--target", "server", "--port", "0"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(errors.any(|line| line.contains("does not serve yet, 3 s after its start; Ctrl-C ends it")));
    let begin = Instant::now();
    assert!(Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status().unwrap().success());
    child.wait().unwrap();
    while !processes_in(&folder).is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", processes_in(&folder));
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_is_under_way_gets_five_seconds_whichever_process_has_it() {
    let around = around("dev-grace");
    let folder = project(&around, "dev-grace", Start::Http);
    std::fs::write(folder.join("src/main.rs"), SOURCE).unwrap();
    let dev = Dev::start(&folder, &[]);
    let addr = dev.addr;
    // Its answer comes never: the connection ends without one.
    let ask = |target: &'static str| thread::spawn(move || served::request(addr, "GET", target, &[], ""));
    ask("/?wait=100");
    dev.until_running("GET /?wait=100");
    std::fs::write(folder.join("src/main.rs"), SOURCE.replace("\"one\"", "\"two\"")).unwrap();
    dev.until_stage("building");
    ask("/?wait=101");
    dev.until_running("GET /?wait=101");
    let begin = Instant::now();
    assert_eq!(dev.stop("INT").code(), Some(0));
    let took = begin.elapsed();
    assert!(took > Duration::from_secs(4) && took < Duration::from_secs(8), "{took:?}");
    assert_eq!(processes_in(&folder), Vec::<String>::new());
}

#[test]
fn it_ends_when_its_reader_is_gone_and_leaves_nothing_behind() {
    let around = around("dev-unread");
    let folder = project(&around, "dev-unread", Start::Http);
    std::fs::write(folder.join("src/main.rs"), SOURCE).unwrap();
    for (arguments, ready) in [
        (&["dev", "--port", "0", "--json"][..], "Ready dev-unread"),
        (&["dev", "--port", "0"], "Ready dev-unread"),
        (&["run", "--port", "0", "--target", "server"], "Serving dev-unread"),
    ] {
        let mut command = served::xtask(&folder, arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        assert!(errors.any(|line| line.contains(ready)), "{arguments:?}");
        assert!(!processes_in(&folder).is_empty());
        // Nothing is written meanwhile: it is the reader's end that counts.
        drop(child.stdout.take());
        let begin = Instant::now();
        let said: Vec<_> = errors.collect();
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}: {said:?}", begin.elapsed());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{said:?}");
        assert_eq!(processes_in(&folder), Vec::<String>::new());
    }
}
