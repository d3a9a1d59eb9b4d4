#![deny(warnings)]

async fn hello() -> &'static str {
    "hello"
}

my_anyfn::app! {
    crate = my_anyfn;
    http => hello,
}
