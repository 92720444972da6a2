//! A part of an image, maybe mirrored, whose pixels are not copied until they are needed.
//!
//! Not here: which part (`transforms/`). Read next: `transforms/compose.rs`.

use std::borrow::Cow;

use super::image::Image;
use crate::Result;

/// The numbers that the 256 values of a byte become, one table for each of the three channels.
pub(super) type Tables = [[f32; 256]; 3];

/// A rectangle of an image; `flipped` swaps its left and right.
#[derive(Clone)]
pub(super) struct View<'a> {
    image: Cow<'a, Image>,
    left: usize,
    top: usize,
    width: usize,
    height: usize,
    flipped: bool,
}

/// Bytes as numbers in `[0, 1]`.
pub(super) fn unit_values() -> [f32; 256] {
    std::array::from_fn(|byte| byte as f32 / 255.0)
}

impl<'a> View<'a> {
    /// All of `image`.
    pub(super) fn of(image: &'a Image) -> Self {
        Self::from(Cow::Borrowed(image))
    }

    fn from(image: Cow<'a, Image>) -> Self {
        let (width, height) = (image.width(), image.height());
        Self { image, left: 0, top: 0, width, height, flipped: false }
    }

    /// All of an image of its own.
    pub(super) fn owned(image: Image) -> Self {
        Self::from(Cow::Owned(image))
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// The image, with the left, top, width and height of the part in it, not mirrored.
    pub(super) fn part(&self) -> (&Image, [usize; 4]) {
        (&self.image, [self.left, self.top, self.width, self.height])
    }

    /// Whether left and right are swapped.
    pub(super) fn is_flipped(&self) -> bool {
        self.flipped
    }

    /// The mirror image.
    pub(super) fn flip(self) -> Self {
        Self { flipped: !self.flipped, ..self }
    }

    /// The part of `width` by `height` pixels whose corner is at `left`, `top`; it lies inside.
    pub(super) fn crop(self, left: usize, top: usize, width: usize, height: usize) -> Self {
        let width = width.min(self.width);
        let left = left.min(self.width - width);
        let height = height.min(self.height);
        let top = top.min(self.height - height);
        let left = if self.flipped { self.width - width - left } else { left };
        Self { left: self.left + left, top: self.top + top, width, height, ..self }
    }

    /// The bytes of row `y`, not mirrored.
    fn row(&self, y: usize) -> &[u8] {
        let from = ((self.top + y) * self.image.width() + self.left) * 3;
        &self.image.pixels()[from..from + self.width * 3]
    }

    /// The pixels as an image of their own.
    ///
    /// # Errors
    /// As for [`Image::new`].
    pub(super) fn into_image(self) -> Result<Image> {
        let is_whole = (self.width, self.height) == (self.image.width(), self.image.height());
        if is_whole && !self.flipped {
            return Ok(self.image.into_owned());
        }
        let mut pixels = Vec::with_capacity(self.width * self.height * 3);
        for y in 0..self.height {
            if self.flipped {
                self.row(y).chunks_exact(3).rev().for_each(|p| pixels.extend_from_slice(p));
            } else {
                pixels.extend_from_slice(self.row(y));
            }
        }
        Image::new(self.width, self.height, pixels)
    }

    /// Writes the pixels channel by channel, `(3, height, width)`, each byte by the table of its channel.
    pub(super) fn write(&self, tables: &Tables, out: &mut [f32]) {
        let mut planes = out.chunks_exact_mut(self.width * self.height);
        let (Some(red), Some(green), Some(blue)) = (planes.next(), planes.next(), planes.next())
        else {
            return;
        };
        let rows = red
            .chunks_exact_mut(self.width)
            .zip(green.chunks_exact_mut(self.width))
            .zip(blue.chunks_exact_mut(self.width));
        for (y, ((red, green), blue)) in rows.enumerate() {
            let places = red.iter_mut().zip(green).zip(blue);
            let pixels = self.row(y).chunks_exact(3);
            let put = |(((r, g), b), pixel): (((&mut f32, &mut f32), &mut f32), &[u8])| {
                *r = tables[0][usize::from(pixel[0])];
                *g = tables[1][usize::from(pixel[1])];
                *b = tables[2][usize::from(pixel[2])];
            };
            if self.flipped {
                places.zip(pixels.rev()).for_each(put);
            } else {
                places.zip(pixels).for_each(put);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Rng;

    /// The pixel at `x`, `y` holds `x`, `y` and 0.
    fn places(width: usize, height: usize) -> Image {
        let pixel = |i: usize| [(i % width) as u8, (i / width) as u8, 0];
        Image::new(width, height, (0..width * height).flat_map(pixel).collect()).unwrap()
    }

    #[test]
    fn crops_and_flips_in_any_order_equal_copies() {
        let mut rng = Rng::seed(4);
        for _ in 0..100 {
            let (width, height) = (1 + rng.below(9), 1 + rng.below(9));
            let image = places(width, height);
            let mut view = View::of(&image);
            let mut copy = image.clone();
            for _ in 0..4 {
                if rng.below(2) == 0 {
                    view = view.flip();
                    copy = View::owned(copy).flip().into_image().unwrap();
                } else {
                    let (w, h) = (1 + rng.below(copy.width()), 1 + rng.below(copy.height()));
                    let left = rng.below(copy.width() - w + 1);
                    let top = rng.below(copy.height() - h + 1);
                    view = view.crop(left, top, w, h);
                    copy = View::owned(copy).crop(left, top, w, h).into_image().unwrap();
                }
            }
            let mut planes = vec![0.0; copy.pixels().len()];
            view.write(&[unit_values(); 3], &mut planes);
            let expected = copy.to_tensor().unwrap().flatten_all().unwrap();
            assert_eq!(planes, expected.to_vec1::<f32>().unwrap());
            assert_eq!(view.into_image().unwrap(), copy);
        }
    }

    #[test]
    fn a_crop_of_the_mirror_image_is_counted_from_its_own_left() {
        let image = places(4, 1);
        let view = View::of(&image).flip().crop(0, 0, 2, 1).into_image().unwrap();
        assert_eq!(view.pixels(), [3, 0, 0, 2, 0, 0]);
    }
}
