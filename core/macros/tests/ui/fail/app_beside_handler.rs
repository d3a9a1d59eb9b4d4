anyfn::app! {
    http => hello,
}

#[anyfn::handler(app = other)] //~ ERROR one_handler_or_app_per_program
//~^ ERROR `main` is defined
async fn hello() {}
