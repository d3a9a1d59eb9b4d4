//! `cargo xtask`: anyfn's commands, at the version that this repository pins.

fn main() -> std::process::ExitCode {
    anyfn_xtask::main()
}
