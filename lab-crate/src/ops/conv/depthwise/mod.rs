//! Convolution with one input channel per group (depthwise): one long line of numbers for each plane.
//!
//! Shapes: `G` channels in, `K` outputs for each. Not here: several inputs per group (`direct.rs`). Read next:
//! `phases.rs`, how a plane becomes a line.

mod loops;
mod phases;

use super::buffer::Buffer;
use super::finish::Finish;
use super::geometry::Geometry;
use super::lanes::{cells, fill};
use super::real::{Real, dispatch};
use crate::ops::pool;
use loops::{Correlate, Products};
use phases::Phases;

/// About so many numbers are one piece of work.
const PIECE: usize = 16_384;

/// How many of the planes with `pixels` numbers make a piece.
fn planes_each(pixels: usize) -> usize {
    (PIECE / pixels.max(1)).max(1)
}

/// The result `(N, G K, H, W)`.
pub(super) fn forward<T: Real>(
    g: &Geometry,
    x: &[T],
    weight: &[T],
    finish: Finish<'_, T>,
    y: &mut [T],
) {
    let (phases, planes) = (Phases::new(g), g.outputs * g.out_pixels());
    let each = planes_each(planes);
    let cells = cells(y, each * planes);
    pool::for_each(cells.len(), &|i| {
        let mut from = Buffer::new(phases.room());
        let mut line = Buffer::new(phases.line_room());
        fill(&cells[i], |y| {
            for (j, y) in y.chunks_exact_mut(planes).enumerate() {
                let image = i * each + j;
                phases.fill(&x[image * g.pixels()..][..g.pixels()], &mut from);
                for (k, y) in y.chunks_exact_mut(g.out_pixels()).enumerate() {
                    let output = image % g.groups * g.outputs + k;
                    let weights = &weight[output * g.taps()..][..g.taps()];
                    line.fill(T::zero());
                    let (from, to) = (&from[..], &mut line[..]);
                    dispatch(Correlate { from, starts: &phases.starts, weights, to });
                    phases.take_result(&line, y);
                    finish.run_plane(y, output);
                }
            }
        });
    });
}

/// The gradient `(N, G, H, W)` of the images.
pub(super) fn grad_input<T: Real>(g: &Geometry, grad: &[T], weight: &[T], out: &mut [T]) {
    let (phases, planes) = (Phases::new(g), g.outputs * g.out_pixels());
    let (lead, parts) = phases.turned();
    let each = planes_each(g.pixels());
    let cells = cells(out, each * g.pixels());
    pool::for_each(cells.len(), &|i| {
        let mut from = Buffer::new(lead + phases.line_room().max(phases.phase_room()));
        let mut lines = Buffer::new(parts.len() * phases.phase_room());
        let mut weights = Vec::new();
        fill(&cells[i], |out| {
            for (j, out) in out.chunks_exact_mut(g.pixels()).enumerate() {
                let image = i * each + j;
                lines.fill(T::zero());
                for k in 0..g.outputs {
                    let output = image % g.groups * g.outputs + k;
                    let grad = &grad[image * planes + k * g.out_pixels()..][..g.out_pixels()];
                    from.fill(T::zero());
                    phases.put_result(grad, &mut from[lead..]);
                    for (part, line) in
                        parts.iter().zip(lines.chunks_exact_mut(phases.phase_room()))
                    {
                        weights.clear();
                        weights.extend(part.iter().map(|(tap, _)| weight[output * g.taps() + tap]));
                        let starts: Vec<usize> = part.iter().map(|(_, start)| *start).collect();
                        let from = &from[..];
                        dispatch(Correlate { from, starts: &starts, weights: &weights, to: line });
                    }
                }
                phases.take_images(&lines, out);
            }
        });
    });
}

/// The gradient `(G K, 1, kh, kw)` of the weights.
pub(super) fn grad_weight<T: Real>(g: &Geometry, x: &[T], grad: &[T], out: &mut [T]) {
    let phases = Phases::new(g);
    let starts = phases.starts_by_fours();
    let each = planes_each(g.pixels() * g.images);
    let cells = cells(out, each * g.outputs * g.taps());
    pool::for_each(cells.len(), &|i| {
        let mut from = Buffer::new(phases.room());
        let mut line = Buffer::new(phases.line_room());
        let mut sums = Buffer::new(starts.len() * loops::SUMS);
        fill(&cells[i], |out| {
            for (j, out) in out.chunks_exact_mut(g.outputs * g.taps()).enumerate() {
                let channel = i * each + j;
                for (k, out) in out.chunks_exact_mut(g.taps()).enumerate() {
                    sums.fill(T::zero());
                    for n in 0..g.images {
                        let image = n * g.groups + channel;
                        phases.fill(&x[image * g.pixels()..][..g.pixels()], &mut from);
                        let first = (image * g.outputs + k) * g.out_pixels();
                        line.fill(T::zero());
                        phases.put_result(&grad[first..][..g.out_pixels()], &mut line);
                        let (from, line, sums) = (&from[..], &line[..], &mut sums[..]);
                        dispatch(Products { from, starts: &starts, line, sums });
                    }
                    for (out, sums) in out.iter_mut().zip(sums.chunks_exact(loops::SUMS)) {
                        *out = sums.iter().fold(T::zero(), |sum, part| sum + *part);
                    }
                }
            }
        });
    });
}
