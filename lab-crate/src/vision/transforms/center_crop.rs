//! The middle of an image. Read next: `random_resized_crop.rs`.

use super::check_side;
use crate::Result;
use crate::vision::Image;
use crate::vision::view::View;

/// Cuts the middle out; where the image is smaller, the rest is black (torchvision's `CenterCrop`).
///
/// ```
/// use lab::{Rng, vision::{Image, transforms::{CenterCrop, Compose}}};
/// let image = Image::new(3, 1, vec![10, 10, 10, 20, 20, 20, 30, 30, 30])?;
/// let middle = Compose::new().then(CenterCrop::new(1)).image(&image, &mut Rng::seed(0))?;
/// assert_eq!(middle.pixels(), [20, 20, 20]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CenterCrop {
    /// Height and width of the result, in pixels.
    pub size: (usize, usize),
}

impl CenterCrop {
    /// A square of `side` by `side` pixels.
    pub fn new(side: usize) -> Self {
        Self { size: (side, side) }
    }

    pub(super) fn check(&self) -> Result<()> {
        check_side("CenterCrop", self.size.0)?;
        check_side("CenterCrop", self.size.1)
    }

    pub(super) fn apply<'a>(&self, view: View<'a>) -> Result<View<'a>> {
        let (height, width) = self.size;
        let view = padded(view, width, height)?;
        let (left, top) = (middle(view.width() - width), middle(view.height() - height));
        Ok(view.crop(left, top, width, height))
    }
}

/// Half of what is left over; a half pixel is rounded to the even number, as Python's `round` does.
fn middle(rest: usize) -> usize {
    (rest as f64 / 2.0).round_ties_even() as usize
}

/// The image with black borders where it is smaller; the odd pixel goes to the right and the bottom.
fn padded<'a>(view: View<'a>, width: usize, height: usize) -> Result<View<'a>> {
    let (w, h) = (view.width(), view.height());
    if w >= width && h >= height {
        return Ok(view);
    }
    let (whole_width, whole_height) = (w.max(width), h.max(height));
    let (left, top) = ((whole_width - w) / 2, (whole_height - h) / 2);
    let image = view.into_image()?;
    let mut pixels = vec![0; whole_width * whole_height * 3];
    let rows = pixels.chunks_exact_mut(whole_width * 3).skip(top);
    for (to, from) in rows.zip(image.pixels().chunks_exact(w * 3)) {
        to[left * 3..(left + w) * 3].copy_from_slice(from);
    }
    Ok(View::owned(Image::new(whole_width, whole_height, pixels)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Compose;
    use super::*;
    use crate::Rng;

    /// The red bytes after the crop of an image whose pixel `i` is `i + 1`.
    fn red(width: usize, height: usize, size: (usize, usize)) -> Vec<u8> {
        let pixels = (0..width * height).flat_map(|i| [i as u8 + 1; 3]).collect();
        let image = Image::new(width, height, pixels).unwrap();
        let chain = Compose::new().then(CenterCrop { size });
        let image = chain.image(&image, &mut Rng::seed(0)).unwrap();
        assert_eq!((image.height(), image.width()), size);
        image.pixels().iter().step_by(3).copied().collect()
    }

    #[test]
    fn the_pixels_are_those_of_torchvision() {
        // import numpy as np; from PIL import Image; import torchvision.transforms.functional as F
        // def g(w, h, s):
        //     a = np.repeat(np.arange(1, w * h + 1, dtype=np.uint8).reshape(h, w, 1), 3, 2)
        //     return np.asarray(F.center_crop(Image.fromarray(a), s))[..., 0].ravel().tolist()
        // g(5, 4, (2, 2)); g(7, 3, (2, 4)); g(2, 2, (3, 5)); g(2, 5, (2, 3)); g(4, 1, (2, 3))
        let cases = [
            (5, 4, (2, 2), vec![8, 9, 13, 14]),
            (7, 3, (2, 4), vec![3, 4, 5, 6, 10, 11, 12, 13]),
            (2, 2, (3, 5), vec![0, 1, 2, 0, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0, 0]),
            (2, 5, (2, 3), vec![5, 6, 0, 7, 8, 0]),
            (4, 1, (2, 3), vec![1, 2, 3, 0, 0, 0]),
        ];
        for (width, height, size, expected) in cases {
            assert_eq!(red(width, height, size), expected, "{width} x {height} {size:?}");
        }
    }
}
