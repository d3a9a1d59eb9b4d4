#[anyfn::handler]
async fn app() -> &'static str { //~ ERROR rename this one, or set `app = another_name`
    "hello"
}
