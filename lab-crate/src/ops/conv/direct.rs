//! Convolution by its definition, with channels last: the value and both gradients.
//!
//! Shapes: `N` images, `C` inputs, `K` outputs of one group. Nothing is copied per place of the kernel
//! (no im2col): pixels are the rows of a product, the places of the kernel the parts of its sum. Not
//! here: 3x3 with stride 1 (`winograd.rs`), one channel per group (`depthwise.rs`). Read next: `kernel.rs`.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::buffer::Buffer;
use super::geometry::Geometry;
use super::kernel::{PAD, Product, Real, Rows, dispatch};
use super::lanes::{
    Cell, Frame, fill, strips, to_pixels, to_planes, weights_back, weights_by_input,
    weights_by_output,
};
use crate::ops::pool;

/// Images are turned in chunks of about this many numbers, which stay in the cache of the machine.
const CHUNK: usize = 1 << 20;
/// A piece of work makes about this many pixels.
const PIXELS: usize = 448;
/// With fewer pieces than this, pieces are also cut by channels.
const PIECES: usize = 16;

/// What is done to the numbers of a result before they are stored.
#[derive(Clone, Copy)]
pub(super) struct Finish<'a, T> {
    /// Added to every pixel, one number per channel of all groups.
    pub(super) bias: Option<&'a [T]>,
    /// Negative numbers become 0.
    pub(super) relu: bool,
}

impl<T: Real> Finish<'_, T> {
    /// Finishes a plane of one channel.
    #[inline(always)]
    pub(super) fn run_plane(&self, plane: &mut [T], channel: usize) {
        let bias = self.bias.map_or(T::zero(), |bias| bias[channel]);
        let zero = T::zero();
        for y in plane {
            *y += bias;
            *y = if self.relu && *y < zero { zero } else { *y };
        }
    }

    /// Finishes pixels `(P, columns)` whose channels begin with `first`.
    #[inline(always)]
    pub(super) fn run(&self, pixels: &mut [T], columns: usize, first: usize, channels: usize) {
        if let Some(bias) = self.bias {
            let bias = &bias[first..][..channels];
            for pixel in pixels.chunks_exact_mut(columns) {
                pixel.iter_mut().zip(bias).for_each(|(y, b)| *y += *b);
            }
        }
        if self.relu {
            let zero = T::zero();
            // Not `max`: a NaN must stay one.
            pixels.iter_mut().for_each(|y| *y = if *y < zero { zero } else { *y });
        }
    }
}

/// The result `(N, G K, H, W)`.
pub(super) fn forward<T: Real>(
    g: &Geometry,
    x: &[T],
    weight: &[T],
    finish: Finish<'_, T>,
    y: &mut [T],
) {
    let frame = Frame::of_inputs(g);
    let padded = g.outputs.next_multiple_of(PAD);
    let (parts, depth) = parts_of_kernel(g);
    let part = |[r, s]: [usize; 2]| {
        let pixel = (r * frame.size[1] + s) * g.dilation;
        (pixel * g.inputs, (r * g.kernel[1] + s) * g.inputs * padded)
    };
    let segments: Vec<_> = parts.map(part).collect();
    let mut filters = Buffer::new(g.taps() * g.inputs * padded);
    for group in 0..g.groups {
        let weight = &weight[group * g.outputs * g.inputs * g.taps()..];
        weights_by_output(weight, [g.outputs, g.inputs, g.taps()], &mut filters);
        let job = Job {
            groups: [group, g.groups],
            images: g.images,
            frame,
            from: [g.inputs, g.size[0], g.size[1]],
            to: [g.outputs, g.out[0], g.out[1]],
            depth,
            filters: &filters,
            segments: &segments,
            classes: &[([0; 2], 0..segments.len())],
            step: 1,
            from_step: g.stride,
            shift: 0,
            finish,
        };
        job.run(x, y);
    }
}

/// The first places `[r, s]` of the parts that the sum over the kernel has, and how long a part is.
///
/// A line of the kernel is one part if its places are neighbours.
fn parts_of_kernel(g: &Geometry) -> (impl Iterator<Item = [usize; 2]> + use<>, usize) {
    let Geometry { kernel: [rows, columns], dilation, inputs, .. } = *g;
    let (count, depth) = if dilation == 1 { (1, columns * inputs) } else { (columns, inputs) };
    ((0..rows).flat_map(move |r| (0..count).map(move |s| [r, s])), depth)
}

/// The gradient `(N, G C, H, W)` of the images from the gradient of the result.
pub(super) fn grad_input<T: Real>(g: &Geometry, grad: &[T], weight: &[T], out: &mut [T]) {
    let padded = g.inputs.next_multiple_of(PAD);
    // Pixel y of the image, y + padding = stride * q + rest, meets place r of the kernel in pixel
    // q - (r * dilation) / stride of the result if r * dilation leaves the same rest.
    let border = [0, 1].map(|i| (g.kernel[i] - 1) * g.dilation / g.stride);
    let last = |i: usize| (g.size[i] + g.padding).saturating_sub(1) / g.stride;
    let frame = Frame { border, size: [0, 1].map(|i| border[i] + g.out[i].max(last(i) + 1)) };
    let (mut segments, mut classes) = (Vec::new(), Vec::new());
    for rest in (0..g.stride * g.stride).map(|i| [i / g.stride, i % g.stride]) {
        let begin = segments.len();
        for place in (0..g.taps()).map(|i| [i / g.kernel[1], i % g.kernel[1]]) {
            if [0, 1].iter().any(|&i| place[i] * g.dilation % g.stride != rest[i]) {
                continue;
            }
            let [y, x] = [0, 1].map(|i| border[i] - place[i] * g.dilation / g.stride);
            let tap = place[0] * g.kernel[1] + place[1];
            segments.push(((y * frame.size[1] + x) * g.outputs, tap * g.outputs * padded));
        }
        classes.push((rest, begin..segments.len()));
    }
    let mut filters = Buffer::new(g.taps() * g.outputs * padded);
    for group in 0..g.groups {
        let weight = &weight[group * g.outputs * g.inputs * g.taps()..];
        weights_by_input(weight, [g.outputs, g.inputs, g.taps()], &mut filters);
        let job = Job {
            groups: [group, g.groups],
            images: g.images,
            frame,
            from: [g.outputs, g.out[0], g.out[1]],
            to: [g.inputs, g.size[0], g.size[1]],
            depth: g.outputs,
            filters: &filters,
            segments: &segments,
            classes: &classes,
            step: g.stride,
            from_step: 1,
            shift: g.padding,
            finish: Finish { bias: None, relu: false },
        };
        job.run(grad, out);
    }
}

/// Pixels of one image from pixels of another, for one group.
///
/// Pixel `(y, x)` of the result belongs to the class with the remainders of `y + shift` and `x + shift` by
/// `step`; its row of the product begins at pixel `(y + shift) / step * from_step`, the same for x.
struct Job<'a, T> {
    /// The group and the number of groups.
    groups: [usize; 2],
    images: usize,
    frame: Frame,
    /// Channels of one group, height, width.
    from: [usize; 3],
    to: [usize; 3],
    depth: usize,
    filters: &'a [T],
    segments: &'a [(usize, usize)],
    classes: &'a [([usize; 2], Range<usize>)],
    step: usize,
    from_step: usize,
    shift: usize,
    finish: Finish<'a, T>,
}

impl<T: Real> Job<'_, T> {
    fn run(&self, from: &[T], to: &mut [T]) {
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
        let each = channels.div_ceil(wanted).next_multiple_of(2 * PAD);
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
        let Job { frame, step, from_step, shift, depth, .. } = *self.job;
        let width = self.job.to[2];
        let columns = self.planes.len().next_multiple_of(PAD);
        let mut out = Buffer::new(self.rows.len() * width * columns);
        // The first number from `begin` on that has this remainder, and how many there are up to `end`.
        let places = |rest: usize, begin: usize, end: usize| {
            let first = begin + (rest + step - (begin + shift) % step) % step;
            (first, end.saturating_sub(first).div_ceil(step))
        };
        for (rest, segments) in self.job.classes {
            let (y0, ny) = places(rest[0], self.rows.start, self.rows.end);
            let (x0, nx) = places(rest[1], 0, width);
            let (from_y, from_x) = ((y0 + shift) / step, (x0 + shift) / step);
            let at = |i: usize| {
                let (y, x) = ((from_y + i / nx) * from_step, (from_x + i % nx) * from_step);
                (y * frame.size[1] + x) * self.job.from[0]
            };
            let out_at = |i: usize| {
                let (y, x) = (y0 - self.rows.start + i / nx * step, x0 + i % nx * step);
                (y * width + x) * columns
            };
            Product {
                a: self.pixels,
                rows: Rows::At(at),
                count: ny * nx,
                b: &self.job.filters[self.first..],
                b_stride: self.job.to[0].next_multiple_of(PAD),
                segments: &self.job.segments[segments.clone()],
                depth,
                columns,
                out: &mut out,
                out_at,
                add: false,
            }
            .run(simd);
        }
        let first = self.job.groups[0] * self.job.to[0] + self.first;
        self.job.finish.run(&mut out, columns, first, self.planes.len());
        to_planes(&out, columns, self.planes);
    }
}

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
    let rows = if g.outputs >= 64 { 32 } else { 16 };
    let blocks = g.outputs.div_ceil(rows);
    for group in 0..g.groups {
        sums.fill(T::zero());
        for first in (0..g.images).step_by(chunk) {
            let images = chunk.min(g.images - first);
            let size = [g.inputs, g.size[0], g.size[1]];
            let step = g.groups * g.inputs * g.pixels();
            let begin = first * step + group * g.inputs * g.pixels();
            pixels[images * image..].fill(T::zero());
            to_pixels(&x[begin..], step, size, frame, &mut pixels[..images * image]);
            let cells = strips(&mut sums, g.outputs * padded, rows * padded);
            pool::for_each(cells.len(), &|piece| {
                let [r, s] = parts[piece / blocks];
                fill(&cells[piece], |sums| {
                    dispatch(GradWeight {
                        g,
                        frame,
                        images,
                        pixels: &pixels,
                        begin: (r * frame.size[1] + s) * g.dilation * g.inputs,
                        grad: &grad[((first * g.groups + group) * g.outputs
                            + piece % blocks * rows)
                            * g.out_pixels()..],
                        columns: padded,
                        sums,
                    });
                });
            });
        }
        let weights = g.outputs * g.inputs * g.taps();
        let places = g.taps() / parts.len();
        let size = [g.outputs, g.inputs, g.taps()];
        weights_back(&sums, padded, places, size, &mut out[group * weights..][..weights]);
    }
}

/// Some outputs of one part of the kernel.
struct GradWeight<'a, T> {
    g: &'a Geometry,
    frame: Frame,
    images: usize,
    pixels: &'a [T],
    /// Where the part begins in `pixels`.
    begin: usize,
    /// The gradient from the first of the outputs on.
    grad: &'a [T],
    columns: usize,
    sums: &'a mut [T],
}

impl<T: Real> WithSimd for GradWeight<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let g = self.g;
        let [height, width] = g.out;
        let rows = (256 / width).max(1);
        let mut segments = Vec::with_capacity(rows);
        for n in 0..self.images {
            for first in (0..height).step_by(rows) {
                segments.clear();
                segments.extend((first..height.min(first + rows)).map(|y| {
                    let pixel = n * self.frame.pixels() + y * g.stride * self.frame.size[1];
                    let image = n * g.groups * g.outputs * g.out_pixels();
                    (image + y * width, self.begin + pixel * g.inputs)
                }));
                Product {
                    a: self.grad,
                    rows: Rows::At(|k| k * g.out_pixels()),
                    count: self.sums.len() / self.columns,
                    b: self.pixels,
                    b_stride: g.stride * g.inputs,
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
}
