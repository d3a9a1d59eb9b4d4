//! The judge lets nothing pass that differs, and no excuse outlive its cause.

use std::io;
use std::time::Duration;

use anyfn_conformance::{
    Answer, Case, Delivery, Driver, Forced, Gives, Is, Limits, Need, Payload, Reply, Request, Seen, Verdict, judge,
    judge_delivery, matrix, run,
};

/// A runtime that gives one answer to everything.
struct Canned {
    reply: Reply,
    log: &'static str,
    limits: Limits,
}

impl Driver for Canned {
    fn name(&self) -> &str {
        "canned"
    }
    fn send(&self, _: &Request) -> io::Result<Reply> {
        Ok(self.reply.clone())
    }
    fn origin(&self) -> Option<String> {
        Some("http://here".to_owned())
    }
    fn logs(&self) -> Option<String> {
        Some(self.log.to_owned())
    }
    fn can(&self, need: Need) -> Result<(), String> {
        self.limits.meet(need)
    }
}

fn answering(body: &str) -> Canned {
    let reply = Reply { status: 200, body: body.as_bytes().to_vec(), ..Reply::default() };
    Canned { reply, log: "started\nbackground one done\n", limits: Limits::default() }
}

const ROW: Case = Case::echo("row/echo", "POST", "/echo/a%2Fb?q=1")
    .headers(&[("X-Many", b"one"), ("x-many", b"two")])
    .body(Payload::Bytes(b"hello"));

const FAITHFUL: &str = r#"{"method":"POST","url":"http://here/echo/a%2Fb?q=1","path":"/echo/a%2Fb","query":"q=1",
    "headers":[["x-many","one"],["other","x"],["x-many","two"]],"body":"aGVsbG8=","context":{"platform":"canned"}}"#;

/// What the judge says is wrong with a faithful answer after this replacement.
fn wrong_after(from: &str, to: &str) -> String {
    assert!(FAITHFUL.contains(from), "{from}");
    match judge(&answering(&FAITHFUL.replace(from, to)), &ROW) {
        Verdict::Failed(wrong) => wrong.join("\n"),
        other => panic!("{from} -> {to} is {other:?}"),
    }
}

#[test]
fn a_faithful_answer_passes() {
    assert_eq!(judge(&answering(FAITHFUL), &ROW), Verdict::Passed);
}

#[test]
fn every_field_that_is_not_as_it_was_sent_fails() {
    assert!(wrong_after("POST", "GET").starts_with("method: expected"));
    assert!(wrong_after(r#""path":"/echo/a%2Fb""#, r#""path":"/echo/a/b""#).starts_with("path: expected"));
    assert!(wrong_after(r#""query":"q=1""#, r#""query":null"#).starts_with("query: expected"));
    assert!(wrong_after("http://here", "https://here").starts_with("url: expected"));
    assert!(wrong_after("b?q=1\",", "b\",").starts_with("url: expected"));
    assert!(wrong_after(r#""one"],"#, r#""one, two"],"#).starts_with("header x-many: expected"));
    assert!(wrong_after(r#"["x-many","one"],"#, "").starts_with("header x-many: expected"));
    assert!(wrong_after("aGVsbG8=", "aGVsbG8").starts_with("body: expected padded base64"));
    assert!(wrong_after("aGVsbG8=", "aGVsbGE=").contains("they differ from byte 4 on"));
    assert!(wrong_after("canned", "other").starts_with("/context/platform"));
    assert!(wrong_after(r#"{"method""#, r#""method""#).starts_with("/echo's answer is no JSON"));
}

#[test]
fn an_answer_is_checked_from_status_to_log() {
    let fails = |answer: &'static [Answer]| {
        let case = Case::ask("row/answer", "GET", "/").answer(answer);
        matches!(judge(&answering("text"), &case), Verdict::Failed(_))
    };
    assert!(!fails(&[Answer::Status(200), Answer::Body(Payload::Bytes(b"text")), Answer::Header("x-none", &[])]));
    assert!(fails(&[Answer::Status(201)]));
    assert!(fails(&[Answer::Body(Payload::Letters(4))]));
    assert!(fails(&[Answer::Body(Payload::None)]));
    assert!(fails(&[Answer::Header("content-type", &["text/plain"])]));
    assert!(fails(&[Answer::Problem(200)]));
    assert!(fails(&[Answer::Json("/a", Is::Null)]));
    assert!(fails(&[Answer::Without("tex")]));
    assert!(fails(&[Answer::Streamed(1, 0)]));
    assert!(fails(&[Answer::Slow(1)]));
    assert!(fails(&[Answer::Logs("never logged")]));
    assert!(fails(&[Answer::LogsAfter("background one done")]));
    assert!(!fails(&[Answer::Logs("background one done")]));
}

#[test]
fn streaming_is_told_by_the_time_between_the_pieces() {
    const ROW: Case = Case::ask("row/stream", "GET", "/").answer(&[Answer::Streamed(3, 100)]);
    let at = |times: [u64; 3]| {
        let mut driver = answering("abc");
        driver.reply.pieces = times.map(Duration::from_millis).to_vec();
        judge(&driver, &ROW)
    };
    assert_eq!(at([5, 60, 120]), Verdict::Passed);
    assert!(matches!(at([115, 118, 120]), Verdict::Failed(_)));
}

#[test]
fn an_answer_that_breaks_off_fails_unless_it_must() {
    const ROW: Case = Case::ask("row/broken", "GET", "/").answer(&[Answer::Broken]);
    let mut driver = answering("half");
    assert!(matches!(judge(&driver, &ROW), Verdict::Failed(wrong) if wrong[0].contains("must break off")));
    driver.reply.broken = Some("cut".to_owned());
    assert_eq!(judge(&driver, &ROW), Verdict::Passed);
    const WHOLE: Case = Case::ask("row/whole", "GET", "/").answer(&[Answer::Status(200)]);
    assert!(matches!(judge(&driver, &WHOLE), Verdict::Failed(wrong) if wrong[0].contains("broke off: cut")));
}

#[test]
fn a_client_that_leaves_needs_a_driver_that_can_and_a_log_that_says_so() {
    const ROW: Case = Case::ask("row/left", "GET", "/").leaves(1).answer(&[Answer::Logs("background one done")]);
    assert!(matches!(judge(&answering(""), &ROW), Verdict::NotRun(_)));
    let mut driver = answering("");
    driver.limits.leaving = false;
    assert_eq!(judge(&driver, &ROW), Verdict::NotRun("nothing tells the function that its client is gone".to_owned()));
}

#[test]
fn a_delivery_is_judged_by_what_was_seen_and_what_was_given() {
    const ROW: Delivery = Delivery::new("row/delivery", Vec::new)
        .seen(&[Seen::Method("GET"), Seen::Path("/echo"), Seen::Query(Some("a=1")), Seen::Header("x-a", &["1", "2"])])
        .gives(&[Gives::Member("/isBase64Encoded", "false"), Gives::Nothing("/cookies")]);
    let echo = r#"{"method":"GET","url":"https://h/echo?a=1","path":"/echo","query":"a=1","headers":[["x-a","1"],["x-a","2"]]}"#;
    let told = |echo: &str, more: &str| -> Result<Vec<u8>, String> {
        let body = serde_json::Value::from(echo);
        Ok(format!(r#"{{"statusCode":200,"body":{body},"isBase64Encoded":false{more}}}"#).into_bytes())
    };
    assert_eq!(judge_delivery(&ROW, &told(echo, "")), Verdict::Passed);
    let wrong = |told| matches!(judge_delivery(&ROW, &told), Verdict::Failed(_));
    for (from, to) in
        [("GET", "PUT"), ("/echo\"", "/other\""), ("\"a=1\"", "null"), (r#"["x-a","1"],"#, ""), ("echo?", "echo")]
    {
        assert!(wrong(told(&echo.replacen(from, to, 1), "")), "{from}");
    }
    assert!(wrong(told(echo, r#","cookies":[]"#)) && wrong(Err("exit".to_owned())) && wrong(Ok(b"{}".to_vec())));
    const REFUSED: Delivery = Delivery::new("row/refused", Vec::new).gives(&[Gives::Refusal("a WebSocket")]);
    assert_eq!(judge_delivery(&REFUSED, &Err("it is a WebSocket's".to_owned())), Verdict::Passed);
    assert!(matches!(judge_delivery(&REFUSED, &Err("exit".to_owned())), Verdict::Failed(_)));
    assert!(matches!(judge_delivery(&REFUSED, &told(echo, "")), Verdict::Failed(_)));
}

#[test]
fn a_forced_difference_takes_the_place_of_what_it_names_and_no_more() {
    const FORCED: Case = ROW.forced(&[Forced::on(&["canned"], "it decodes").sees(&[Seen::Path("/echo/a/b")])]);
    let decoded = FAITHFUL.replace("a%2Fb", "a/b");
    assert_eq!(judge(&answering(&decoded), &FORCED), Verdict::Forced("it decodes".to_owned()));
    let worse = decoded.replace("q=1", "q=2");
    assert!(matches!(judge(&answering(&worse), &FORCED), Verdict::Failed(_)));
}

#[test]
fn an_excuse_that_is_no_longer_needed_fails() {
    const FORCED: Case =
        ROW.forced(&[Forced::on(&["canned"], "it has logs").sees(&[Seen::Header("x-many", &["one", "two"])])]);
    match judge(&answering(FAITHFUL), &FORCED) {
        Verdict::Failed(wrong) => assert!(wrong[0].contains("nothing is forced here any more")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_runtime_cannot_do_is_not_run_and_says_why() {
    let mut driver = answering("x");
    driver.limits.answer = 100;
    driver.limits.streaming = false;
    let needs = |need| judge(&driver, &Case::ask("row/needs", "GET", "/").answer(&[Answer::Status(500)]).needs(need));
    assert_eq!(needs(Need::Answer(101)), Verdict::NotRun("an answer of 101 bytes, over the platform's 100".to_owned()));
    assert!(matches!(needs(Need::Streaming), Verdict::NotRun(_)));
    assert!(matches!(needs(Need::Answer(100)), Verdict::Failed(_)));
}

#[test]
fn a_report_and_the_matrix_name_each_failure() {
    static ROWS: &[Case] = &[ROW, Case::ask("row/broken", "GET", "/x").answer(&[Answer::Status(500)]).alone()];
    let report = run(&answering(FAITHFUL), ROWS);
    assert_eq!((report.passed(), report.failures().len()), (1, 1));
    let text = report.to_string();
    assert!(text.starts_with("canned: 1 passed (0 of them forced), 1 failed, 0 not run"), "{text}");
    assert!(text.contains("FAILED row/broken on canned: GET /x\n    status: expected 500, got 200"), "{text}");
    let page = matrix(&[report]);
    assert!(page.contains("| row/echo | ok |") && page.contains("| row/broken | **FAILED** |"), "{page}");
}
