use anyfn::{Context, Json};

#[anyfn::handler]
async fn hello(Json(name): Json<String>, _: Context) -> String { //~ ERROR only the last argument may consume
    //~^ ERROR not a handler
    name
}
