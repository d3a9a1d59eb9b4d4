#[anyfn::handler]
async fn main() -> &'static str { //~ ERROR give this function another name
    "hello"
}
