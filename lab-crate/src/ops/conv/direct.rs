//! Convolution by its definition, with channels last: the value and the gradient of the images.
//!
//! Shapes: `N` images, `C` inputs, `K` outputs of one group. Nothing is copied per place of the kernel
//! (no im2col): pixels are the rows of a product, the places of the kernel the parts of its sum. Not
//! here: the gradient of the weights (`gradient.rs`), 3x3 with stride 1 (`winograd/`), one channel per group
//! (`depthwise.rs`). Read next: `job.rs`.

use std::ops::Range;

use super::buffer::Buffer;
use super::finish::Finish;
use super::geometry::Geometry;
use super::job::Job;
use super::kernel::PANEL;
use super::lanes::Frame;
use super::real::Real;
use super::weights::{Lanes, Weights};

/// The result `(N, G K, H, W)`.
pub(super) fn forward<T: Real>(
    g: &Geometry,
    x: &[T],
    weight: &[T],
    finish: Finish<'_, T>,
    y: &mut [T],
) {
    let frame = Frame::of_inputs(g);
    let (parts, depth) = parts_of_kernel(g);
    let part = |[r, s]: [usize; 2]| {
        let pixel = (r * frame.size[1] + s) * g.dilation;
        (pixel * g.inputs, (r * g.kernel[1] + s) * g.inputs * PANEL)
    };
    let segments: Vec<_> = parts.map(part).collect();
    let mut filters = Buffer::new(g.taps() * g.inputs * g.outputs.next_multiple_of(PANEL));
    for group in 0..g.groups {
        Weights::of(g, weight, group, Lanes::Outputs).turn_all(&mut filters);
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
pub(super) fn parts_of_kernel(g: &Geometry) -> (impl Iterator<Item = [usize; 2]> + use<>, usize) {
    let Geometry { kernel: [rows, columns], dilation, inputs, .. } = *g;
    let (count, depth) = if dilation == 1 { (1, columns * inputs) } else { (columns, inputs) };
    ((0..rows).flat_map(move |r| (0..count).map(move |s| [r, s])), depth)
}

/// The gradient `(N, G C, H, W)` of the images from the gradient of the result.
pub(super) fn grad_input<T: Real>(g: &Geometry, grad: &[T], weight: &[T], out: &mut [T]) {
    let (frame, segments, classes) = meetings(g);
    let mut filters = Buffer::new(g.taps() * g.outputs * g.inputs.next_multiple_of(PANEL));
    for group in 0..g.groups {
        Weights::of(g, weight, group, Lanes::Inputs).turn_all(&mut filters);
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

/// A class of pixels: the remainders of their places, and its segments.
type Class = ([usize; 2], Range<usize>);

/// Which pixels of the result meet which pixels of the images: the frame of the result, segments and classes.
///
/// Pixel `y` of the images, `y + padding = stride * q + rest`, meets place `r` of the kernel in pixel
/// `q - (r * dilation) / stride` of the result if `r * dilation` leaves the same rest.
fn meetings(g: &Geometry) -> (Frame, Vec<(usize, usize)>, Vec<Class>) {
    let border = [0, 1].map(|i| (g.kernel[i] - 1) * g.dilation / g.stride);
    let last = |i: usize| (g.size[i] + g.padding).saturating_sub(1) / g.stride;
    let frame = Frame { border, size: [0, 1].map(|i| border[i] + g.out[i].max(last(i) + 1)) };
    let (mut segments, mut classes) = (Vec::new(), Vec::new());
    let rests = [0, 1].map(|i| g.stride.min(g.size[i] + g.padding));
    for rest in (0..rests[0] * rests[1]).map(|i| [i / rests[1], i % rests[1]]) {
        let begin = segments.len();
        for place in (0..g.taps()).map(|i| [i / g.kernel[1], i % g.kernel[1]]) {
            if [0, 1].iter().any(|&i| place[i] * g.dilation % g.stride != rest[i]) {
                continue;
            }
            let [y, x] = [0, 1].map(|i| border[i] - place[i] * g.dilation / g.stride);
            let tap = place[0] * g.kernel[1] + place[1];
            segments.push(((y * frame.size[1] + x) * g.outputs, tap * g.outputs * PANEL));
        }
        classes.push((rest, begin..segments.len()));
    }
    (frame, segments, classes)
}
