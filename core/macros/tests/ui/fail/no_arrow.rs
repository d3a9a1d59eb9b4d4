anyfn::app! {
    http = hello, //~ ERROR there is no setting `http`
}

async fn hello() {}
