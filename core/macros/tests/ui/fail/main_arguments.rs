#[anyfn::main]
fn shop(_: String, _: String) -> &'static str { //~ ERROR nothing or one `anyfn::Context`
    "hello"
}
