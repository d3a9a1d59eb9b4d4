anyfn::app! {
    custom("other") => other, //~ ERROR has no name
}

async fn other() {}
