struct Greeting;

#[anyfn::handler]
async fn hello() -> Greeting { //~ ERROR cannot be an answer
    //~^ ERROR not a handler
    Greeting
}
