#[anyfn::handler(queue = "arn:aws:sqs:eu-west-1:123456789012:jobs")] //~ ERROR package.metadata.anyfn.bind
async fn job() {}
