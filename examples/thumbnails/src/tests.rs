//! The whole program in memory, and each promise by itself.

use std::io::Cursor;
use std::sync::Arc;

use anyfn::http::Method;
use anyfn::test::{self, block_on};
use anyfn::{Batch, Entry, Event, ObjectAction, ObjectEvent, Order, Outcome, Response};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageEncoder as _, ImageFormat, Rgb, RgbImage};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{Attribute, Attributes, ObjectStoreExt as _};

use crate::album::{Album, Done, Failure, path, put};
use crate::picture::{SIZES, thumbnails};

/// Red on the left, blue on the right.
fn halves(width: u32, height: u32) -> DynamicImage {
    let pixel = |x, _| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) };
    RgbImage::from_fn(width, height, pixel).into()
}

fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    file(&halves(width, height), ImageFormat::Jpeg)
}

/// The head of a PNG that says it is this large, and nothing of it.
fn png_bomb(side: u32) -> Vec<u8> {
    let mut bytes = file(&halves(1, 1), ImageFormat::Png);
    let head: Vec<u8> = [*b"IHDR", side.to_be_bytes(), side.to_be_bytes(), [8, 2, 0, 0]].concat();
    bytes[12..28].copy_from_slice(&head);
    let mut crc = u32::MAX;
    for byte in &bytes[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    bytes[29..33].copy_from_slice(&(!crc).to_be_bytes());
    bytes
}

fn sides(original: &[u8]) -> Vec<(u32, u32)> {
    let made = thumbnails(original).unwrap();
    made.iter().map(|made| image::load_from_memory(&made.bytes).unwrap()).map(|it| (it.width(), it.height())).collect()
}

#[test]
fn thumbnails_keep_their_shape_and_are_never_larger() {
    assert_eq!(sides(&jpeg(1920, 960)), [(960, 480), (320, 160), (96, 48)]);
    assert_eq!(sides(&jpeg(100, 200)), [(100, 200), (100, 200), (48, 96)]);
    assert_eq!(sides(&jpeg(5000, 1)), [(960, 1), (320, 1), (96, 1)]);
}

#[test]
fn thumbnails_have_their_originals_format() {
    for (format, content_type) in [(ImageFormat::Png, "image/png"), (ImageFormat::Jpeg, "image/jpeg")] {
        for made in thumbnails(&file(&halves(400, 400), format)).unwrap() {
            assert_eq!(image::guess_format(&made.bytes).unwrap(), format);
            assert_eq!(made.content_type, content_type);
        }
    }
}

#[test]
fn what_the_camera_held_sideways_is_upright() {
    // Exif: little-endian, one entry: orientation (0x112), a short, one of it, 6: turn it to the right.
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new(&mut bytes);
    encoder.set_exif_metadata(exif).unwrap();
    halves(800, 400).write_with_encoder(encoder).unwrap();
    for (made, size) in thumbnails(&bytes).unwrap().into_iter().zip([800, 320, 96]) {
        let made = image::load_from_memory(&made.bytes).unwrap().to_rgb8();
        assert_eq!(made.dimensions(), (size / 2, size));
        let (above, below) = (made.get_pixel(size / 4, size / 8), made.get_pixel(size / 4, size - size / 8));
        assert!(above[0] > 200 && above[2] < 60, "the left, red, is above: {above:?}");
        assert!(below[2] > 200 && below[0] < 60, "{below:?}");
    }
}

#[test]
fn a_small_file_that_claims_to_be_huge_is_not_unpacked() {
    for side in [5_000, 60_000, u32::MAX >> 1] {
        let error = thumbnails(&png_bomb(side)).unwrap_err();
        assert!(matches!(error, image::ImageError::Limits(_)), "{side}: {error:?}");
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let whole = jpeg(8, 8);
    for end in (0..whole.len()).step_by(5) {
        let _ = thumbnails(&whole[..end]);
        let mut wrong = whole.clone();
        wrong[end] ^= 0xff;
        let _ = thumbnails(&wrong);
    }
    assert!(thumbnails(b"GIF89a").is_err());
    assert!(thumbnails(b"").is_err());
}

fn album() -> Album {
    Album { photos: Arc::new(InMemory::new()), thumbnails: Arc::new(InMemory::new()) }
}

fn upload(album: &Album, key: &str, bytes: Vec<u8>) {
    let attributes =
        Attributes::from_iter([(Attribute::ContentType, "image/jpeg"), (Attribute::Metadata("author".into()), "Ada")]);
    block_on(put(&*album.photos, &Path::parse(key).unwrap(), bytes.into(), attributes)).unwrap();
}

/// When the thumbnails of a photo were written, and what their attributes are.
fn kept(album: &Album, key: &str) -> Vec<(std::time::SystemTime, Attributes)> {
    let key = Path::parse(key).unwrap();
    let found = SIZES.iter().filter_map(|size| block_on(album.thumbnails.get(&path(*size, &key))).ok());
    found.map(|found| (found.meta.last_modified.into(), found.attributes)).collect()
}

#[test]
fn thumbnails_say_where_they_come_from() {
    let album = album();
    upload(&album, "trips/açores 1.jpg", jpeg(400, 300));
    assert_eq!(block_on(album.follow("trips/açores 1.jpg")).unwrap(), Done::Made);
    let kept = kept(&album, "trips/açores 1.jpg");
    assert_eq!(kept.len(), 3);
    for (_, attributes) in kept {
        let get = |name: &'static str| {
            attributes.get(&Attribute::Metadata(name.into())).map(|value| value.as_ref().to_owned())
        };
        assert_eq!(attributes.get(&Attribute::ContentType).map(|kind| &**kind), Some("image/jpeg"));
        assert_eq!(get("author").as_deref(), Some("Ada"));
        assert_eq!(get("original").as_deref(), Some("trips/a%C3%A7ores%201.jpg"));
        assert_eq!(get("original-etag").as_deref(), Some("0"));
    }
}

#[test]
fn the_same_event_twice_writes_once_and_a_new_photo_anew() {
    let album = album();
    upload(&album, "a.jpg", jpeg(400, 300));
    assert_eq!(block_on(album.follow("a.jpg")).unwrap(), Done::Made);
    let first = kept(&album, "a.jpg");
    assert_eq!(block_on(album.follow("a.jpg")).unwrap(), Done::MadeBefore);
    assert_eq!(kept(&album, "a.jpg"), first);
    upload(&album, "a.jpg", jpeg(200, 300));
    assert_eq!(block_on(album.follow("a.jpg")).unwrap(), Done::Made);
    assert_eq!(kept(&album, "a.jpg").len(), 3);
}

#[test]
fn thumbnails_that_one_lost_are_made_again() {
    let album = album();
    upload(&album, "a.jpg", jpeg(400, 300));
    block_on(album.follow("a.jpg")).unwrap();
    block_on(album.thumbnails.delete(&path(96, &Path::from("a.jpg")))).unwrap();
    assert_eq!(block_on(album.follow("a.jpg")).unwrap(), Done::Made);
    assert_eq!(kept(&album, "a.jpg").len(), 3);
}

#[test]
fn a_removed_photo_takes_its_thumbnails_away_and_nothing_else() {
    let album = album();
    for key in ["a.jpg", "b.jpg"] {
        upload(&album, key, jpeg(40, 30));
        block_on(album.follow(key)).unwrap();
    }
    block_on(album.photos.delete(&Path::from("a.jpg"))).unwrap();
    for _ in 0..2 {
        assert_eq!(block_on(album.follow("a.jpg")).unwrap(), Done::Removed);
    }
    assert_eq!((kept(&album, "a.jpg").len(), kept(&album, "b.jpg").len()), (0, 3));
}

#[test]
fn a_photo_that_becomes_something_else_has_no_thumbnails_of_what_it_was() {
    let album = album();
    upload(&album, "a.jpg", jpeg(40, 30));
    block_on(album.follow("a.jpg")).unwrap();
    upload(&album, "a.jpg", b"not a picture".to_vec());
    assert!(matches!(block_on(album.follow("a.jpg")), Err(Failure::Hopeless(_))));
    assert!(kept(&album, "a.jpg").is_empty());
}

#[test]
fn a_thumbnail_gets_none_even_where_there_is_one_bucket_for_all() {
    let one: Arc<InMemory> = Arc::default();
    let album = Album { photos: one.clone(), thumbnails: one };
    upload(&album, "a.jpg", jpeg(40, 30));
    block_on(album.follow("a.jpg")).unwrap();
    for size in SIZES {
        let own = path(size, &Path::from("a.jpg"));
        assert!(matches!(block_on(album.follow(own.as_ref())), Err(Failure::Hopeless(_))), "{own}");
        assert!(block_on(album.photos.head(&path(size, &own))).is_err());
    }
}

#[test]
fn a_file_too_large_is_not_read() {
    let album = album();
    upload(&album, "a.jpg", vec![0; 20 * 1024 * 1024 + 1]);
    let Err(Failure::Hopeless(why)) = block_on(album.follow("a.jpg")) else { panic!("it was read") };
    assert!(why.contains("20971521 bytes are more than"), "{why}");
}

#[test]
fn keys_that_no_store_takes_are_hopeless() {
    for key in ["a//b.jpg", "../a.jpg"] {
        assert!(matches!(block_on(album().follow(key)), Err(Failure::Hopeless(_))), "{key}");
    }
}

#[test]
fn of_a_batch_the_broken_one_alone_is_dropped() {
    let (app, memory) = (crate::app(), test::Memory::default());
    for (key, bytes) in [("a.jpg", jpeg(40, 30)), ("broken.jpg", jpeg(40, 30)[..100].to_vec()), ("b.jpg", jpeg(40, 30))]
    {
        let answer =
            block_on(test::request(Method::PUT, &format!("/photos/{key}")).body(bytes).within(&memory).send_to(&app));
        assert_eq!(answer.status(), 201);
    }
    let events = ["a.jpg", "broken.jpg", "b.jpg"].map(|key| ObjectEvent::new(ObjectAction::Created, "photos", key));
    let entries = events.into_iter().zip(0_u8..).map(|(event, place)| Entry::new(place.to_string(), event));
    let event = Event::Object(Batch::new("photos", Order::Unordered, entries));
    let Ok(Response::Batch(outcomes)) = block_on(test::send(&app, event, &memory)) else { panic!("no outcomes") };
    assert!(matches!(outcomes[..], [Outcome::Done, Outcome::Drop { .. }, Outcome::Done]), "{outcomes:?}");
    assert!(memory.log_lines().iter().any(|line| line.contains("broken.jpg")), "{:?}", memory.log_lines());
    for (key, status) in [("a.jpg", 200), ("broken.jpg", 404), ("b.jpg", 200)] {
        let answer = block_on(test::get(&format!("/thumbnails/96/{key}")).within(&memory).send_to(&app));
        assert_eq!(answer.status(), status, "{key}");
    }
}

#[test]
fn where_the_storage_fails_the_photo_comes_again() {
    let folder = std::env::temp_dir().join(format!("anyfn-thumbnails-down-{}", std::process::id()));
    let (app, memory) = (crate::app(), test::Memory::default().env("STORE", folder.to_str().unwrap()));
    let photo = test::request(Method::PUT, "/photos/a.jpg").body(jpeg(40, 30));
    assert_eq!(block_on(photo.within(&memory).send_to(&app)).status(), 201);
    let stored = || block_on(test::object_created("photos", "a.jpg").within(&memory).send_to(&app)).failed();
    let bucket = folder.join("thumbnails");
    std::fs::remove_dir(&bucket).unwrap();
    std::fs::write(&bucket, "no folder").unwrap();
    assert_eq!(stored(), [0], "{:?}", memory.log_lines());
    std::fs::remove_file(&bucket).unwrap();
    std::fs::create_dir(&bucket).unwrap();
    assert!(stored().is_empty(), "{:?}", memory.log_lines());
    std::fs::remove_dir_all(&folder).unwrap();
}
