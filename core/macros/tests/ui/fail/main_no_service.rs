struct Router;

#[anyfn::main]
fn shop() -> Router { //~ ERROR `Router` is no handler
    Router
}
