mod api {
    #[anyfn::handler] //~ ERROR move this to main.rs
    pub async fn hello() -> &'static str {
        "hello"
    }
} //~ ERROR `main`
