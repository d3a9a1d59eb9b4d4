#![doc = include_str!("../docs/crate.md")]

mod case;
mod cases;
mod check;
mod deliveries;
mod delivery;
mod driver;
mod expect;
mod happening;
mod matrix;
mod runner;

pub mod client;

pub use case::{Answer, Case, Forced, Is, Need, Payload, Request, Seen};
pub use cases::CASES;
pub use client::Reply;
pub use deliveries::DELIVERIES;
pub use delivery::{Delivery, Gives, judge_delivery};
pub use driver::{Driver, ENV, HttpDriver, Limits};
pub use happening::{Happening, Told};
pub use matrix::{deliveries as deliveries_matrix, matrix};
pub use runner::{Report, Verdict, judge, run};
