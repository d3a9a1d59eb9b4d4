#[anyfn::handler]
struct Hello; //~ ERROR only a function with a body
