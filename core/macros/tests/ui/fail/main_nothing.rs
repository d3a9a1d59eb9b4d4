#[anyfn::main]
fn shop() {} //~ ERROR nothing is served
