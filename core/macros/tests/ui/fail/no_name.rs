#[anyfn::handler(queue)] //~ ERROR needs the queue's name
async fn job() {}
