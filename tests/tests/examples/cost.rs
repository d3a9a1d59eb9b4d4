//! `examples/cost`: the API on every platform, and its page in Chromium.

use anyfn_cost::Usage;
use anyfn_xtask::build::Target;
use serde_json::{Value, json};

use crate::browser::visit;
use crate::program::{Program, get, json as sending};

fn usage(invocations: u64) -> Usage {
    Usage { invocations, duration_ms: 120.0, memory_mb: 512, ..Usage::default() }
}

fn totals(invocations: u64) -> Vec<f64> {
    anyfn_cost::bills(&usage(invocations)).unwrap().iter().map(|bill| bill.total).collect()
}

fn api(program: &Program) {
    let asked = program.ask(&get("http://fn.example/api/bills?invocations=3000000&duration_ms=120&memory_mb=512"));
    let sent = program.ask(&sending("POST", "http://fn.example/api/bills", &json!(usage(3_000_000))));
    assert_eq!((asked.status, &asked.body), (200, &sent.body), "{:?}", program.logs());
    let bills: Value = serde_json::from_slice(&asked.body).unwrap();
    let answered: Vec<_> =
        bills["bills"].as_array().unwrap().iter().map(|bill| bill["total"].as_f64().unwrap()).collect();
    assert_eq!(answered, totals(3_000_000));
    let senseless = program.ask(&get("http://fn.example/api/bills?invocations=1&memory_mb=0"));
    assert_eq!((senseless.status, senseless.header("content-type")), (422, vec![&b"application/problem+json"[..]]));
}

/// What is drawn, and drawn again when a figure is changed; then what is said to one that makes no sense.
const CHANGING: &str = "
    const drawn = () => [...document.querySelectorAll('polyline')].map(line => ({
        platform: line.dataset.platform,
        points: line.getAttribute('points').split(' ').map(point => point.split(',').map(Number)),
        visible: line.getBoundingClientRect().width > 100,
    }))
    const sums = () => [...document.querySelectorAll('td.sum')].map(cell => cell.textContent)
    const type = (name, value) => {
        const field = document.querySelector('form').elements[name]
        field.value = value
        field.dispatchEvent(new Event('input', { bubbles: true }))
    }
    await until(() => drawn().length == 3 && sums().length == 3)
    const before = { curves: drawn(), sums: sums() }
    type('invocations', '20000000')
    type('to', '100000000')
    await until(() => sums()[0] != before.sums[0])
    const after = { curves: drawn(), sums: sums() }
    type('cpu_ms', '500')
    const problem = await until(() => document.querySelector('#problem').textContent)
    return { before, after, problem, search: location.search }
";

fn page(program: &Program) {
    let target = "/?invocations=3000000&duration_ms=120&memory_mb=512";
    let Some(told) = visit(program, target, CHANGING, Some("status of 422")) else { return };
    for (shown, invocations) in [("before", 3_000_000), ("after", 20_000_000)] {
        let sums: Vec<String> = serde_json::from_value(told[shown]["sums"].clone()).unwrap();
        let sums = sums.iter().map(|sum| sum.replace(['$', ','], "").parse::<f64>().unwrap());
        assert_eq!(sums.collect::<Vec<_>>(), totals(invocations), "{told}");
        let curves = told[shown]["curves"].as_array().unwrap();
        let names = curves.iter().map(|curve| curve["platform"].as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(names, ["lambda", "cloudflare", "vercel"]);
        for curve in curves {
            let points: Vec<[f64; 2]> = serde_json::from_value(curve["points"].clone()).unwrap();
            assert_eq!((points.len(), &curve["visible"]), (101, &json!(true)));
            // A bill never falls: on the screen, no point is below the one before it.
            assert!(points.windows(2).all(|two| two[1][0] > two[0][0] && two[1][1] <= two[0][1]), "{points:?}");
        }
    }
    // What each curve ends at is in proportion to its bill.
    let ends =
        told["after"]["curves"].as_array().unwrap().iter().map(|curve| curve["points"][100][1].as_f64().unwrap());
    let (ends, bills) = (ends.collect::<Vec<_>>(), totals(100_000_000));
    let most = bills.iter().copied().fold(0.0, f64::max);
    for (end, bill) in ends.iter().zip(&bills) {
        assert!((end - (305.0 - 293.0 * bill / most)).abs() < 0.1, "{ends:?} {bills:?}");
    }
    assert!(told["problem"].as_str().unwrap().contains("CPU time of 500 ms"), "{told}");
    assert!(told["search"].as_str().unwrap().contains("invocations=20000000"), "{told}");
}

fn all(target: Target) {
    let program = Program::start("cost", target, None, &[]);
    api(&program);
    page(&program);
}

#[test]
fn the_server_says_and_draws_what_a_month_costs() {
    all(Target::Server);
}

#[test]
fn workers_say_and_draw_what_a_month_costs() {
    all(Target::Cloudflare);
}

#[test]
fn vercel_says_and_draws_what_a_month_costs() {
    all(Target::Vercel);
}

#[test]
fn lambda_says_and_draws_what_a_month_costs() {
    all(Target::Lambda);
}
