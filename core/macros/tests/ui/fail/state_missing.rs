use anyfn::State;

#[anyfn::handler]
async fn hello(State(count): State<u8>) -> String { //~ ERROR needs `state = …`
    //~^ ERROR not a handler
    count.to_string()
}
