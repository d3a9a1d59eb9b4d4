#![deny(warnings)]

#[my_anyfn::main(crate = "my_anyfn")]
fn shop() -> my_anyfn::App {
    my_anyfn::App::builder().build()
}
