//! The process itself, on a Runtime API of this test's own: what no handler and no event may do to it.
//!
//! `cargo test -p anyfn-lambda --test process`. The program starts itself as the function that it drives.

mod api;
mod function;

use std::process::ExitCode;
use std::time::Duration;

use api::{Answer, Api, Fault, event, url_event};

fn main() -> ExitCode {
    if anyfn_lambda::detected() {
        return match anyfn_lambda::run(function::Function) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    let mut failed = 0;
    for (name, check) in CHECKS {
        let ok = std::panic::catch_unwind(check).is_ok();
        println!("test {name} ... {}", if ok { "ok" } else { "FAILED" });
        failed += usize::from(!ok);
    }
    println!(
        "\ntest result: {}. {} passed; {failed} failed",
        if failed == 0 { "ok" } else { "FAILED" },
        CHECKS.len() - failed
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A check, by the behaviour that it pins.
type Check = (&'static str, fn());

const CHECKS: &[Check] = &[
    ("a_panic_costs_one_answer", a_panic_costs_one_answer),
    ("a_body_that_panics_costs_one_answer", a_body_that_panics_costs_one_answer),
    ("a_stream_that_panics_breaks_off", a_stream_that_panics_breaks_off),
    ("a_start_that_panics_is_tried_again", a_start_that_panics_is_tried_again),
    ("a_header_that_is_no_text_is_answered", a_header_that_is_no_text_is_answered),
    ("too_large_an_answer_is_an_error_that_says_so", too_large_an_answer_is_an_error_that_says_so),
    ("more_headers_than_a_map_holds_are_refused", more_headers_than_a_map_holds_are_refused),
    ("a_late_handler_is_answered_for", a_late_handler_is_answered_for),
    ("a_late_stream_breaks_off", a_late_stream_breaks_off),
    ("a_stream_that_nobody_reads_breaks_off", a_stream_that_nobody_reads_breaks_off),
    ("a_stream_that_fails_says_so_in_its_trailers", a_stream_that_fails_says_so_in_its_trailers),
    ("a_url_that_streams_gets_every_answer_streamed", a_url_that_streams_gets_every_answer_streamed),
    ("work_after_the_answer_is_done_before_the_next_event", work_after_the_answer_is_done_before_the_next_event),
    ("an_instance_that_serves_several_at_once_does", an_instance_that_serves_several_at_once_does),
    ("a_log_set_to_json_is_json", a_log_set_to_json_is_json),
    ("an_invocation_is_part_of_x_rays_trace", an_invocation_is_part_of_x_rays_trace),
    ("what_is_no_json_fails_alone", what_is_no_json_fails_alone),
    ("an_answer_that_lambda_does_not_take_costs_itself_alone", an_answer_that_lambda_does_not_take_costs_itself_alone),
    ("without_a_next_event_the_process_ends_and_says_so", without_a_next_event_the_process_ends_and_says_so),
    ("the_program_ends_in_order_where_lambda_says_so", the_program_ends_in_order_where_lambda_says_so),
    ("a_shutdown_that_panics_or_hangs_ends_too", a_shutdown_that_panics_or_hangs_ends_too),
    ("a_program_that_has_no_shutdown_has_no_extension", a_program_that_has_no_shutdown_has_no_extension),
];

/// The function answers after whatever happened before.
fn lives(api: &Api) {
    let answer = api.invoke(&event("/hello", ""));
    assert_eq!((answer.status(), &*answer.text()), (200, "hello"));
}

fn a_panic_costs_one_answer() {
    let api = Api::start(&[]);
    assert_eq!(api.invoke(&event("/panic", "")).status(), 500);
    lives(&api);
}

fn a_body_that_panics_costs_one_answer() {
    let api = Api::start(&[]);
    assert_eq!(api.invoke(&event("/stream-panic", "")).status(), 500);
    lives(&api);
}

fn a_stream_that_panics_breaks_off() {
    let api = Api::start(&[("ANYFN_LAMBDA_STREAMING", "1")]);
    let answer = api.invoke(&url_event("/stream-panic"));
    assert!(!answer.whole || answer.trailers.contains("error-type"), "{answer:?}");
    assert_eq!(answer.streamed(), "first");
    assert_eq!(api.invoke(&url_event("/hello")).streamed(), "hello");
}

fn a_start_that_panics_is_tried_again() {
    let api = Api::start(&[("START", "panic")]);
    lives(&api);
}

fn a_header_that_is_no_text_is_answered() {
    let api = Api::start(&[]);
    let answer = api.invoke(&event("/latin", ""));
    assert_eq!(answer.json()["headers"]["x-name"], "é");
    lives(&api);
}

fn too_large_an_answer_is_an_error_that_says_so() {
    let api = Api::start(&[]);
    for path in ["/large", "/large-stream"] {
        let answer = api.invoke(&event(path, ""));
        assert_eq!(answer.status(), 500, "{path}");
        assert!(answer.text().contains("larger than this platform carries"), "{path}: {}", answer.text());
    }
    lives(&api);
}

fn more_headers_than_a_map_holds_are_refused() {
    let api = Api::start(&[]);
    let many: String = (0..40_000).map(|n| format!(r#","h{n}":"""#)).collect();
    assert_eq!(api.invoke(&event("/hello", &many)).status(), 431);
    lives(&api);
}

fn a_late_handler_is_answered_for() {
    let api = Api::start(&[]);
    let answer = api.invoke_within(&event("/late", ""), Duration::from_millis(700));
    assert_eq!(answer.status(), 504);
    lives(&api);
}

fn a_late_stream_breaks_off() {
    let api = Api::start(&[("ANYFN_LAMBDA_STREAMING", "1")]);
    let answer = api.invoke_within(&url_event("/late-stream"), Duration::from_millis(700));
    assert_eq!(answer.streamed(), "first");
    assert!(answer.trailers.contains("error-type"), "{answer:?}");
    assert_eq!(api.invoke(&url_event("/hello")).streamed(), "hello");
}

fn a_stream_that_nobody_reads_breaks_off() {
    let api = Api::start(&[("ANYFN_LAMBDA_STREAMING", "1")]);
    let answer = api.invoke_within(&url_event("/endless"), Duration::from_millis(700));
    assert!(!answer.whole || answer.trailers.contains("error-type"), "{} bytes", answer.body.len());
    assert!(answer.streamed().starts_with("xxx"));
    assert_eq!(api.invoke(&url_event("/hello")).streamed(), "hello");
}

fn a_stream_that_fails_says_so_in_its_trailers() {
    let api = Api::start(&[("ANYFN_LAMBDA_STREAMING", "1")]);
    let answer = api.invoke(&url_event("/broken"));
    assert_eq!(answer.streamed(), "first");
    assert!(answer.trailers.contains("lambda-runtime-function-error-type: "), "{answer:?}");
    assert!(!format!("{answer:?}").contains("internal words"), "{answer:?}");
}

fn a_url_that_streams_gets_every_answer_streamed() {
    let api = Api::start(&[("ANYFN_LAMBDA_STREAMING", "1")]);
    for (event, status) in [
        (url_event("/hello"), 200),
        (url_event("/panic"), 500),
        (url_event("/hello").replace("x.lambda-url.", "exa mple.lambda-url.").replace("\"GET\"", "\"G E T\""), 400),
    ] {
        let answer = api.invoke(&event);
        assert_eq!(answer.prelude()["statusCode"], status, "{answer:?}");
    }
    let answer = api.invoke_within(&url_event("/late"), Duration::from_millis(700));
    assert_eq!(answer.prelude()["statusCode"], 504);
    // What a gateway sends to the same function stays whole.
    lives(&api);
}

fn work_after_the_answer_is_done_before_the_next_event() {
    let api = Api::start(&[]);
    assert_eq!(api.invoke(&event("/background", "")).text(), "before");
    assert_eq!(api.invoke(&event("/background", "")).text(), "after");
    // Work that does not end is cut off with its invocation.
    assert_eq!(api.invoke_within(&event("/background-forever", ""), Duration::from_millis(700)).status(), 200);
    lives(&api);
}

fn an_instance_that_serves_several_at_once_does() {
    let (api, time) = (Api::start(&[("AWS_LAMBDA_MAX_CONCURRENCY", "3")]), Duration::from_secs(10));
    for path in ["/panic", "/meet", "/meet"] {
        api.send(&event(path, ""), time);
    }
    let mut answers: Vec<_> = (0..3).map(|_| api.answer(time).status()).collect();
    answers.sort_unstable();
    assert_eq!(answers, [200, 200, 500]);
    lives(&api);
}

fn a_log_set_to_json_is_json() {
    let api = Api::start(&[("AWS_LAMBDA_LOG_FORMAT", "JSON")]);
    assert_eq!(api.invoke(&event("/panic", "")).status(), 500);
    lives(&api);
    let line: serde_json::Value = serde_json::from_str(&api.logged("http event failed")).unwrap();
    assert_eq!((&line["level"], &line["requestId"]), (&"ERROR".into(), &"0".into()));
}

/// But where its caller names another.
fn an_invocation_is_part_of_x_rays_trace() {
    let api = Api::start(&[]);
    let xray = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
    assert_eq!(api.invoke(&event("/trace", "")).text(), xray);
    let callers = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    assert_eq!(api.invoke(&event("/trace", &format!(r#","traceparent":"{callers}""#))).text(), callers);
    assert_eq!(api.invoke(&event("/trace", r#","traceparent":"00-none""#)).text(), xray);
}

fn what_is_no_json_fails_alone() {
    let api = Api::start(&[]);
    for event in ["", "{", "nul", "\u{0}", "\"\\ud800\""] {
        let answer: Answer = api.invoke(event);
        assert!(answer.path.ends_with("/error"), "{event}: {answer:?}");
    }
    lives(&api);
}

fn an_answer_that_lambda_does_not_take_costs_itself_alone() {
    for fault in [Fault::Status(500), Fault::Status(413), Fault::Cut, Fault::Garbage] {
        let api = Api::faulty(&[], None, Some(fault));
        assert_eq!(api.invoke(&event("/hello", "")).text(), "hello", "{fault:?}");
        lives(&api);
        api.logged(if matches!(fault, Fault::Status(_)) { "refused the answer with" } else { "could not be posted" });
    }
}

/// Lambda starts another process when one has ended; one that neither asks nor ends would hang until its timeout.
fn without_a_next_event_the_process_ends_and_says_so() {
    for fault in
        [Fault::Status(500), Fault::Status(403), Fault::Cut, Fault::CutInside, Fault::Garbage, Fault::Anonymous]
    {
        let mut api = Api::faulty(&[], Some(fault), None);
        let status = api.ended().unwrap_or_else(|| panic!("{fault:?}: it goes on: {}", api.log()));
        assert_eq!(status.code(), Some(1), "{fault:?}: {}", api.log());
        let logged = api.logged("Lambda's Runtime API gave");
        assert!(logged.contains("no event"), "{fault:?}: {logged}");
    }
}

fn the_program_ends_in_order_where_lambda_says_so() {
    let mut api = Api::start(&[("SHUTDOWN", "1")]);
    lives(&api);
    assert!(api.extended(), "the time before the first event would never end");
    let status = api.terminate().expect("an end");
    assert!(status.success(), "{status}: {}", api.log());
    let log = api.log();
    let (closed, left) = (log.find("closed"), log.find("sent what was left"));
    assert!(closed.is_some() && closed < left, "{log}");
}

fn a_shutdown_that_panics_or_hangs_ends_too() {
    for (how, told) in [("panic", "the shutdown failed"), ("never", "was not done after 400 ms")] {
        let mut api = Api::start(&[("SHUTDOWN", how)]);
        lives(&api);
        let status = api.terminate().expect("an end");
        assert!(status.success(), "{how}: {status}");
        api.logged(told);
    }
}

fn a_program_that_has_no_shutdown_has_no_extension() {
    let api = Api::start(&[]);
    lives(&api);
    assert!(!api.extended());
}
