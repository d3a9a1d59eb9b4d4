#![deny(warnings)]

#[my_anyfn::handler(crate = my_anyfn)]
async fn hello() -> &'static str {
    "hello"
}
