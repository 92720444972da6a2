//! Pixels of images from pixels of other images, the common part of the result and of the gradient of the images.
//!
//! Not here: which pixels meet which places of the kernel (`direct.rs`). Read next: `kernel.rs`.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::buffer::Buffer;
use super::finish::Finish;
use super::kernel::{PAD, PANEL, Product, Rows};
use super::lanes::{Cell, Frame, strips, to_pixels, to_planes};
use super::real::{Real, dispatch};
use crate::ops::pool;

/// Images are turned in chunks of about this many numbers, which stay in the cache of the machine.
pub(super) const CHUNK: usize = 1 << 20;
/// A piece of work makes about this many pixels.
const PIXELS: usize = 448;
/// With fewer pieces than this, pieces are also cut by channels.
const PIECES: usize = 16;

/// Pixels of one image from pixels of another, for one group.
///
/// Pixel `(y, x)` of the result belongs to the class with the remainders of `y + shift` and `x + shift` by
/// `step`; its row of the product begins at pixel `(y + shift) / step * from_step`, the same for x.
pub(super) struct Job<'a, T> {
    /// The group and the number of groups.
    pub(super) groups: [usize; 2],
    /// N.
    pub(super) images: usize,
    /// The frame of the images that are read.
    pub(super) frame: Frame,
    /// Channels of one group, height, width.
    pub(super) from: [usize; 3],
    /// The same of the result.
    pub(super) to: [usize; 3],
    /// How long a part of the sum is.
    pub(super) depth: usize,
    /// The turned weights.
    pub(super) filters: &'a [T],
    /// The parts of the sums: places in the images and in the weights.
    pub(super) segments: &'a [(usize, usize)],
    /// The classes: remainders of y and x, and which segments they have.
    pub(super) classes: &'a [([usize; 2], Range<usize>)],
    /// See above.
    pub(super) step: usize,
    /// See above.
    pub(super) from_step: usize,
    /// See above.
    pub(super) shift: usize,
    /// What happens to the result.
    pub(super) finish: Finish<'a, T>,
}

impl<T: Real> Job<'_, T> {
    /// Computes the images `to` from the images `from`, both of all groups.
    pub(super) fn run(&self, from: &[T], to: &mut [T]) {
        let [channels, height, width] = self.from;
        let [group, groups] = self.groups;
        let step = groups * channels * height * width;
        let image = self.frame.pixels() * channels;
        let chunk = (CHUNK / image.max(1)).clamp(1, self.images.max(1));
        let mut pixels = Buffer::new(chunk * image);
        let per_image = groups * self.to[0] * self.to[1] * self.to[2];
        for first in (0..self.images).step_by(chunk) {
            let images = chunk.min(self.images - first);
            let begin = first * step + group * channels * height * width;
            let pixels = &mut pixels[..images * image];
            to_pixels(&from[begin..], step, self.from, self.frame, pixels);
            self.chunk(pixels, &mut to[first * per_image..][..images * per_image]);
        }
    }

    /// The result for some images, turned.
    fn chunk(&self, pixels: &[T], to: &mut [T]) {
        let [channels, height, width] = self.to;
        let [group, groups] = self.groups;
        let image = self.frame.pixels() * self.from[0];
        let rows = (PIXELS / width.max(1)).clamp(1, height.max(1));
        let strips_each = height.div_ceil(rows);
        let cells = strips(to, height * width, rows * width);
        let strip_count = pixels.len() / image.max(1) * strips_each;
        let wanted = PIECES.div_ceil(strip_count.max(1));
        let each = channels.div_ceil(wanted).next_multiple_of(PANEL);
        let parts = channels.div_ceil(each);
        pool::for_each(strip_count * parts, &|piece| {
            let (strip, first) = (piece / parts, piece % parts * each);
            let n = strip / strips_each;
            let planes: Vec<&Cell<'_, T>> = (first..channels.min(first + each))
                .map(|k| {
                    &cells
                        [((n * groups + group) * channels + k) * strips_each + strip % strips_each]
                })
                .collect();
            let first_row = strip % strips_each * rows;
            dispatch(Piece {
                job: self,
                pixels: &pixels[n * image..][..image],
                rows: first_row..height.min(first_row + rows),
                first,
                planes: &planes,
            });
        });
    }
}

/// Some rows of some channels of one image.
struct Piece<'a, 'b, T> {
    job: &'a Job<'a, T>,
    pixels: &'a [T],
    rows: Range<usize>,
    first: usize,
    planes: &'a [&'a Cell<'b, T>],
}

impl<T: Real> WithSimd for Piece<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let columns = self.planes.len().next_multiple_of(PAD);
        let mut out = Buffer::new(self.rows.len() * self.job.to[2] * columns);
        for (rest, segments) in self.job.classes {
            self.class(simd, *rest, &self.job.segments[segments.clone()], columns, &mut out);
        }
        let first = self.job.groups[0] * self.job.to[0] + self.first;
        self.job.finish.run(&mut out, columns, first, self.planes.len());
        to_planes(&out, columns, self.planes);
    }
}

impl<T: Real> Piece<'_, '_, T> {
    /// The pixels of one class.
    #[inline(always)]
    fn class<S: Simd>(
        &self,
        simd: S,
        rest: [usize; 2],
        segments: &[(usize, usize)],
        columns: usize,
        out: &mut [T],
    ) {
        let Job { frame, step, from_step, shift, depth, to, .. } = *self.job;
        // The first number from `begin` on that has this remainder, and how many there are up to `end`.
        let places = |rest: usize, begin: usize, end: usize| {
            let first = begin + (rest + step - (begin + shift) % step) % step;
            (first, end.saturating_sub(first).div_ceil(step))
        };
        let (y0, ny) = places(rest[0], self.rows.start, self.rows.end);
        let (x0, nx) = places(rest[1], 0, to[2]);
        let (from_y, from_x) = ((y0 + shift) / step, (x0 + shift) / step);
        let at = |i: usize| {
            let (y, x) = ((from_y + i / nx) * from_step, (from_x + i % nx) * from_step);
            (y * frame.size[1] + x) * self.job.from[0]
        };
        let out_at = |i: usize| {
            let (y, x) = (y0 - self.rows.start + i / nx * step, x0 + i % nx * step);
            (y * to[2] + x) * columns
        };
        let panel = self.job.filters.len() / to[0].div_ceil(PANEL);
        Product {
            a: self.pixels,
            rows: Rows::At(at),
            count: ny * nx,
            b: &self.job.filters[self.first / PANEL * panel..],
            b_stride: PANEL,
            panel,
            segments,
            depth,
            columns,
            out,
            out_at,
            add: false,
        }
        .run(simd);
    }
}
