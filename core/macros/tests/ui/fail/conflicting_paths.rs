anyfn::app! {
    http("/users/{id}") => one,
    http("/users/{name}") => two, //~ ERROR cannot be told from another one
}

async fn one() {}
async fn two() {}
