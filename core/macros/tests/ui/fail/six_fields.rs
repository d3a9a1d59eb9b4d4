anyfn::app! {
    schedule("0 0 3 * * *") => nightly, //~ ERROR has 5 fields
}

async fn nightly() {}
