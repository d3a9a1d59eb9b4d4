//! Crons, uploads, CloudEvents.

use super::{Notes, platform, set};

const UPLOADED: &str = r#"{"type":"blob.upload-completed","payload":{"blob":{"url":"https://abc123.public.blob.vercel-storage.com/cats/tom-x1.png","pathname":"cats/tom-x1.png","contentType":"image/png","etag":"\"e1\""},"tokenPayload":null}}"#;
/// Of that, with the token `vercel_blob_rw_abc123_secret`, as `openssl dgst -sha256 -hmac` has it.
const SIGNATURE: &str = "x-vercel-signature: 364b865342b3357eb33448f78753d6178022911009f6a88aec8f305e801f3bc5";

#[tokio::test]
async fn a_cron_ticks_the_schedule_that_its_path_stands_for() {
    let names = r#"{"/_anyfn/cron/0":"0 3 * * mon","/_anyfn/cron/1":"fails","15 4 * * 1":"15 4 * * mon"}"#;
    set(&[("CRON_SECRET", "s"), ("ANYFN_NAMES", names)]);
    let handler = Notes::default();
    let mut platform = platform(&handler).await;
    for (path, schedule, status, noted) in [
        ("0", "0 3 * * 1", 204, "tick 0 3 * * mon"),
        ("1", "* * * * *", 500, "tick fails"),
        ("2", "15 4 * * 1", 204, "tick 15 4 * * mon"),
        ("3", "5 4 * * *", 204, "tick 5 4 * * *"),
    ] {
        let headers = ["authorization: Bearer s", &format!("x-vercel-cron-schedule: {schedule}")];
        let answer = platform.send(&format!("GET /_anyfn/cron/{path}?x"), &headers, b"").await.answer().await;
        assert_eq!((answer.status, handler.take()), (status, vec![noted.to_owned()]));
    }
}

#[tokio::test]
async fn a_signed_upload_is_an_object_that_was_created() {
    set(&[("BLOB_READ_WRITE_TOKEN", "vercel_blob_rw_abc123_secret")]);
    let handler = Notes::default();
    let mut platform = platform(&handler).await;
    for (names, bucket) in
        [("{}", "blob"), (r#"{"blob":"uploads"}"#, "uploads"), (r#"{"abc123":"cats","blob":"uploads"}"#, "cats")]
    {
        set(&[("ANYFN_NAMES", names)]);
        let answer = platform.send("POST /_anyfn/blob", &[SIGNATURE], UPLOADED.as_bytes()).await.answer().await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json(), serde_json::json!({ "type": "blob.upload-completed", "response": "ok" }));
        let noted = format!(r#"Created {bucket} {bucket} cats/tom-x1.png None Some("e1")"#);
        assert_eq!(handler.take(), [noted]);
    }
}

#[tokio::test]
async fn cloudevents_come_with_their_token() {
    set(&[("ANYFN_EVENT_TOKEN", "t")]);
    let handler = Notes::default();
    let mut platform = platform(&handler).await;
    let headers = ["authorization: Bearer t", "content-type: application/cloudevents+json"];
    let event = r#"{"specversion":"1.0","id":"1","source":"/jobs","type":"dev.anyfn.queue.message","data":{"n":1}}"#;
    let answer = platform.send("POST /_anyfn/events", &headers, event.as_bytes()).await.answer().await;
    assert_eq!((answer.status, handler.take()), (204, vec![r#"jobs 1 None {"n":1}"#.to_owned()]));
}
