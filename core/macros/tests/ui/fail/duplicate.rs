anyfn::app! {
    queue("jobs") => one,
    queue("mail") => one,
    queue("jobs") => two, //~ ERROR `queue("jobs")` has a handler already
}

async fn one() {}
async fn two() {}
