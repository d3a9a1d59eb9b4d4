#[anyfn::handler]
async unsafe fn hello() -> &'static str { //~ ERROR remove `unsafe`
    "hello"
}
