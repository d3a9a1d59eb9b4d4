//! `cargo xtask` of this repository: the same program that a user's repository gets from [`anyfn_xtask::main`].

use std::process::ExitCode;

fn main() -> ExitCode {
    anyfn_xtask::main()
}
