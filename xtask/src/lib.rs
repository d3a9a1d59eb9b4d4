//! Builds, runs and tests anyfn functions: the program behind `cargo xtask`.
//!
//! A repository of its own gets all commands with a crate of three lines:
//!
//! ```no_run
//! // xtask/src/main.rs, with `anyfn-xtask` as its one dependency and, in `.cargo/config.toml`,
//! // [alias]
//! // xtask = "run --package xtask --"
//! fn main() -> std::process::ExitCode {
//!     anyfn_xtask::main()
//! }
//! ```
//!
//! Nothing here knows the folders of anyfn's own repository: packages, the name under which a package depends on
//! anyfn, and the target folder all come from `cargo metadata`.

use std::process::ExitCode;

pub mod bench;
pub mod build;
pub mod coldstart;
pub mod commands;
pub mod deploy;
pub mod dev;
pub mod doctor;
pub mod local;
pub mod new;
pub mod project;
pub mod settings;
pub mod tools;
pub mod ui;

/// Parses the command line, runs the command and turns its error into a message and an exit code.
///
/// Exit codes: 0 success, 1 the command failed, 2 the command line was wrong.
pub fn main() -> ExitCode {
    ended(commands::dispatch(false))
}

/// [`main`], for a program that is installed as `cargo anyfn`.
pub fn installed() -> ExitCode {
    ui::installed();
    ended(commands::dispatch(true))
}

fn ended(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui::error(&error);
            ExitCode::FAILURE
        }
    }
}
