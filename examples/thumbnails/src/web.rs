//! The photos from outside. Whose login may upload and remove is yours to add.

use anyfn::http::{Method, Request, Response, StatusCode, header};
use anyfn::{Body, Error, Path, State};
use object_store::path::Path as Key;
use object_store::{Attribute, Attributes, ObjectStoreExt as _};

use crate::album::{self, Album, MOST_BYTES};

/// `PUT` stores a photo, `DELETE` removes it.
pub(crate) async fn photo(
    State(album): State<Album>,
    Path(key): Path<String>,
    request: Request<Body>,
) -> Result<StatusCode, Error> {
    let key = location(&key)?;
    if request.method() == Method::DELETE {
        album::present(album.photos.delete(&key).await).map_err(Error::internal)?;
        return Ok(StatusCode::NO_CONTENT);
    }
    if request.method() != Method::PUT {
        return Err(Error::new(StatusCode::METHOD_NOT_ALLOWED));
    }
    let mut attributes = Attributes::new();
    if let Some(kind) = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) {
        attributes.insert(Attribute::ContentType, kind.to_owned().into());
    }
    let bytes = request.into_body().collect(MOST_BYTES as usize).await?;
    album::put(&*album.photos, &key, bytes, attributes).await.map_err(Error::internal)?;
    Ok(StatusCode::CREATED)
}

/// A thumbnail.
pub(crate) async fn thumbnail(
    State(album): State<Album>,
    Path((size, key)): Path<(u32, String)>,
) -> Result<Response<Body>, Error> {
    let found = album.thumbnails.get(&album::path(size, &location(&key)?)).await;
    let found = album::present(found).map_err(Error::internal)?.ok_or_else(Error::not_found)?;
    let bytes = found.bytes().await.map_err(Error::internal)?;
    let format = image::guess_format(&bytes).map_err(Error::internal)?;
    let answer = Response::builder().header(header::CONTENT_TYPE, format.to_mime_type());
    answer.body(Body::from(bytes)).map_err(Error::internal)
}

fn location(key: &str) -> Result<Key, Error> {
    Key::parse(key).map_err(|error| Error::bad_request(error.to_string()))
}
