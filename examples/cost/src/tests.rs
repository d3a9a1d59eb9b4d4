//! The whole program in memory.

use anyfn::test::{TestRequest, TestResponse, block_on, get, post};
use serde_json::{Value, json};

fn send(request: TestRequest) -> TestResponse {
    block_on(request.send_to(&crate::app()))
}

#[test]
fn a_months_bills_are_answered_to_a_query_and_to_json() {
    let asked = send(get("/api/bills?invocations=3000000&duration_ms=120&memory_mb=512"));
    let sent =
        send(post("/api/bills").json(&json!({ "invocations": 3_000_000, "duration_ms": 120, "memory_mb": 512 })));
    assert_eq!((asked.status(), asked.text()), (200, sent.text()));
    let bills: Value = asked.json();
    let totals = [0, 1, 2].map(|place| bills["bills"][place]["total"].as_f64().unwrap());
    let usage = anyfn_cost::Usage { invocations: 3_000_000, duration_ms: 120.0, memory_mb: 512, ..Default::default() };
    assert_eq!(totals, anyfn_cost::bills(&usage).unwrap().map(|bill| bill.total));
    assert_eq!(totals[..2], [0.4, 11.6]);
    assert_eq!(bills["usage"]["architecture"], "x86_64");
}

#[test]
fn a_curve_ends_at_the_bill_of_its_last_month() {
    let month = "duration_ms=50&cpu_ms=5&memory_mb=256&architecture=arm64";
    let curve: Value = send(get(&format!("/api/curve?{month}&to=7000000&points=7"))).json();
    assert_eq!(
        curve["invocations"],
        json!([0, 1e6 as u64, 2e6 as u64, 3e6 as u64, 4e6 as u64, 5e6 as u64, 6e6 as u64, 7e6 as u64])
    );
    let last: Value = send(get(&format!("/api/bills?{month}&invocations=7000000"))).json();
    for (curve, bill) in curve["bills"].as_array().unwrap().iter().zip(last["bills"].as_array().unwrap()) {
        assert_eq!((&curve["platform"], &curve["totals"][7]), (&bill["platform"], &bill["total"]));
    }
    let most: Value = send(get(&format!("/api/curve?duration_ms=1&to={}&points=999999", u64::MAX))).json();
    assert_eq!(most["invocations"].as_array().unwrap().len(), 1001);
    assert_eq!(most["invocations"][1000], u64::MAX);
}

#[test]
fn what_makes_no_sense_is_said() {
    for (target, status, says) in [
        ("/api/bills", 400, "how often"),
        ("/api/bills?invocations=many", 400, "query"),
        ("/api/bills?invocation=1", 400, "unknown field"),
        ("/api/bills?invocations=1&duration_ms=-1", 422, "duration"),
        ("/api/bills?invocations=1&duration_ms=NaN", 422, "duration"),
        ("/api/bills?invocations=1&duration_ms=1e300", 422, "duration"),
        ("/api/bills?invocations=1&memory_mb=0", 422, "memory"),
        ("/api/curve?to=10&duration_ms=1&cpu_ms=2", 422, "CPU time"),
        ("/api/curve?duration_ms=1", 400, "to"),
    ] {
        let answer = send(get(target));
        let detail = answer.json::<Value>()["detail"].to_string();
        assert_eq!(answer.status(), status, "{target}: {detail}");
        assert!(detail.contains(says), "{target}: {detail}");
    }
}

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let page = send(get("/"));
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    // The name of SVG's namespace is no address.
    let addresses = page.text().replace("http://www.w3.org/2000/svg", "");
    assert!(!addresses.contains("http:") && !addresses.contains("https:") && !addresses.contains("src="));
}
