use anyfn::Context;

#[anyfn::handler]
async fn hello(_: Context, _: Context, _: Context, _: Context, _: Context, _: Context, _: Context, _: Context, _: Context) {} //~ ERROR eight arguments at most
