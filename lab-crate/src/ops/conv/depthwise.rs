//! Convolution with one input channel per group (depthwise): plane by plane, vectors along the width.
//!
//! Shapes: `G` channels in, `K` outputs for each. Not here: several inputs per group (`direct.rs`).

use pulp::{Simd, WithSimd};

use super::buffer::Buffer;
use super::direct::Finish;
use super::geometry::Geometry;
use super::kernel::{PAD, Real, dispatch};
use super::lanes::{Frame, cells, fill, to_pixels_of_plane};
use crate::ops::pool;

/// The result `(N, G K, H, W)`.
pub(super) fn forward<T: Real>(
    g: &Geometry,
    x: &[T],
    weight: &[T],
    finish: Finish<'_, T>,
    y: &mut [T],
) {
    let cells = cells(y, g.outputs * g.out_pixels());
    pool::for_each(cells.len(), &|i| {
        let channel = i % g.groups;
        let weight = &weight[channel * g.outputs * g.taps()..];
        let x = &x[i * g.pixels()..][..g.pixels()];
        fill(&cells[i], |y| {
            dispatch(Forward { g, x, weight, finish, first: channel * g.outputs, y })
        });
    });
}

/// The gradient `(N, G, H, W)` of the images.
pub(super) fn grad_input<T: Real>(g: &Geometry, grad: &[T], weight: &[T], out: &mut [T]) {
    let planes = g.outputs * g.out_pixels();
    let cells = cells(out, g.pixels());
    pool::for_each(cells.len(), &|i| {
        let weight = &weight[i % g.groups * g.outputs * g.taps()..];
        let grad = &grad[i * planes..][..planes];
        fill(&cells[i], |out| dispatch(GradInput { g, grad, weight, out }));
    });
}

/// The gradient `(G K, 1, kh, kw)` of the weights.
pub(super) fn grad_weight<T: Real>(g: &Geometry, x: &[T], grad: &[T], out: &mut [T]) {
    let cells = cells(out, g.outputs * g.taps());
    pool::for_each(cells.len(), &|channel| {
        fill(&cells[channel], |out| dispatch(GradWeight { g, x, grad, channel, out }));
    });
}

/// The frame around one plane, its row and the begin of the numbers that meet place `tap` in row `y` of the result.
fn place(g: &Geometry, frame: &Frame, y: usize, tap: usize) -> usize {
    let row = y * g.stride + tap / g.kernel[1] * g.dilation;
    row * frame.size[1] + tap % g.kernel[1] * g.dilation
}

/// Copies every `stride`-th number.
#[inline(always)]
fn pick<T: Real>(from: &[T], stride: usize, to: &mut [T]) {
    if stride == 1 {
        to.copy_from_slice(&from[..to.len()]);
    } else {
        to.iter_mut().zip(from.iter().step_by(stride)).for_each(|(to, from)| *to = *from);
    }
}

/// The result of one channel of one image.
struct Forward<'a, T> {
    g: &'a Geometry,
    x: &'a [T],
    weight: &'a [T],
    finish: Finish<'a, T>,
    /// The first output of the channel.
    first: usize,
    y: &'a mut [T],
}

impl<T: Real> WithSimd for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let (g, frame) = (self.g, Frame::of_inputs(self.g));
        let (mut plane, mut line) = (Buffer::new(frame.pixels()), Buffer::new(g.out[1]));
        to_pixels_of_plane(self.x, g.size, frame, &mut plane);
        for (k, y) in self.y.chunks_exact_mut(g.out_pixels()).enumerate() {
            let weight = &self.weight[k * g.taps()..];
            for (row, y) in y.chunks_exact_mut(g.out[1]).enumerate() {
                y.fill(T::zero());
                for (tap, weight) in weight.iter().take(g.taps()).enumerate() {
                    pick(&plane[place(g, &frame, row, tap)..], g.stride, &mut line);
                    y.iter_mut().zip(line.iter()).for_each(|(y, x)| *y += *weight * *x);
                }
            }
            self.finish.run_plane(y, self.first + k);
        }
    }
}

/// The gradient of one channel of one image.
struct GradInput<'a, T> {
    g: &'a Geometry,
    grad: &'a [T],
    weight: &'a [T],
    out: &'a mut [T],
}

impl<T: Real> WithSimd for GradInput<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let (g, frame) = (self.g, Frame::of_inputs(self.g));
        let mut plane = Buffer::new(frame.pixels());
        plane.fill(T::zero());
        for (k, grad) in self.grad.chunks_exact(g.out_pixels()).enumerate() {
            let weight = &self.weight[k * g.taps()..];
            for (row, grad) in grad.chunks_exact(g.out[1]).enumerate() {
                for (tap, weight) in weight.iter().take(g.taps()).enumerate() {
                    let to = plane[place(g, &frame, row, tap)..].iter_mut().step_by(g.stride);
                    to.zip(grad).for_each(|(to, grad)| *to += *weight * *grad);
                }
            }
        }
        let [top, left] = frame.border;
        for (y, out) in self.out.chunks_exact_mut(g.size[1]).enumerate() {
            let seen = g.size[1].min(frame.size[1].saturating_sub(left));
            out.fill(T::zero());
            if y + top < frame.size[0] && seen > 0 {
                let from = &plane[(y + top) * frame.size[1] + left..][..seen];
                out[..seen].copy_from_slice(from);
            }
        }
    }
}

/// The gradient of the weights of one channel.
struct GradWeight<'a, T> {
    g: &'a Geometry,
    x: &'a [T],
    grad: &'a [T],
    channel: usize,
    out: &'a mut [T],
}

impl<T: Real> WithSimd for GradWeight<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let (g, frame) = (self.g, Frame::of_inputs(self.g));
        let (mut plane, mut line) = (Buffer::new(frame.pixels()), Buffer::new(g.out[1]));
        let mut sums = Buffer::new(self.out.len() * PAD);
        sums.fill(T::zero());
        for n in 0..g.images {
            let image = n * g.groups + self.channel;
            to_pixels_of_plane(&self.x[image * g.pixels()..], g.size, frame, &mut plane);
            let grad = &self.grad[image * g.outputs * g.out_pixels()..];
            for (i, sums) in sums.chunks_exact_mut(PAD).enumerate() {
                let (k, tap) = (i / g.taps(), i % g.taps());
                for row in 0..g.out[0] {
                    pick(&plane[place(g, &frame, row, tap)..], g.stride, &mut line);
                    let grad = &grad[k * g.out_pixels() + row * g.out[1]..][..g.out[1]];
                    add_products(sums, &line, grad);
                }
            }
        }
        for (out, sums) in self.out.iter_mut().zip(sums.chunks_exact(PAD)) {
            *out = sums.iter().fold(T::zero(), |sum, part| sum + *part);
        }
    }
}

/// Adds products of numbers to `PAD` sums in turn.
#[inline(always)]
fn add_products<T: Real>(sums: &mut [T], a: &[T], b: &[T]) {
    for (a, b) in a.chunks(PAD).zip(b.chunks(PAD)) {
        sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += *a * *b);
    }
}
