#![forbid(unsafe_code)]
#![deny(warnings)]

use anyfn::{Context, Error, Schedule, State};

async fn connect(_: Context) -> Result<String, Error> {
    Ok("hello".to_owned())
}

#[anyfn::handler(
    path = "/hello",
    schedule = "0 3 * * mon-fri",
    queue = "a",
    object_created = "b",
    object_removed = "b",
    change = "c",
    message = "d",
    custom,
    state = connect,
    app = program,
)]
async fn hello(State(hello): State<String>, tick: Option<Schedule>) -> String {
    format!("{hello} {}", tick.is_some())
}

/// Still a function, and beside it one that may be called `app`.
pub fn app() -> anyfn::App {
    let _ = hello(State(String::new()), None);
    program()
}
