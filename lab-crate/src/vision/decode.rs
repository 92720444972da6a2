//! From the bytes of a JPEG or PNG file to an image.
//!
//! The content decides, not the extension. Not here: which files (`listing.rs`). Read next: `png_pixels.rs`.

use std::path::Path;

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::image::Image;
use super::png_pixels;
use crate::{Error, Result};

/// The pixels of the largest image that is decoded unless told otherwise: 300 MB.
/// (PIL warns from 89 million on.)
pub(super) const MAX_PIXELS: usize = 100_000_000;
/// The largest side that JPEG can express.
const MAX_SIDE: usize = 65_535;

/// The image in the file at `path`.
///
/// # Errors
/// The file cannot be read, is no JPEG or PNG, is damaged, or has more than `max_pixels` pixels.
pub(crate) fn file(path: &Path, max_pixels: usize) -> Result<Image> {
    let bytes = std::fs::read(path).map_err(|source| Error::File { path: path.into(), source })?;
    image(&bytes, max_pixels)
        .map_err(|reason| Error::Data(format!("картинка «{}»: {reason}", path.display())))
}

/// The image in `bytes`; the error is a reason in Russian.
fn image(bytes: &[u8], max_pixels: usize) -> std::result::Result<Image, String> {
    let (width, height, pixels) = match bytes {
        [0xff, 0xd8, ..] => jpeg(bytes, max_pixels)?,
        [0x89, b'P', b'N', b'G', ..] => png_pixels::decode(bytes, max_pixels)?,
        [] => return Err("файл пуст".into()),
        _ => return Err("это не JPEG и не PNG; сохраните её в одном из этих форматов".into()),
    };
    Image::new(width, height, pixels).map_err(|error| error.to_string())
}

/// Tells an image of more than `max_pixels` pixels.
pub(super) fn check_size(
    width: usize,
    height: usize,
    max_pixels: usize,
) -> std::result::Result<(), String> {
    match width.checked_mul(height) {
        Some(pixels) if pixels <= max_pixels => Ok(()),
        _ => Err(format!(
            "размер {width} x {height}, а разрешено не больше {max_pixels} пикселей; уменьшите картинку \
             или увеличьте max_pixels"
        )),
    }
}

/// Width, height and pixels of a JPEG file.
fn jpeg(bytes: &[u8], max_pixels: usize) -> std::result::Result<(usize, usize, Vec<u8>), String> {
    let damaged = |error: &dyn std::fmt::Display| format!("файл JPEG повреждён ({error})");
    if !is_complete(bytes) {
        return Err("файл JPEG обрывается раньше конца".into());
    }
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(MAX_SIDE)
        .set_max_height(MAX_SIDE);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| damaged(&error))?;
    let (width, height) = decoder.dimensions().ok_or("в файле JPEG нет размеров")?;
    check_size(width, height, max_pixels)?;
    let pixels = decoder.decode().map_err(|error| damaged(&error))?;
    Ok((width, height, pixels))
}

/// Whether the mark of the end follows the last beginning of compressed data; without it the decoder would
/// paint the missing rows grey. (A small picture inside the header has marks of its own.)
fn is_complete(bytes: &[u8]) -> bool {
    let end = bytes.windows(2).rposition(|pair| pair == [0xff, 0xd9]);
    end.is_some_and(|end| !bytes[end..].windows(2).any(|pair| pair == [0xff, 0xda]))
}

#[cfg(test)]
#[path = "decode_tests.rs"]
pub(super) mod tests;
