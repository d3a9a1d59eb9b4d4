#[anyfn::main(queue = "jobs")] //~ ERROR several triggers go into `anyfn::app!`
async fn shop() -> String {
    String::new()
}
