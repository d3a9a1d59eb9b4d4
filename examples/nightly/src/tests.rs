//! In memory, with a service of the tests' own.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use anyfn::App;
use anyfn::test::{self, Memory};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// Answers each request with the next of these, and keeps the requests.
async fn service(answers: &'static [&'static str]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let kept = Arc::clone(&asked);
    tokio::spawn(async move {
        for answer in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            // A body, where there is one, may come after its head; each of these ends in a brace.
            while !(request.ends_with(b"}") || request.starts_with(b"GET") && request.ends_with(b"\r\n\r\n")) {
                assert_ne!(socket.read_buf(&mut request).await.unwrap(), 0);
            }
            kept.lock().unwrap().push(String::from_utf8(request).unwrap());
            let answer = format!("HTTP/1.1 {answer}");
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, asked)
}

const ORDERS: &str = "200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 66\r\n\r\n\
                      [{\"cents\":500,\"country\":\"PT\",\"id\":1},{\"cents\":250,\"country\":\"AT\"}]";
const DOWN: &str = "503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

fn app() -> App {
    App::builder().state(open).schedule("0 3 * * *", report).http_at("/reports/{day}", read).build()
}

/// 2026-11-23, three in the morning.
fn tick() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_402_800)
}

#[tokio::test]
async fn a_day_has_one_report_however_often_its_tick_comes() {
    let (url, asked) = service(&[DOWN, ORDERS, DOWN]).await;
    let (memory, app) = (Memory::default().env("ORDERS_API", &url), app());
    let tick = || test::schedule("0 3 * * *", tick()).within(&memory);
    assert!(!tick().send_to(&app).await.is_done(), "the service is down");
    assert_eq!(test::get("/reports/2026-11-22").send_to(&app).await.status(), 404);
    assert!(tick().send_to(&app).await.is_done());
    assert!(tick().send_to(&app).await.is_done());
    let report: serde_json::Value = test::get("/reports/2026-11-22").send_to(&app).await.json();
    assert_eq!(report, json!({ "orders": 2, "cents": 750, "by_country": { "AT": 250, "PT": 500 } }));
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 2);
    assert!(asked[1].starts_with("GET /orders?day=2026-11-22 HTTP/1.1\r\n"), "{asked:?}");
}

#[tokio::test]
async fn whoever_wants_to_know_is_told_after_the_answer() {
    let (api, _) = service(&[ORDERS]).await;
    let (news, told) = service(&["204 No Content\r\n\r\n"]).await;
    let memory = Memory::default().env("ORDERS_API", &api).env("TELL", &news);
    let app = app();
    assert!(test::schedule("0 3 * * *", tick()).within(&memory).send_to(&app).await.is_done());
    assert!(told.lock().unwrap()[0].ends_with(r#"{"text":"2026-11-22: 2 orders, 750 cents"}"#), "{told:?}");
}

#[tokio::test]
async fn keys_in_a_url_are_not_in_the_log() {
    let (down, _) = service(&[DOWN]).await;
    let (api, _) = service(&[ORDERS]).await;
    let (news, _) = service(&[DOWN]).await;
    let memory = Memory::default().env("ORDERS_API", &format!("{down}/swordfish"));
    let outcome = test::schedule("0 3 * * *", tick()).within(&memory).send_to(&app()).await;
    let why = outcome.error().unwrap().to_string();
    assert!(why.contains("503") && !why.contains("swordfish"), "{why}");
    let memory = Memory::default().env("ORDERS_API", &api).env("TELL", &format!("{news}/swordfish"));
    assert!(test::schedule("0 3 * * *", tick()).within(&memory).send_to(&app()).await.is_done());
    let log = memory.log_lines().join("\n");
    assert!(log.contains("nobody was told of 2026-11-22: ") && !log.contains("swordfish"), "{log}");
}

#[tokio::test]
async fn without_its_setting_a_tick_fails_and_says_why() {
    let outcome = test::schedule("0 3 * * *", tick()).send_to(&app()).await;
    assert!(outcome.error().unwrap().to_string().contains("ORDERS_API"), "{outcome:?}");
}
