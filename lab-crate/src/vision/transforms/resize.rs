//! To another size. Not here: how (`vision/resize.rs`). Read next: `center_crop.rs`.

use super::check_side;
use crate::vision::resize::resize;
use crate::vision::view::View;
use crate::{Error, Result};

/// The size that [`Resize`] makes.
///
/// ```
/// use lab::vision::transforms::{Resize, Size};
/// assert_eq!(Resize::new(256).size, Size::Shorter(256));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// The shorter side gets this length, the other one keeps the proportion.
    Shorter(usize),
    /// This height and this width.
    Exact(usize, usize),
}

/// Brings an image to a size with Pillow's bilinear filter (torchvision's `Resize` on images of PIL).
///
/// A byte differs from Pillow's by 1 at most.
///
/// ```
/// use lab::{Rng, vision::{Image, transforms::{Compose, Resize}}};
/// let image = Image::new(60, 40, vec![128; 7200])?;
/// let sides = |step| {
///     let image = Compose::new().then(step).image(&image, &mut Rng::seed(0))?;
///     lab::Result::Ok((image.width(), image.height()))
/// };
/// assert_eq!(sides(Resize::new(20))?, (30, 20)); // the shorter side gets 20
/// assert_eq!(sides(Resize::exact(20, 20))?, (20, 20));
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resize {
    /// The size.
    pub size: Size,
}

impl Resize {
    /// The shorter side gets `side` pixels.
    pub fn new(side: usize) -> Self {
        Self { size: Size::Shorter(side) }
    }

    /// `height` by `width` pixels, whatever the proportion.
    pub fn exact(height: usize, width: usize) -> Self {
        Self { size: Size::Exact(height, width) }
    }

    pub(super) fn check(&self) -> Result<()> {
        match self.size {
            Size::Shorter(side) => check_side("Resize", side),
            Size::Exact(height, width) => {
                check_side("Resize", height).and_then(|()| check_side("Resize", width))
            }
        }
    }

    pub(super) fn apply<'a>(&self, view: View<'a>) -> Result<View<'a>> {
        let (width, height) = match self.size {
            Size::Exact(height, width) => (width, height),
            Size::Shorter(side) => by_shorter(side, view.width(), view.height()),
        };
        // A very long strip could need more memory than there is.
        let (w, h) = (view.width(), view.height());
        if width.saturating_mul(height) > crate::vision::decode::MAX_PIXELS {
            return Err(Error::Argument(format!(
                "Resize: из картинки {w} x {h} вышла бы {width} x {height}, это слишком много; \
                 уменьшите размер или сначала вырежьте часть"
            )));
        }
        resize(view, width, height)
    }
}

/// Width and height with the shorter side `side`; the longer one is rounded down, as in torchvision.
fn by_shorter(side: usize, width: usize, height: usize) -> (usize, usize) {
    let longer =
        |long: usize, short: usize| ((side as f64 * long as f64 / short as f64) as usize).max(1);
    if width <= height { (side, longer(height, width)) } else { (longer(width, height), side) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Compose;
    use super::*;
    use crate::Rng;
    use crate::vision::Image;

    #[test]
    fn the_longer_side_is_rounded_down() {
        // import torchvision.transforms.v2.functional as F; from PIL import Image
        // [F.resize(Image.new("RGB", s), 256).size for s in ((500, 375), (375, 500), (333, 333), (768, 1023))]
        assert_eq!(by_shorter(256, 500, 375), (341, 256));
        assert_eq!(by_shorter(256, 375, 500), (256, 341));
        assert_eq!(by_shorter(256, 333, 333), (256, 256));
        assert_eq!(by_shorter(256, 768, 1023), (256, 341));
    }

    /// The image of the recorded numbers: `(x * x * 7 + y * 13 + c * 50 + x * y) % 256`.
    fn image(width: usize, height: usize) -> Image {
        let byte = |i: usize| {
            let (c, x, y) = (i % 3, i / 3 % width, i / 3 / width);
            ((x * x * 7 + y * 13 + c * 50 + x * y) % 256) as u8
        };
        Image::new(width, height, (0..width * height * 3).map(byte).collect()).unwrap()
    }

    #[test]
    fn the_bytes_are_pillows() {
        // import numpy as np; from PIL import Image
        // def im(w, h):
        //     y, x, c = np.mgrid[:h, :w, :3]
        //     return Image.fromarray(((x * x * 7 + y * 13 + c * 50 + x * y) % 256).astype(np.uint8))
        // def g(w, h, W, H): return np.asarray(im(w, h).resize((W, H), Image.Resampling.BILINEAR)).ravel().tolist()
        // g(23, 17, 5, 3); g(3, 2, 5, 4); g(9, 4, 9, 2)
        let cases: [(usize, usize, usize, usize, &[u8]); 3] = [
            (
                23,
                17,
                5,
                3,
                &[
                    87, 123, 149, 133, 125, 129, 129, 125, 130, 115, 126, 143, 117, 123, 144, 137,
                    148, 139, 133, 124, 126, 128, 123, 124, 130, 119, 124, 140, 119, 126, 155, 125,
                    96, 126, 122, 136, 131, 119, 124, 134, 145, 130, 127, 143, 118,
                ],
            ),
            (
                3,
                2,
                5,
                4,
                &[
                    0, 50, 100, 3, 53, 103, 7, 57, 107, 20, 70, 120, 28, 78, 128, 3, 53, 103, 6,
                    56, 106, 11, 61, 111, 24, 74, 124, 32, 82, 132, 10, 60, 110, 13, 63, 113, 18,
                    68, 118, 31, 81, 131, 39, 89, 139, 13, 63, 113, 16, 66, 116, 21, 71, 121, 34,
                    84, 134, 43, 93, 143,
                ],
            ),
            (
                9,
                4,
                9,
                2,
                &[
                    9, 59, 109, 17, 67, 117, 39, 89, 139, 74, 124, 174, 124, 174, 224, 188, 201,
                    32, 119, 60, 110, 101, 151, 201, 207, 111, 51, 30, 80, 130, 39, 89, 139, 62,
                    112, 162, 100, 150, 200, 151, 201, 141, 216, 47, 60, 39, 89, 139, 133, 183,
                    233, 240, 34, 84,
                ],
            ),
        ];
        for (w, h, width, height, expected) in cases {
            let chain = Compose::new().then(Resize::exact(height, width));
            let found = chain.image(&image(w, h), &mut Rng::seed(0)).unwrap();
            assert_eq!((found.width(), found.height()), (width, height));
            let apart = |(a, b): (&u8, &u8)| a.abs_diff(*b);
            let apart: Vec<u8> = found.pixels().iter().zip(expected).map(apart).collect();
            assert!(apart.iter().all(|&d| d <= 1), "{w} x {h}: {apart:?}");
            assert!(apart.iter().filter(|&&d| d > 0).count() * 8 <= apart.len(), "{apart:?}");
        }
    }

    #[test]
    fn odd_sizes_work_and_impossible_ones_are_told() {
        let resized = |w, h, step: Resize| {
            let found = Compose::new().then(step).image(&image(w, h), &mut Rng::seed(0));
            found.map(|image| (image.width(), image.height()))
        };
        assert_eq!(resized(1, 1, Resize::new(3)).unwrap(), (3, 3));
        assert_eq!(resized(50, 1, Resize::new(2)).unwrap(), (100, 2));
        assert_eq!(resized(1, 1, Resize::exact(1, 1)).unwrap(), (1, 1));
        assert!(resized(1, 1, Resize::exact(0, 1)).unwrap_err().to_string().contains("сторона 0"));
        let error = resized(1000, 1, Resize::new(30_000)).unwrap_err().to_string();
        assert!(error.contains("из картинки 1000 x 1 вышла бы 30000000 x 30000"), "{error}");
    }
}
