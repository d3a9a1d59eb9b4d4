#[anyfn::handler]
async fn hello() -> &'static str {
    "hello"
}

fn main() {} //~ ERROR `main`
