anyfn::app! {
    http => hello,
    state = connect; //~ ERROR settings come before the triggers
}

async fn hello() {}
