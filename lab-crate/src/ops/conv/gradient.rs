//! The gradient of the weights by its definition.
//!
//! Rows of a product are outputs, its columns the places and inputs of a part of the kernel; the sum goes over
//! the pixels. Not here: the gradient of the images (`direct.rs`). Read next: `kernel.rs`.

use pulp::{Simd, WithSimd};

use super::buffer::Buffer;
use super::direct::parts_of_kernel;
use super::geometry::Geometry;
use super::job::CHUNK;
use super::kernel::{PAD, PANEL, Product, Rows};
use super::lanes::{Frame, fill, strips, to_pixels};
use super::real::{Real, dispatch};
use super::weights::weights_back;
use crate::ops::pool;

/// The gradient `(G K, C, kh, kw)` of the weights from the images and the gradient of the result.
pub(super) fn grad_weight<T: Real>(g: &Geometry, x: &[T], grad: &[T], out: &mut [T]) {
    let frame = Frame::of_inputs(g);
    let (parts, length) = parts_of_kernel(g);
    let parts: Vec<_> = parts.collect();
    let padded = length.next_multiple_of(PAD);
    let image = frame.pixels() * g.inputs;
    let chunk = (CHUNK / image.max(1)).clamp(1, g.images.max(1));
    // Rows of columns read past the last pixel; what they make is not used.
    let mut pixels = Buffer::new(chunk * image + PAD);
    let mut sums = Buffer::new(parts.len() * g.outputs * padded);
    let size = [g.inputs, g.size[0], g.size[1]];
    let step = g.groups * g.inputs * g.pixels();
    for group in 0..g.groups {
        sums.fill(T::zero());
        for first in (0..g.images).step_by(chunk) {
            let images = chunk.min(g.images - first);
            let x = &x[first * step + group * g.inputs * g.pixels()..];
            pixels[images * image..].fill(T::zero());
            to_pixels(x, step, size, frame, &mut pixels[..images * image]);
            let grad = &grad[(first * g.groups + group) * g.outputs * g.out_pixels()..];
            let chunk = Chunk { g, frame, images, pixels: &pixels, grad };
            chunk.add(&parts, padded, &mut sums);
        }
        let places = g.taps() / parts.len();
        let weights = g.outputs * g.inputs * g.taps();
        let out = &mut out[group * weights..][..weights];
        weights_back(&sums, padded, places, [g.outputs, g.inputs, g.taps()], out);
    }
}

/// Some images of one group.
#[derive(Clone, Copy)]
struct Chunk<'a, T> {
    g: &'a Geometry,
    frame: Frame,
    images: usize,
    /// The turned images.
    pixels: &'a [T],
    /// The gradient of the result, from the first plane of the group on.
    grad: &'a [T],
}

impl<T: Real> Chunk<'_, T> {
    /// Adds the gradients to `sums (parts, K, columns)`, in pieces of one part and some outputs.
    fn add(self, parts: &[[usize; 2]], columns: usize, sums: &mut [T]) {
        let Self { g, frame, .. } = self;
        let rows = if g.outputs >= 64 { 32 } else { 16 };
        let blocks = g.outputs.div_ceil(rows);
        let cells = strips(sums, g.outputs * columns, rows * columns);
        pool::for_each(cells.len(), &|piece| {
            let [r, s] = parts[piece / blocks];
            let begin = (r * frame.size[1] + s) * g.dilation * g.inputs;
            let first = piece % blocks * rows;
            fill(&cells[piece], |sums| {
                dispatch(Piece { chunk: self, begin, first, columns, sums })
            });
        });
    }
}

/// Some outputs of one part of the kernel.
struct Piece<'a, T> {
    chunk: Chunk<'a, T>,
    /// Where the part begins in the images.
    begin: usize,
    /// The first output.
    first: usize,
    columns: usize,
    sums: &'a mut [T],
}

impl<T: Real> WithSimd for Piece<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Chunk { g, frame, images, pixels, grad } = self.chunk;
        let [height, width] = g.out;
        // So many rows at a time that their pixels stay near.
        let rows = (256 / width).max(1);
        for (n, first) in (0..images).flat_map(|n| (0..height).step_by(rows).map(move |y| (n, y))) {
            let segments: Vec<_> = (first..height.min(first + rows))
                .map(|y| {
                    let pixel = n * frame.pixels() + y * g.stride * frame.size[1];
                    let plane = n * g.groups * g.outputs * g.out_pixels();
                    (plane + y * width, self.begin + pixel * g.inputs)
                })
                .collect();
            Product {
                a: grad,
                rows: Rows::At(|k| (self.first + k) * g.out_pixels()),
                count: self.sums.len() / self.columns,
                b: pixels,
                b_stride: g.stride * g.inputs,
                panel: PANEL,
                segments: &segments,
                depth: width,
                columns: self.columns,
                out: self.sums,
                out_at: |k| k * self.columns,
                add: true,
            }
            .run(simd);
        }
    }
}
