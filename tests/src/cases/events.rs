//! Events that are no requests: what the handler sees of them, and what the platform is told.

use crate::{Answer, Case, Happening, Need};

const FIELDS: &str = "echo.md: each event is one line of the log, with the portable fields";
const ALONE: &str = "echo.md: an item fails alone";

/// 2026-11-23 03:00:00 UTC.
const AT: u64 = 1_795_402_800;

pub(super) const ROWS: &[Case] = &[
    Case::event("events/schedule", Happening::Schedule { cron: "0 3 * * *", at: AT }).why(FIELDS).answer(&[
        Answer::Again(&[]),
        Answer::Event(r#"{"trigger":"schedule","name":"0 3 * * *","scheduled_at":1795402800000}"#),
    ]),
    Case::event("events/queue", Happening::Queue { bodies: &[r#"{"queue":"one","n":[1.5,null]}"#] })
        .why(FIELDS)
        .answer(&[Answer::Again(&[]), Answer::Event(r#"{"trigger":"queue","body":{"queue":"one","n":[1.5,null]}}"#)]),
    Case::event("events/queue-unicode", Happening::Queue { bodies: &[r#"{"text":"grüße \"\\ 😀 \u0001"}"#] })
        .why(FIELDS)
        .answer(&[Answer::Again(&[]), Answer::Event(r#"{"trigger":"queue","body":{"text":"grüße \"\\ 😀 \u0001"}}"#)]),
    Case::event("events/queue-item-fails", Happening::Queue { bodies: &["{}", r#"{"fail":true}"#, "{}"] })
        .why(ALONE)
        .answer(&[Answer::Again(&[1])]),
    Case::event("events/queue-item-no-json", Happening::Queue { bodies: &["no JSON", "{}"] })
        .why(ALONE)
        .answer(&[Answer::Again(&[0])]),
    Case::event("events/queue-item-panics", Happening::Queue { bodies: &["{}", "{}", r#"{"panic":true}"#] })
        .why("echo.md: a panic costs its own item")
        .needs(Need::Nothing)
        .answer(&[Answer::Again(&[2])]),
    Case::event(
        "events/queue-batch-of-ten",
        Happening::Queue {
            bodies: &["{}", "no JSON", "{}", r#"{"fail":true}"#, "{}", "{}", r#"{"panic":true}"#, "{}", "{}", "{}"],
        },
    )
    .why("one bad, one failing and one panicking item of ten: nothing else comes again, and nothing is lost")
    .answer(&[Answer::Again(&[1, 3, 6])]),
    Case::event("events/object-created", Happening::Object { created: true, key: "a b+c/ü%2F.png", size: Some(7) })
        .why("echo.md: the key is decoded")
        .answer(&[
            Answer::Again(&[]),
            Answer::Event(r#"{"trigger":"object","action":"created","bucket":"echo","key":"a b+c/ü%2F.png","size":7}"#),
        ]),
    Case::event("events/object-removed", Happening::Object { created: false, key: "gone", size: None }).why(FIELDS).answer(
        &[
            Answer::Again(&[]),
            Answer::Event(r#"{"trigger":"object","action":"removed","bucket":"echo","key":"gone","size":null}"#),
        ],
    ),
    Case::event(
        "events/change-insert",
        Happening::Change { kind: "insert", old: None, new: Some(r#"{"id":1,"name":"grüße","tags":["a","b"],"deep":{"x":null}}"#) },
    )
    .why(FIELDS)
    .answer(&[
        Answer::Again(&[]),
        Answer::Event(
            r#"{"trigger":"change","kind":"insert","keys":{"id":1},"old":null,"new":{"id":1,"name":"grüße","tags":["a","b"],"deep":{"x":null}}}"#,
        ),
    ]),
    Case::event(
        "events/change-update",
        Happening::Change { kind: "update", old: Some(r#"{"id":2,"n":1}"#), new: Some(r#"{"id":2,"n":-1.5}"#) },
    )
    .why(FIELDS)
    .answer(&[
        Answer::Again(&[]),
        Answer::Event(r#"{"trigger":"change","kind":"update","keys":{"id":2},"old":{"id":2,"n":1},"new":{"id":2,"n":-1.5}}"#),
    ]),
    Case::event("events/change-remove", Happening::Change { kind: "remove", old: Some(r#"{"id":3}"#), new: None })
        .why(FIELDS)
        .answer(&[
            Answer::Again(&[]),
            Answer::Event(r#"{"trigger":"change","kind":"remove","keys":{"id":3},"old":{"id":3},"new":null}"#),
        ]),
    Case::event("events/change-fails", Happening::Change { kind: "insert", old: None, new: Some(r#"{"id":4,"fail":true}"#) })
        .why("echo.md: a record whose new image has `fail: true` fails")
        .answer(&[Answer::Again(&[0])]),
    Case::event("events/message", Happening::Message { attribute: ("kind", "paid"), body: r#"{"order":7}"# })
        .why(FIELDS)
        .answer(&[
            Answer::Again(&[]),
            Answer::Event(r#"{"trigger":"message","topic":"echo","attributes":{"kind":"paid"},"body":{"order":7}}"#),
        ]),
    Case::event("events/message-text", Happening::Message { attribute: ("kind", "note"), body: "plain text" })
        .why(FIELDS)
        .answer(&[
            Answer::Again(&[]),
            Answer::Event(r#"{"trigger":"message","attributes":{"kind":"note"},"body":"plain text"}"#),
        ]),
    Case::event("events/custom", Happening::Custom { json: r#"{"any":["thing",1]}"# })
        .why("echo.md: answered with `{\"received\": …}`")
        .answer(&[
            Answer::Replied(r#"{"received":{"any":["thing",1]}}"#),
            Answer::Event(r#"{"trigger":"custom","data":{"any":["thing",1]}}"#),
        ]),
];
