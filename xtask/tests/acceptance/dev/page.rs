//! The page at `/_anyfn`, in a browser, and who may not use it.

use std::io::Write as _;

use anyfn_xtask::new::Start;
use anyfn_xtask::tools::{Chromium, chromium};
use serde_json::json;

use super::served::{Dev, request};
use crate::new::{around, project};

/// Requests, a schedule and a queue in one program.
const SOURCE: &str = r#"use anyfn::{Context, Error, Item, Schedule};

#[derive(serde::Deserialize)]
struct Job {
    id: u64,
}

async fn home() -> &'static str {
    "<b>home</b>"
}

async fn nightly(cx: Context, _tick: Schedule) {
    cx.log("good night");
}

async fn work(Item(job): Item<Job>) -> Result<(), Error> {
    if job.id == 0 { Err(Error::internal("no id")) } else { Ok(()) }
}

anyfn::app! {
    http("/") => home,
    schedule("0 3 * * *") => nightly,
    queue("jobs") => work,
}
"#;

/// What a person does on the page: send a request, fire the schedule, send two messages, retry the one that fails.
const VISIT: &str = r#"
const until = async (what, there) => {
  for (let turn = 0; turn < 500; turn++) {
    const found = there()
    if (found) return found
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`${what}: not in ten seconds`)
}
const card = name => until(name, () => document.querySelector(`form[data-trigger="${name}"]`))
const last = (title, outcome) => until(`${title} ${outcome}`, () => {
  const first = document.querySelector('article')
  return first?.querySelector('h3').textContent === title && first.dataset.outcome === outcome && first
})
const stages = article => [...article.querySelectorAll('.life li')].map(item => item.classList[0])
const seen = { forms: [] }

const http = await card('http /')
seen.forms = [...document.querySelectorAll('form')].map(form => form.dataset.trigger)
http.querySelector('button').click()
let article = await last('GET /', 'done')
seen.request = { stages: stages(article), text: article.textContent.includes('<b>home</b>'), bold: !!article.querySelector('pre b') }

;(await card('schedule 0 3 * * *')).querySelector('button').click()
article = await last('schedule 0 3 * * *', 'done')
seen.night = (await until('its log', () => document.querySelector('article pre')?.textContent.includes('good night') && 'good night'))

const queue = await card('queue jobs')
queue.querySelector('textarea').value = '{"id": 1}\n{"id": 0}'
queue.querySelector('button').click()
article = await last('queue jobs', 'again')
seen.failed = article.querySelector('.bad:not(strong)').textContent
const before = article.dataset.id
article.querySelector('.actions button').click()
article = await until('the retry', () => {
  const first = document.querySelector('article')
  return first.dataset.id !== before && first.dataset.outcome === 'again' && first
})
seen.retried = article.querySelector('details pre').textContent
seen.unnamed = [...document.querySelectorAll('input, select, textarea')].filter(field => !field.labels.length).length
seen.stage = document.getElementById('stage').textContent
return seen
"#;

#[test]
fn a_person_sends_events_from_the_page_and_nobody_elses_page_does() {
    let around = around("dev-page");
    let folder = project(&around, "dev-page", Start::Http);
    std::fs::write(folder.join("src/main.rs"), SOURCE).unwrap();
    let dev = Dev::start(&folder, &[]);
    dev.until_stage("serving");
    match chromium() {
        Ok(browser) => a_person_sends_events(&dev, &browser),
        // Past the test's captured output.
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "\n!!! NOT RUN: the page of dev in Chromium: {error:#}\n");
        }
    }
    other_sites_send_nothing(&dev);
    assert_eq!(dev.stop("INT").code(), Some(0));
}

fn other_sites_send_nothing(dev: &Dev) {
    let count = || dev.state()["invocations"].as_array().unwrap().len();
    let (port, addr, before) = (dev.addr.port(), dev.addr, count());
    let send = |headers: &[&str]| {
        let all = [&["content-type: application/json"], headers].concat();
        let wish = r#"{"sample":"schedule","name":"0 3 * * *"}"#;
        request(addr, "POST", "/_anyfn/api/send", &all, wish).0
    };
    let event = |header: &str| {
        let headers = ["authorization: Bearer local", "content-type: application/cloudevents+json", header];
        let event = r#"{"specversion":"1.0","id":"1","source":"/a","type":"dev.anyfn.schedule","anyfnname":"0 3 * * *",
                        "time":"2026-01-01T00:00:00Z"}"#;
        request(addr, "POST", "/_anyfn/events", &headers, event).0
    };
    let foreign = [&format!("host: evil.example:{port}"), "origin: http://evil.example", "sec-fetch-site: cross-site"];
    for header in foreign {
        // The token is known to everybody, so it lets nobody in by itself.
        assert_eq!((send(&[header]), event(header)), (403, 403), "{header}");
    }
    assert_eq!(request(addr, "POST", "/_anyfn/api/send", &["content-type: text/plain"], "{}").0, 415);
    for target in ["/_anyfn", "/_anyfn/api/state", "/_anyfn/api/changes"] {
        let (status, _, body) = request(addr, "GET", target, &[&format!("host: evil.example:{port}")], "");
        assert!(status == 403 && !body.contains("dev-page"), "{target}: {status} {body}");
    }
    assert_eq!(count(), before);
    assert_eq!((send(&[]), event("x: y")), (200, 204));
    assert_eq!(count(), before + 2);
}

fn a_person_sends_events(dev: &Dev, browser: &Chromium) {
    let visit = browser.visit(&format!("http://{}/_anyfn", dev.addr), VISIT).unwrap();
    assert_eq!(visit.errors, Vec::<String>::new());
    let elsewhere: Vec<_> =
        visit.requests.iter().filter(|url| !url.starts_with(&format!("http://{}/_anyfn", dev.addr))).collect();
    assert!(elsewhere.iter().all(|url| url.starts_with("data:")), "{elsewhere:?}");
    let seen = visit.value;
    assert_eq!(seen["forms"], json!(["http /", "schedule 0 3 * * *", "queue jobs"]));
    // The first invocation has the cold start, and what came back is text.
    assert_eq!(seen["request"]["stages"], json!(["trigger", "cold", "execute", "respond", "idle"]));
    assert_eq!((&seen["request"]["text"], &seen["request"]["bold"]), (&json!(true), &json!(false)));
    assert_eq!(seen["night"], "good night");
    assert_eq!(seen["failed"], "Failed: item 1");
    assert_eq!(seen["retried"], "{\"id\": 0}");
    assert_eq!((&seen["unnamed"], &seen["stage"]), (&json!(0), &json!("serving")));
}
