//! At each platform's limits and beyond: the right answer, or a clear one.

use super::{ALB, ALB_MULTI, STREAM, URL, V1, V2, VERCEL};
use crate::{Answer, Case, Forced, Payload};

const LAMBDA: &str = "Lambda quotas: 6 MB of JSON, base64 included";
const BALANCER: &str = "ELB, Lambda functions as targets: 1 MB";
const VERCELS: &str = "Vercel Functions limits: 4.5 MB";
const LARGE: &str = "what is too large is refused clearly, and the function lives on";

const BALANCERS: &[&str] = &[ALB, ALB_MULTI];
const GATEWAYS: &[&str] = &[V1, V2, URL];
const ALL_OF_LAMBDA: &[&str] = &[V1, V2, URL, STREAM];

const REFUSED: &[Answer] = &[Answer::Status(413)];
const CLEAR: &[Answer] = &[Answer::Problem(500)];

const ALB_IN: Forced = Forced::on(BALANCERS, BALANCER).refuses(REFUSED);
const ALB_OUT: Forced = Forced::on(BALANCERS, BALANCER).refuses(CLEAR);
const VERCEL_IN: Forced = Forced::on(&[VERCEL], VERCELS).refuses(REFUSED);
const VERCEL_OUT: Forced = Forced::on(&[VERCEL], VERCELS).refuses(CLEAR);

const fn sends(name: &'static str, n: usize, answer: &'static [Answer], forced: &'static [Forced]) -> Case {
    Case::ask(name, "POST", "/mirror")
        .why(LARGE)
        .body(Payload::Counting(n))
        .answer(answer)
        .forced(forced)
        .then("/text/1")
}

const fn gets(name: &'static str, target: &'static str, answer: &'static [Answer], forced: &'static [Forced]) -> Case {
    Case::ask(name, "GET", target).why(LARGE).answer(answer).forced(forced).then("/text/1")
}

pub(super) const ROWS: &[Case] = &[
    sends("limits/request-within-1-mb", 700_000, &[Answer::Body(Payload::Counting(700_000))], &[]).source(BALANCER),
    sends("limits/request-over-1-mb", 1_100_000, &[Answer::Body(Payload::Counting(1_100_000))], &[ALB_IN])
        .source(BALANCER),
    sends("limits/request-within-4-mb", 4_400_000, &[Answer::Body(Payload::Counting(4_400_000))], &[ALB_IN])
        .source(VERCELS),
    sends(
        "limits/request-over-6-mb",
        6_300_000,
        &[Answer::Body(Payload::Counting(6_300_000))],
        &[Forced::on(ALL_OF_LAMBDA, LAMBDA).refuses(REFUSED), ALB_IN, VERCEL_IN],
    )
    .source(LAMBDA),
    Case::ask("limits/text-request-within-6-mb", "POST", "/slow/0")
        .why("text is no base64: it may fill the event")
        .source(LAMBDA)
        .headers(&[("content-type", b"text/plain")])
        .body(Payload::Letters(5_900_000))
        .answer(&[Answer::Status(200)])
        .forced(&[ALB_IN, VERCEL_IN])
        .then("/text/1"),
    gets("limits/answer-within-1-mb", "/text/1040000", &[Answer::Body(Payload::Letters(1_040_000))], &[])
        .source(BALANCER),
    gets("limits/answer-over-1-mb", "/text/1100000", &[Answer::Body(Payload::Letters(1_100_000))], &[ALB_OUT])
        .source(BALANCER),
    gets(
        "limits/bytes-over-1-mb",
        "/bytes/800000",
        &[Answer::Body(Payload::Counting(800_000))],
        &[Forced::on(BALANCERS, "ELB: 1 MB of JSON, in which bytes are base64").refuses(CLEAR)],
    )
    .source(BALANCER),
    gets("limits/bytes-within-4-mb", "/bytes/4500000", &[Answer::Body(Payload::Counting(4_500_000))], &[ALB_OUT])
        .source(VERCELS),
    gets(
        "limits/bytes-within-6-mb",
        "/bytes/4700000",
        &[Answer::Body(Payload::Counting(4_700_000))],
        &[ALB_OUT, VERCEL_OUT],
    )
    .source(LAMBDA),
    gets(
        "limits/bytes-over-6-mb",
        "/bytes/4800000",
        &[Answer::Body(Payload::Counting(4_800_000))],
        &[Forced::on(GATEWAYS, LAMBDA).refuses(CLEAR), ALB_OUT, VERCEL_OUT],
    )
    .source(LAMBDA),
    gets(
        "limits/text-within-6-mb",
        "/text/6200000",
        &[Answer::Body(Payload::Letters(6_200_000))],
        &[ALB_OUT, VERCEL_OUT],
    )
    .source(LAMBDA),
    gets(
        "limits/text-over-6-mb",
        "/text/6300000",
        &[Answer::Body(Payload::Letters(6_300_000))],
        &[Forced::on(GATEWAYS, LAMBDA).refuses(CLEAR), ALB_OUT, VERCEL_OUT],
    )
    .source(LAMBDA),
    Case::ask("limits/head-over-6-mb", "HEAD", "/bytes/6300000")
        .why("RFC 9110, 9.3.2: what has no content is never too large")
        .source(LAMBDA)
        .answer(&[Answer::Header("content-length", &["6300000"]), Answer::Body(Payload::None)]),
];
