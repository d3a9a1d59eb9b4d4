use anyfn::Json;

pub struct Name;

#[anyfn::handler]
async fn hello(_: Json<Name>) -> &'static str { //~ ERROR `T` derives `serde::Deserialize`
    //~^ ERROR not a handler
    "hello"
}
