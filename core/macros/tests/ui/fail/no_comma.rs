anyfn::app! {
    http => hello
    queue("jobs") => job, //~ ERROR a comma stands between two triggers
}

async fn hello() {}
async fn job() {}
