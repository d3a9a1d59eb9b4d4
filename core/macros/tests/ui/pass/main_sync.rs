#![deny(warnings)]

use anyfn::App;

async fn hello() -> &'static str {
    "hello"
}

#[anyfn::main]
fn shop() -> App {
    App::builder().http(hello).build()
}
