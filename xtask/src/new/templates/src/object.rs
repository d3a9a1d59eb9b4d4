//! Looks at what is uploaded.

use anyfn::{Context, Error, Item, ObjectEvent, handler};

/// Called for each object that is stored in the bucket; one that fails comes again, alone.
#[handler(object_created = "uploads")]
async fn stored(cx: Context, Item(object): Item<ObjectEvent>) -> Result<(), Error> {
    cx.log(format!(
        "{} has {} bytes",
        object.key,
        object.size.unwrap_or_default()
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use anyfn::test::{block_on, object_created};

    use super::stored;

    #[test]
    fn names_the_object() {
        let outcome = block_on(object_created("uploads", "a picture.png").send(stored));
        assert!(outcome.is_done());
        assert_eq!(outcome.log_lines(), ["a picture.png has 0 bytes"]);
    }
}
