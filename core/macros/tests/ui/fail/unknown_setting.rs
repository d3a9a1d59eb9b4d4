anyfn::app! {
    stat = connect; //~ ERROR there is no setting `stat`
    http => hello,
}

async fn hello() {}
