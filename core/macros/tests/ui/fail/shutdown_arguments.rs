use anyfn::Query;

async fn hello() {}

async fn close(_: Query<()>) {}

anyfn::app! {
    on_shutdown = close; //~ ERROR nothing that can be called at the end
    http => hello,
}
