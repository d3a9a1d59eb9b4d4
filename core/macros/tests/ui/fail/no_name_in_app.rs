anyfn::app! {
    change => on_order, //~ ERROR write `change("table") => function`
}

async fn on_order() {}
