use anyfn::Json;

#[anyfn::handler]
async fn hello(Json(name): Json<std::borrow::Cow<'_, str>>) -> String { //~ ERROR a handler owns its arguments
    name.into_owned()
}
