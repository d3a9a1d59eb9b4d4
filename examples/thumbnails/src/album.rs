//! The photos' thumbnails, kept as the photos are.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, GetOptions, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutOptions,
    Result as Stored,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::picture::{SIZES, thumbnails};

/// What every thumbnail's key begins with, so that it is known for one even where both names mean one bucket.
const PREFIX: &str = "thumbnails";
/// A larger file is not read.
pub(crate) const MOST_BYTES: u64 = 20 << 20;
/// How often a photo may change while its thumbnails are made.
const TURNS: usize = 3;
/// Where a thumbnail comes from: the original's key, escaped as in a URL since other metadata than ASCII gets lost, ...
const ORIGINAL: Attribute = Attribute::Metadata(std::borrow::Cow::Borrowed("original"));
/// ... and its entity tag.
const ORIGINAL_ETAG: Attribute = Attribute::Metadata(std::borrow::Cow::Borrowed("original-etag"));
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// The photos and their thumbnails.
#[derive(Clone)]
pub(crate) struct Album {
    pub(crate) photos: Arc<dyn ObjectStore>,
    pub(crate) thumbnails: Arc<dyn ObjectStore>,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Made,
    MadeBefore,
    Removed,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Made => "its thumbnails are made",
            Self::MadeBefore => "its thumbnails were made before",
            Self::Removed => "it is gone, and so are its thumbnails",
        })
    }
}

/// Why nothing was done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The file is the reason: it would fail again.
    Hopeless(String),
    /// The storage is: it may be well again later.
    Storage(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Storage(error)
    }
}

impl Album {
    /// Makes the thumbnails what the photo of this key demands *now*. What an event says of it may be late, so it is not
    /// asked.
    pub(crate) async fn follow(&self, key: &str) -> Result<Done, Failure> {
        let key = Path::parse(key).map_err(|error| Failure::Hopeless(error.to_string()))?;
        if key.prefix_matches(&Path::from(PREFIX)) {
            return Err(Failure::Hopeless(format!("what begins with {PREFIX}/ is a thumbnail, and gets none")));
        }
        for _ in 0..TURNS {
            let original = present(self.photos.get(&key).await)?;
            let before = original.as_ref().map(|original| version(&original.meta));
            let done = match original {
                Some(original) => self.make(&key, original).await,
                None => self.remove(&key).await.map(|()| Done::Removed).map_err(Failure::from),
            };
            // Two events of one photo may run at the same time, and the later writer may have read the earlier photo.
            let after = present(self.photos.head(&key).await)?;
            if before == after.as_ref().map(version) {
                return done;
            }
        }
        let source = "the photo changes faster than its thumbnails are made".into();
        Err(Failure::Storage(Error::Generic { store: "photos", source }))
    }

    async fn make(&self, key: &Path, original: GetResult) -> Result<Done, Failure> {
        let etag = version(&original.meta);
        if self.has(key, &etag).await? {
            return Ok(Done::MadeBefore);
        }
        let made = if original.meta.size > MOST_BYTES {
            Err(format!("{} bytes are more than {MOST_BYTES}", original.meta.size))
        } else {
            let mut attributes = original.attributes.clone();
            attributes.insert(ORIGINAL, utf8_percent_encode(key.as_ref(), ESCAPED).to_string().into());
            attributes.insert(ORIGINAL_ETAG, etag.into());
            let bytes = original.bytes().await?;
            thumbnails(&bytes).map(|made| (made, attributes)).map_err(|error| error.to_string())
        };
        match made {
            Ok((made, attributes)) => {
                for thumbnail in made {
                    let mut attributes = attributes.clone();
                    attributes.insert(Attribute::ContentType, thumbnail.content_type.into());
                    put(&*self.thumbnails, &path(thumbnail.size, key), thumbnail.bytes.into(), attributes).await?;
                }
                Ok(Done::Made)
            }
            Err(why) => {
                // Those of the picture that it was before.
                self.remove(key).await?;
                Err(Failure::Hopeless(why))
            }
        }
    }

    /// Whether all thumbnails are there, of this version.
    async fn has(&self, key: &Path, etag: &str) -> Stored<bool> {
        for size in SIZES {
            let head = GetOptions::new().with_head(true);
            let kept = present(self.thumbnails.get_opts(&path(size, key), head).await)?;
            let of = kept.as_ref().and_then(|kept| kept.attributes.get(&ORIGINAL_ETAG));
            if of.is_none_or(|of| &**of != etag) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn remove(&self, key: &Path) -> Stored<()> {
        for size in SIZES {
            present(self.thumbnails.delete(&path(size, key)).await)?;
        }
        Ok(())
    }
}

/// Where the thumbnail of a photo is kept: the same place each time, so that making it again changes nothing.
pub(crate) fn path(size: u32, key: &Path) -> Path {
    [PREFIX.into(), size.to_string().into()].into_iter().chain(key.parts()).collect()
}

/// Stores an object. A folder keeps bytes alone.
pub(crate) async fn put(store: &dyn ObjectStore, path: &Path, bytes: Bytes, attributes: Attributes) -> Stored<()> {
    let options = PutOptions { attributes, ..PutOptions::default() };
    match store.put_opts(path, bytes.clone().into(), options).await {
        Err(Error::NotImplemented { .. }) => store.put(path, bytes.into()).await.map(drop),
        other => other.map(drop),
    }
}

/// What is there, or nothing.
pub(crate) fn present<T>(found: Stored<T>) -> Stored<Option<T>> {
    match found {
        Err(Error::NotFound { .. }) => Ok(None),
        other => other.map(Some),
    }
}

/// What tells a photo from the one that was there before.
fn version(meta: &ObjectMeta) -> String {
    let written = || format!("{}-{}", meta.last_modified.timestamp_micros(), meta.size);
    meta.e_tag.as_ref().map_or_else(written, |etag| etag.trim_matches('"').to_owned())
}
