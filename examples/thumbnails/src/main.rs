//! A photo is uploaded, and gets its thumbnails; it is removed, and they go with it.

mod album;
mod picture;
mod stores;
#[cfg(test)]
mod tests;
mod web;

use anyfn::{Context, Error, Item, ObjectEvent, Outcome, State};

use crate::album::{Album, Failure};

/// Made once for each cold start.
async fn open(cx: Context) -> Result<Album, Error> {
    Ok(Album { photos: stores::open(&cx, "photos")?, thumbnails: stores::open(&cx, "thumbnails")? })
}

/// A photo came or went. One that is no picture would be none the next time: it is told in the log, and does not come again.
async fn changed(cx: Context, State(album): State<Album>, Item(photo): Item<ObjectEvent>) -> Result<Outcome, Error> {
    match album.follow(&photo.key).await {
        Ok(done) => {
            cx.log(format!("{}: {done}", photo.key));
            Ok(Outcome::Done)
        }
        Err(Failure::Hopeless(why)) => Ok(Outcome::Drop { error: Error::internal(format!("{}: {why}", photo.key)) }),
        Err(Failure::Storage(error)) => Err(Error::internal(error)),
    }
}

anyfn::app! {
    state = open;
    http("/photos/{*key}") => web::photo,
    http("/thumbnails/{size}/{*key}") => web::thumbnail,
    object_created("photos") => changed,
    object_removed("photos") => changed,
}
