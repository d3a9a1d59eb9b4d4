#![deny(warnings)]

use anyfn::{Context, Error, Item, Json, Query};

/// An item by another name is an item.
type Job = Item<Vec<u8>>;

macro_rules! job {
    ($name:ident, $job:ty) => {
        #[anyfn::handler(queue = "jobs", app = jobs)]
        pub async fn $name(parts: Result<Query<Vec<(String, String)>>, Error>, cx: Context, builder: $job) {
            cx.log(format!("{} {}", parts.is_ok(), builder.0.len()));
        }
    };
}

job!(job, Job);

/// Beside a handler others stand that an `App` made by hand calls.
pub async fn hello(body: Option<Json<String>>) -> Result<impl anyfn::IntoResponse, Error> {
    Ok(body.map(|Json(name)| name).unwrap_or_default())
}

pub fn both() -> anyfn::App {
    let _ = jobs();
    anyfn::App::builder().http(hello).queue("jobs", job).build()
}
