//! Every trigger, in a crate that forbids what it can.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unreachable_pub, unused)]

use anyfn::{Body, Context, Custom, Error, Item, ObjectEvent, Path, Schedule, State};

#[derive(Clone)]
struct Shared(u8);

async fn connect(_: Context) -> Result<Shared, Error> {
    Ok(Shared(1))
}

async fn close(State(_): State<Shared>, _: Context) -> Result<(), Error> {
    Ok(())
}

mod api {
    pub(crate) async fn web(event: anyfn::Event) -> String {
        event.trigger().to_string()
    }
}

async fn user(State(shared): State<Shared>, Path(id): Path<u32>) -> String {
    format!("{id} of {}", shared.0)
}

async fn nightly(_: Schedule) -> Result<(), Error> {
    Ok(())
}

async fn job(Item(_): Item<Vec<u8>>) {}

async fn stored(Item(_): Item<ObjectEvent>) {}

async fn other(_: Custom) -> Body {
    Body::empty()
}

anyfn::app! {
    state = connect;
    on_shutdown = close;
    http => api::web,
    http("/users/{id}") => user,
    http("/closed") => async || "closed",
    schedule("0 3 * * *") => nightly,
    queue("thumbnails") => job,
    object_created("uploads") => stored,
    object_removed("uploads") => stored,
    change("orders") => job,
    message("topic") => job,
    custom => other,
}

#[test]
fn the_program_is_made() {
    let _ = app();
}
