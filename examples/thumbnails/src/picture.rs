//! A picture made smaller.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageError, ImageFormat, ImageReader, ImageResult,
    Limits,
};

/// How long the longer side of each thumbnail may be, in pixels; the largest first.
pub(crate) const SIZES: [u32; 3] = [960, 320, 96];
/// What a picture may take when it is unpacked: 16 million pixels of a JPEG. A file of some kilobytes can claim gigabytes.
const MOST_MEMORY: u64 = 48 << 20;
const QUALITY: u8 = 82;

/// A thumbnail, in its original's format.
#[derive(Debug)]
pub(crate) struct Thumbnail {
    pub(crate) size: u32,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// One for each of [`SIZES`]; none is larger than the original.
///
/// Nothing of the metadata within the file is kept but its colours' profile, so that no thumbnail says where it was taken.
pub(crate) fn thumbnails(original: &[u8]) -> ImageResult<Vec<Thumbnail>> {
    let mut reader = ImageReader::new(Cursor::new(original)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits.clone());
    let format = reader.format();
    let mut decoder = reader.into_decoder()?;
    limits.reserve(decoder.total_bytes())?;
    let orientation = decoder.orientation()?;
    // What is decoded from inks is in other colours than its profile speaks of.
    let inks = decoder.original_color_type() == ExtendedColorType::Cmyk8;
    let profile = if inks { None } else { decoder.icc_profile()? };
    let mut picture = DynamicImage::from_decoder(decoder)?;
    let mut thumbnails = Vec::with_capacity(SIZES.len());
    for size in SIZES {
        if picture.width().max(picture.height()) > size {
            picture = picture.thumbnail(size, size);
        }
        // The small one is turned, not the original: turning copies.
        let mut turned = picture.clone();
        turned.apply_orientation(orientation);
        thumbnails.push(encoded(&turned, size, format, profile.as_deref())?);
    }
    Ok(thumbnails)
}

fn encoded(
    picture: &DynamicImage,
    size: u32,
    format: Option<ImageFormat>,
    profile: Option<&[u8]>,
) -> ImageResult<Thumbnail> {
    fn with<E: ImageEncoder>(mut encoder: E, picture: &DynamicImage, profile: Option<&[u8]>) -> ImageResult<()> {
        if let Some(profile) = profile {
            encoder.set_icc_profile(profile.to_vec()).map_err(ImageError::Unsupported)?;
        }
        picture.write_with_encoder(encoder)
    }
    let mut bytes = Vec::new();
    let content_type = if format == Some(ImageFormat::Jpeg) {
        with(JpegEncoder::new_with_quality(&mut bytes, QUALITY), picture, profile)?;
        "image/jpeg"
    } else {
        with(PngEncoder::new(&mut bytes), picture, profile)?;
        "image/png"
    };
    Ok(Thumbnail { size, content_type, bytes })
}
