use anyfn::{Context, Error};

async fn connect(_: Context) -> Result<u8, Error> {
    Ok(1)
}

#[anyfn::handler(state = connect, state = connect)] //~ ERROR `state` is set twice
async fn hello() {}
