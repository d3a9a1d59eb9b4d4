#[anyfn::handler]
async fn one() -> &'static str {
    "one"
}

#[anyfn::handler] //~ ERROR one_handler_or_app_per_program
//~^ ERROR `app` is defined
//~^^ ERROR `main` is defined
async fn two() -> &'static str {
    "two"
}
