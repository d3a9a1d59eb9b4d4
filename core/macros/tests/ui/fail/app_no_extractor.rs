struct Name;

anyfn::app! {
    http => hello,
    queue("jobs") => job, //~ ERROR not a handler
}

async fn hello() {}
async fn job(_: Name) {}
