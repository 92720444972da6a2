//! Images cut into tiles of 6 x 6 and transformed.
//!
//! Not here: what follows (`mod.rs`, `gradient.rs`). Read next: `tile.rs`.

use pulp::{Simd, WithSimd};

use super::super::kernel::PAD;
use super::super::lanes::{Frame, fill_all, strips, to_pixels};
use super::super::real::{Real, dispatch};
use super::POINTS;
use super::tile::{self, both};
use crate::ops::pool;

/// Images are transformed in chunks of about this many numbers, which stay in the cache of the machine.
const CHUNK: usize = 1 << 20;

/// The sizes of one way from images to images.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    /// N.
    pub(super) images: usize,
    /// Channels, height, width.
    pub(super) from: [usize; 3],
    /// The same of the result.
    pub(super) to: [usize; 3],
    /// Rows and columns of tiles of an image.
    pub(super) tiles: [usize; 2],
    /// The frame of the images.
    pub(super) frame: Frame,
    /// Images that are transformed at once.
    pub(super) chunk: usize,
}

impl Plan {
    /// The way from images of size `from` with this padding to `k` channels of size `to`.
    pub(super) fn new(
        images: usize,
        from: [usize; 3],
        padding: usize,
        k: usize,
        to: [usize; 2],
    ) -> Self {
        let tiles = to.map(|size| size.div_ceil(4));
        let frame = Frame { border: [padding; 2], size: tiles.map(|tiles| 4 * tiles + 2) };
        let image = POINTS * tiles[0] * tiles[1] * from[0];
        let chunk = (CHUNK / image.max(1)).clamp(1, images.max(1));
        Self { images, from, to: [k, to[0], to[1]], tiles, frame, chunk }
    }

    /// The rows of tiles of so many images.
    pub(super) fn lines(&self, images: usize) -> usize {
        images * self.tiles[0]
    }

    /// How many numbers the transform of so many images has, with so many channels.
    pub(super) fn transformed(&self, images: usize, channels: usize) -> usize {
        POINTS * apart(self.lines(images) * self.tiles[1] * channels)
    }
}

/// From the numbers of one point of the transform to those of the next, at least `len`.
///
/// An odd number of cache lines: the 36 numbers of a tile would else share a few places of the caches.
pub(super) fn apart(len: usize) -> usize {
    (len.div_ceil(PAD) | 1) * PAD
}

/// Turns images and transforms them to `V (36, P, C)`; the numbers of `v` fit the number of images.
pub(super) fn transform_images<T: Real>(plan: &Plan, images: &[T], pixels: &mut [T], v: &mut [T]) {
    let (channels, image) = (plan.from[0], plan.from.iter().product());
    to_pixels(images, image, plan.from, plan.frame, pixels);
    let (line, each) = (plan.tiles[1] * channels, v.len() / POINTS);
    let cells = strips(v, each, line);
    let row = plan.frame.size[1] * channels;
    pool::for_each(plan.lines(images.len() / image), &|i| {
        let (n, y) = (i / plan.tiles[0], i % plan.tiles[0]);
        let pixels = &pixels[n * plan.frame.pixels() * channels + 4 * y * row..][..6 * row];
        fill_all(&cells, i, each.div_ceil(line), |out| {
            dispatch(ImageTiles { pixels, row, channels, out })
        });
    });
}

/// A row of tiles of one image.
struct ImageTiles<'a, 'b, T> {
    pixels: &'a [T],
    row: usize,
    channels: usize,
    out: &'a mut [&'b mut [T]],
}

impl<T: Real> WithSimd for ImageTiles<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = T::lanes::<S>();
        let tiles = self.out[0].len() / self.channels;
        for tile in 0..tiles {
            for c in (0..self.channels).step_by(lanes) {
                let at = 4 * tile * self.channels + c;
                let x = load_square(simd, self.pixels, at, [self.row, self.channels]);
                let v = both(
                    x,
                    #[inline(always)]
                    |x| tile::image::<S, T>(simd, x),
                );
                for (point, out) in self.out.iter_mut().enumerate() {
                    store(simd, out, tile * self.channels + c, v[point / 6][point % 6]);
                }
            }
        }
    }
}

/// The vector of the numbers from `at` on.
#[inline(always)]
pub(super) fn load<S: Simd, T: Real>(_simd: S, from: &[T], at: usize) -> T::Vector<S> {
    T::vectors::<S>(&from[at..][..T::lanes::<S>()])[0]
}

/// A square of vectors: the first at `at`, the next row after `steps[0]`, the next column after `steps[1]`.
#[inline(always)]
pub(super) fn load_square<S: Simd, T: Real, const N: usize>(
    simd: S,
    from: &[T],
    at: usize,
    steps: [usize; 2],
) -> [[T::Vector<S>; N]; N] {
    // Not zeros at first: the compiler would call memset for them, at every tile.
    let mut square = [[load(simd, from, at); N]; N];
    for (i, row) in square.iter_mut().enumerate() {
        for (j, vector) in row.iter_mut().enumerate() {
            *vector = load(simd, from, at + i * steps[0] + j * steps[1]);
        }
    }
    square
}

/// Stores a vector from number `at` on.
#[inline(always)]
pub(super) fn store<S: Simd, T: Real>(_simd: S, to: &mut [T], at: usize, vector: T::Vector<S>) {
    T::vectors_mut::<S>(&mut to[at..][..T::lanes::<S>()])[0] = vector;
}
