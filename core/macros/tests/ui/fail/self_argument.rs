struct Shop;

impl Shop {
    #[anyfn::handler]
    async fn hello(&self) -> &'static str { //~ ERROR take `State<S>` in place of `self`
        "hello"
    }
}

fn main() {
    let _ = Shop.hello();
}
