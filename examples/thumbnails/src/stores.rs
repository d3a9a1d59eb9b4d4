//! Where objects are kept.

use std::sync::Arc;

use anyfn::{Context, Error};
use object_store::ObjectStore;
use object_store::memory::InMemory;

/// The bucket of this name: a folder in the one that the variable `STORE` names, or else memory, which ends with the instance.
pub(crate) fn open(cx: &Context, name: &str) -> Result<Arc<dyn ObjectStore>, Error> {
    match cx.env("STORE") {
        Some(folder) => folder_store(&folder, name),
        None => Ok(Arc::new(InMemory::new())),
    }
}

#[cfg(not(target_family = "wasm"))]
fn folder_store(folder: &str, name: &str) -> Result<Arc<dyn ObjectStore>, Error> {
    let folder = std::path::Path::new(folder).join(name);
    std::fs::create_dir_all(&folder).map_err(Error::internal)?;
    let store = object_store::local::LocalFileSystem::new_with_prefix(&folder).map_err(Error::internal)?;
    Ok(Arc::new(store))
}

#[cfg(target_family = "wasm")]
fn folder_store(folder: &str, _: &str) -> Result<Arc<dyn ObjectStore>, Error> {
    Err(Error::internal(format!("STORE is {folder}, and there are no folders here")))
}
