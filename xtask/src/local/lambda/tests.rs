//! A function in Python behind our Runtime API and every gateway.

use std::time::{Duration, Instant};

use super::super::http1::{Headers, Outgoing, Reply, send};
use super::super::testing::{Script, gone};
use super::{Lambda, Options, Running, Shape, start};

const FUNCTION: &str = r#"
import http.client, json, os, sys, time
api = os.environ["AWS_LAMBDA_RUNTIME_API"]
def call(method, path, body=None, headers={}):
    connection = http.client.HTTPConnection(api)
    connection.request(method, "/2018-06-01/runtime/" + path, body, headers)
    answer = connection.getresponse()
    return answer.headers, answer.read()
if os.environ.get("BROKEN"):
    print("cannot start")
    sys.exit(7)
while True:
    headers, event = call("GET", "invocation/next")
    event, path = json.loads(event), "invocation/" + headers["Lambda-Runtime-Aws-Request-Id"]
    target = event.get("rawPath") or event["path"]
    print("event", target, flush=True)
    if target == "/exit":
        sys.exit(3)
    elif target == "/error":
        call("POST", path + "/error", json.dumps({"errorType": "Oops", "errorMessage": "secret"}))
    elif target == "/hang":
        time.sleep(60)
    elif target.startswith("/stream"):
        connection = http.client.HTTPConnection(api)
        connection.putrequest("POST", "/2018-06-01/runtime/" + path + "/response")
        connection.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
        connection.putheader("Content-Type", "application/vnd.awslambda.http-integration-response")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.putheader("Trailer", "Lambda-Runtime-Function-Error-Type")
        connection.endheaders()
        def chunk(data):
            connection.send(b"%x\r\n" % len(data) + data + b"\r\n")
        chunk(b'{"statusCode":201,"headers":{"x-a":"b"}}\0\0\0')
        chunk(b"\0\0\0\0\0one")
        time.sleep(0.3)
        chunk(b"two")
        connection.send(b"0\r\n" + (b"Lambda-Runtime-Function-Error-Type: Oops\r\n" if target == "/stream/fail" else b"") + b"\r\n")
        connection.getresponse().read()
    else:
        if target == "/slow":
            time.sleep(0.5)
        body = json.dumps({"path": target, "env": os.environ.get("ECHO_A"), "pid": os.getpid()})
        call("POST", path + "/response", json.dumps({"statusCode": 200, "body": body}))
"#;

async fn get(running: &Running, target: &str) -> Reply {
    send(running.addr(), "GET", target.as_bytes(), &Headers::new().with("host", "fn.example"), Outgoing::None)
        .await
        .unwrap()
}

async fn text(mut reply: Reply) -> String {
    String::from_utf8(reply.body.collect(1 << 20).await.unwrap().unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn every_gateway_gets_the_functions_answer() {
    let function = Script::python(FUNCTION);
    for shape in [Shape::V2, Shape::V1, Shape::Url, Shape::Alb, Shape::AlbMulti] {
        let options = Options::new().env("ECHO_A", "ü");
        let running = start(function.path(), &Lambda::own(shape, 1), &options).await.unwrap();
        let reply = get(&running, "/a?b=c").await;
        assert_eq!(reply.status, 200);
        let text = text(reply).await;
        assert!(text.contains(r#""path": "/a""#) && text.contains(r#""env": "\u00fc""#), "{text}");
        assert!(running.logs().contains(&"event /a".to_owned()), "{:?}", running.logs());
        running.stop().await;
    }
}

#[tokio::test]
async fn a_failing_or_ending_function_is_an_error_of_the_gateway_and_the_next_is_served() {
    let function = Script::python(FUNCTION);
    let running = start(function.path(), &Lambda::own(Shape::V1, 1), &Options::new()).await.unwrap();
    let failed = get(&running, "/error").await;
    assert_eq!(failed.status, 502);
    assert!(!text(failed).await.contains("secret"));
    assert!(running.logs().iter().any(|line| line.contains("secret")));
    assert_eq!(get(&running, "/exit").await.status, 502);
    assert!(running.logs().iter().any(|line| line.contains("Runtime.ExitError") && line.contains("exit status: 3")));
    assert_eq!(get(&running, "/").await.status, 200);
}

#[tokio::test]
async fn an_invocation_that_takes_too_long_ends_its_bootstrap() {
    let function = Script::python(FUNCTION);
    let mut lambda = Lambda::own(Shape::V2, 1);
    lambda.timeout = 1;
    let running = start(function.path(), &lambda, &Options::new()).await.unwrap();
    assert_eq!(get(&running, "/hang").await.status, 500);
    assert!(running.logs().iter().any(|line| line.contains("Task timed out after 1.00 seconds")));
    assert_eq!(get(&running, "/").await.status, 200);
}

#[tokio::test]
async fn two_bootstraps_serve_two_requests_at_once() {
    let function = Script::python(FUNCTION);
    let running = start(function.path(), &Lambda::own(Shape::V2, 2), &Options::new()).await.unwrap();
    let begin = Instant::now();
    let (one, two) = tokio::join!(get(&running, "/slow"), get(&running, "/slow"));
    assert_ne!(text(one).await, text(two).await, "each has its own process");
    assert!(begin.elapsed() < Duration::from_millis(950), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_streamed_answer_arrives_while_it_is_made_and_a_failing_one_breaks() {
    let function = Script::python(FUNCTION);
    let running = start(function.path(), &Lambda::streaming(1), &Options::new()).await.unwrap();
    let mut reply = get(&running, "/stream").await;
    assert_eq!((reply.status, reply.headers.get("x-a")), (201, Some(&b"b"[..])));
    assert_eq!(reply.body.next().await.unwrap().unwrap(), "one");
    let first = Instant::now();
    assert_eq!(reply.body.next().await.unwrap().unwrap(), "two");
    assert!(first.elapsed() > Duration::from_millis(150), "{:?}", first.elapsed());
    assert!(reply.body.next().await.unwrap().is_none());
    let mut broken = get(&running, "/stream/fail").await;
    assert_eq!(broken.status, 201);
    broken.body.collect(100).await.unwrap_err();
    assert!(running.logs().iter().any(|line| line.contains("failed half way: Oops")));
    assert_eq!(get(&running, "/").await.status, 200);
}

#[tokio::test]
async fn a_buffering_url_waits_for_all_of_a_stream() {
    let function = Script::python(FUNCTION);
    let running = start(function.path(), &Lambda::own(Shape::Url, 1), &Options::new()).await.unwrap();
    let reply = get(&running, "/stream").await;
    assert_eq!(reply.status, 201);
    assert_eq!(text(reply).await, "onetwo");
    assert_eq!(get(&running, "/stream/fail").await.status, 502);
}

#[tokio::test]
async fn a_bootstrap_that_does_not_start_is_an_error_with_its_last_words() {
    let function = Script::python(FUNCTION);
    let options = Options::new().env("BROKEN", "1");
    let error = start(function.path(), &Lambda::own(Shape::V2, 2), &options).await.unwrap_err().to_string();
    assert!(error.contains("exit status: 7") && error.contains("cannot start"), "{error}");
}

#[tokio::test]
async fn dropping_ends_the_process_at_once() {
    let function = Script::python(FUNCTION);
    let running = start(function.path(), &Lambda::own(Shape::V2, 1), &Options::new()).await.unwrap();
    let answer: serde_json::Value = serde_json::from_str(&text(get(&running, "/").await).await).unwrap();
    let pid = i32::try_from(answer["pid"].as_i64().unwrap()).unwrap();
    assert!(!gone(pid, Duration::ZERO).await);
    drop(running);
    assert!(gone(pid, Duration::from_secs(2)).await);
}

/// A page that somebody visits can post to this machine, also to a port that it has to guess.
#[tokio::test]
async fn no_other_sites_page_invokes_the_function() {
    let function = Script::python(FUNCTION);
    let running = start(function.path(), &Lambda::own(Shape::V2, 1), &Options::new()).await.unwrap();
    let events = running.events.unwrap();
    let invoke = async |headers: Headers| {
        let event = Outgoing::Whole(r#"{"rawPath":"/fired"}"#.into());
        send(events, "POST", b"/", &headers, event).await.unwrap().status
    };
    let here = || Headers::new().with("host", events.to_string());
    assert_eq!(invoke(here().with("origin", "http://evil.example")).await, 403);
    assert_eq!(invoke(Headers::new().with("host", format!("evil.example:{}", events.port()))).await, 403);
    assert_eq!(running.logs(), Vec::<String>::new());
    assert_eq!(invoke(here()).await, 200);
    assert_eq!(running.logs(), ["event /fired"]);
    running.stop().await;
}
