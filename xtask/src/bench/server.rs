//! The plain server, beside hyper itself.

use anyhow::{Context as _, Result};

use super::events::{Posted, headers};
use super::figures::{Figures, OURS};
use super::load::Request;
use super::served::{Server, Start, Work, counted, timed};
use super::subjects::{Subject, ours, peers};
use super::{Bench, Pace};
use crate::build::Target;
use crate::project::Project;
use crate::ui;

/// A request of the benchmarked function, its 15 headers those of a browser.
pub(super) fn request(method: &str, target: &str, posted: Option<Posted>) -> Request {
    let mut headers = headers(15);
    headers.extend(posted.map(|posted| ("content-type".to_owned(), posted.kind().to_owned())));
    Request::new(method, target, &headers, &posted.map(Posted::bytes).unwrap_or_default())
}

pub(super) fn measure(project: &Project, pace: Pace, figures: &mut Figures) -> Result<()> {
    let own = |package| {
        let executable = ours(project, package, Target::Server)?.server.context("not built")?.executable;
        Ok::<_, anyhow::Error>(Subject::new(OURS, executable))
    };
    let mut http = vec![own("bench-http")?];
    let mut axum = Vec::new();
    if !pace.own {
        let dir = peers(project, &["peer-server-hyper", "peer-server-axum"], None)?;
        axum.push(own("bench-axum")?);
        axum.push(Subject::new("axum", dir.join("peer-server-axum")));
        http.push(Subject::new("hyper", dir.join("peer-server-hyper")));
        http.push(axum[1].clone());
    }
    for subject in &http {
        subject.weigh(Bench::Server, "hello", figures)?;
    }
    let servers = |subjects: &[Subject]| -> Vec<Server> {
        let server = |subject: &Subject| Server { name: subject.name, start: Start::Port(subject.program.clone()) };
        subjects.iter().map(server).collect()
    };
    let (http, axum) = (servers(&http), servers(&axum));
    let hello = Work {
        name: "GET hello",
        request: request("GET", "/hello?name=Ada", None),
        sign: "Hello, Ada!",
        times: 32_000,
        servers: &http,
    };
    let post = Work {
        name: "POST 100 KB of text",
        request: request("POST", "/echo", Some(Posted::Text(100 << 10))),
        sign: "[{",
        times: 6_000,
        servers: &http,
    };
    let stream = Work {
        name: "1 MB streamed",
        request: request("GET", "/stream", None),
        sign: "xxx",
        times: 800,
        servers: &http,
    };
    let route = Work {
        name: "axum, one of 30 routes",
        request: request("GET", "/areas/17/items/4711", None),
        sign: "4711",
        times: 32_000,
        servers: &axum,
    };
    for (work, counts) in [(&hello, (100, 600)), (&post, (10, 40)), (&stream, (4, 12)), (&route, (100, 600))] {
        if work.servers.is_empty() {
            continue;
        }
        ui::detail(format_args!("{}, counted", work.name));
        counted(Bench::Server, work, counts, pace, figures)?;
    }
    if pace.own {
        return Ok(());
    }
    for work in [&hello, &post, &stream, &route] {
        ui::detail(format_args!("{}, timed", work.name));
        timed(Bench::Server, work, pace, figures)?;
    }
    Ok(())
}
