//! Vercel: each program with the platform's socket connected, beside hyper without one.

use anyhow::{Context as _, Result};

use super::events::Posted;
use super::figures::{Figures, OURS};
use super::load::Request;
use super::served::{Server, Start, Work, counted, timed};
use super::server::request;
use super::subjects::{Subject, ours, peers};
use super::{Bench, Pace};
use crate::build::Target;
use crate::project::Project;
use crate::ui;

/// With the headers that the platform adds.
fn internal(method: &str, target: &str, posted: Option<Posted>) -> Request {
    request(method, target, posted).numbered("x-vercel-internal-request-id").numbered("x-vercel-internal-invocation-id")
}

pub(super) fn measure(project: &Project, pace: Pace, figures: &mut Figures) -> Result<()> {
    let own = |package| {
        let executable = ours(project, package, Target::Vercel)?.vercel.context("not built")?.executable;
        Ok::<_, anyhow::Error>(Subject::new(OURS, executable))
    };
    let mut http = vec![own("bench-http")?];
    let mut axum = Vec::new();
    let mut bare = Vec::new();
    if !pace.own {
        let dir = peers(project, &["peer-vercel-plain", "peer-vercel-axum", "peer-server-hyper"], None)?;
        http.push(Subject::new("vercel_runtime", dir.join("peer-vercel-plain")));
        axum.push(own("bench-axum")?);
        axum.push(Subject::new("vercel_runtime + axum", dir.join("peer-vercel-axum")));
        bare.push(Server { name: "hyper", start: Start::Port(dir.join("peer-server-hyper")) });
    }
    for subject in &http {
        subject.weigh(Bench::Vercel, "hello", figures)?;
    }
    let server = |subject: &Subject| Server { name: subject.name, start: Start::Ipc(subject.program.clone()) };
    let mut http: Vec<_> = http.iter().map(server).collect();
    let axum: Vec<_> = axum.iter().map(server).collect();
    http.append(&mut bare);
    let hello = Work {
        name: "GET hello",
        request: internal("GET", "/hello?name=Ada", None),
        sign: "Hello, Ada!",
        times: 32_000,
        servers: &http,
    };
    let post = Work {
        name: "POST 100 KB of text",
        request: internal("POST", "/echo", Some(Posted::Text(100 << 10))),
        sign: "[{",
        times: 6_000,
        servers: &http,
    };
    let route = Work {
        name: "axum, one of 30 routes",
        request: internal("GET", "/areas/17/items/4711", None),
        sign: "4711",
        times: 32_000,
        servers: &axum,
    };
    for (work, counts) in [(&hello, (100, 600)), (&post, (10, 40)), (&route, (100, 600))] {
        if work.servers.is_empty() {
            continue;
        }
        ui::detail(format_args!("{}, counted", work.name));
        counted(Bench::Vercel, work, counts, pace, figures)?;
        if !pace.own {
            ui::detail(format_args!("{}, timed", work.name));
            timed(Bench::Vercel, work, pace, figures)?;
        }
    }
    Ok(())
}
