//! The pixels of a PNG file in red, green and blue, as PIL's `convert("RGB")` makes them.
//!
//! Not here: JPEG (`decode.rs`).

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Limits, Transformations};

use super::decode::check_size;

/// Width, height and pixels; the error is a reason in Russian.
pub(super) fn decode(
    bytes: &[u8],
    max_pixels: usize,
) -> std::result::Result<(usize, usize, Vec<u8>), String> {
    let damaged = |error: png::DecodingError| format!("файл PNG повреждён ({error})");
    // Eight bytes a pixel, and room for what describes the image.
    let limits = Limits { bytes: max_pixels.saturating_mul(8).saturating_add(1 << 20) };
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), limits);
    // Palettes and depths below 8 bits become bytes.
    decoder.set_transformations(Transformations::EXPAND);
    let info = decoder.read_header_info().map_err(damaged)?;
    let (width, height) = (info.width as usize, info.height as usize);
    check_size(width, height, max_pixels)?;
    let mut reader = decoder.read_info().map_err(damaged)?;
    let size = reader.output_buffer_size().ok_or("картинка не помещается в память")?;
    let mut samples = vec![0; size];
    reader.next_frame(&mut samples).map_err(damaged)?;
    let (color, depth) = reader.output_color_type();
    Ok((width, height, rgb(samples, color, depth == BitDepth::Sixteen)))
}

/// The samples as triples of bytes; alpha is dropped.
fn rgb(samples: Vec<u8>, color: ColorType, is_wide: bool) -> Vec<u8> {
    let channels = color.samples();
    match (color, is_wide) {
        (ColorType::Rgb, false) => samples,
        // PIL keeps 16-bit grey as it is and clips it on conversion.
        (ColorType::Grayscale, true) => {
            let clipped = |pair: &[u8]| [if pair[0] > 0 { 255 } else { pair[1] }; 3];
            samples.chunks_exact(2).flat_map(clipped).collect()
        }
        // Of other 16-bit samples PIL keeps the high byte.
        (ColorType::GrayscaleAlpha, true) => {
            samples.chunks_exact(4).flat_map(|p| [p[0]; 3]).collect()
        }
        (_, true) => samples.chunks_exact(2 * channels).flat_map(|p| [p[0], p[2], p[4]]).collect(),
        (ColorType::Grayscale | ColorType::GrayscaleAlpha, false) => {
            samples.chunks_exact(channels).flat_map(|p| [p[0]; 3]).collect()
        }
        (_, false) => samples.chunks_exact(channels).flat_map(|p| [p[0], p[1], p[2]]).collect(),
    }
}
