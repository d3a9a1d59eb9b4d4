#[anyfn::handler]
async fn hello() -> String { //~ ERROR `Send`
    //~^ ERROR not a handler
    let kept = std::rc::Rc::new(1);
    anything().await;
    kept.to_string()
}

async fn anything() {}
