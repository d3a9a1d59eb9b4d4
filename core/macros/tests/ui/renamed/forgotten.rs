#[my_anyfn::handler] //~ ERROR `anyfn`
async fn hello() {}
