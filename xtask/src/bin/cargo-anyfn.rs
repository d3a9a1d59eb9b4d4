//! `cargo anyfn`: the commands of `cargo xtask`, installed once for every repository, also where there is none yet.

use std::process::ExitCode;

fn main() -> ExitCode {
    anyfn_xtask::installed()
}
