//! Pillow's resizing with the bilinear filter, which widens when an image shrinks ("antialias").
//!
//! The arithmetic is that of Pillow's `Resample.c` with shorter weights: a byte differs by 1 at most.
//! Not here: to which size (`transforms/resize.rs`). Read next: `view.rs`.

use fast_image_resize::images::{CroppedImage, Image as Target, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::image::Image;
use super::view::View;
use crate::{Error, Result};

/// The part that `view` shows, `width` by `height` pixels large. Pixels outside the part have no say.
///
/// # Errors
/// A side is 0 or too large.
pub(super) fn resize(view: View<'_>, width: usize, height: usize) -> Result<View<'_>> {
    if (view.width(), view.height()) == (width, height) {
        return Ok(view);
    }
    if view.is_flipped() {
        // The mirror image of a result may differ in its last bit from the result of a mirror image.
        return Ok(View::owned(resized(&View::owned(view.into_image()?), width, height)?));
    }
    Ok(View::owned(resized(&view, width, height)?))
}

fn resized(view: &View<'_>, width: usize, height: usize) -> Result<Image> {
    let refused = |error: &dyn std::fmt::Display| {
        Error::Argument(format!(
            "Resize: картинку {} x {} не удалось привести к {width} x {height}: {error}",
            view.width(),
            view.height()
        ))
    };
    let side = |n: usize| u32::try_from(n).map_err(|error| refused(&error));
    let (image, [left, top, w, h]) = view.part();
    let all =
        ImageRef::new(side(image.width())?, side(image.height())?, image.pixels(), PixelType::U8x3)
            .map_err(|error| refused(&error))?;
    let part = CroppedImage::new(&all, side(left)?, side(top)?, side(w)?, side(h)?)
        .map_err(|error| refused(&error))?;
    let mut target = Target::new(side(width)?, side(height)?, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize(&part, &mut target, &options).map_err(|error| refused(&error))?;
    Image::new(width, height, target.into_vec())
}
