anyfn::app! {
    sqs("jobs") => job, //~ ERROR did you mean `queue`?
}

async fn job() {}
