//! Batch normalization forward: statistics, then `(x - mean) * scale + bias`, the residual and ReLU in one pass.
//!
//! Not here: checks and the gradient's bookkeeping (`../batch_norm.rs`). Read next: `backward.rs`.

use candle_core::WithDType;

use super::Moments;
use super::loops::{Size, Sums, each};
use crate::ops::pieces::hand_out;
use crate::ops::zeros::zeros;

/// What goes in: x and the residual `(N, C, H, W)`, weight and bias `(C)` one after the other.
pub(super) struct Input<'a, T> {
    pub(super) size: Size,
    pub(super) x: &'a [T],
    pub(super) params: &'a [T],
    pub(super) residual: Option<&'a [T]>,
    pub(super) eps: f64,
    pub(super) relu: bool,
}

/// The result `(N, C, H, W)`; `moments` are filled first if `batch`, and used as they are otherwise.
pub(super) fn forward<T: WithDType>(
    input: &Input<'_, T>,
    moments: &mut [Moments],
    batch: bool,
) -> Vec<T> {
    let size = input.size;
    let mut y = zeros(input.x.len());
    let blocks = moments.chunks_mut(size.block()).enumerate();
    let work = size.cut(&mut y).into_iter().zip(blocks).collect();
    hand_out(work, &|(parts, (i, moments))| {
        let first = i * size.block();
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                if batch {
                    measure(input, first, moments);
                }
                normalize(input, first, moments, parts);
            },
        );
    });
    y
}

/// The mean and variance of each channel from `first` on.
///
/// The first number of the channel is subtracted from all before they are squared, so that a large mean with a
/// small variance costs no accuracy (Chan, Golub, LeVeque, 1983).
#[inline(always)]
fn measure<T: WithDType>(input: &Input<'_, T>, first: usize, moments: &mut [Moments]) {
    let size = input.size;
    let mut sums = vec![Sums::ZERO; moments.len()];
    let shift = |channel| size.of(input.x, 0, channel)[0].to_f64();
    for image in 0..size.images {
        for (i, sums) in sums.iter_mut().enumerate() {
            let (x, shift) = (size.of(input.x, image, first + i), shift(first + i));
            sums.add([x, x, x], |x, _, _| {
                let d = x.to_f64() - shift;
                (d, d * d)
            });
        }
    }
    let count = size.per_channel() as f64;
    for (i, (moments, sums)) in moments.iter_mut().zip(&sums).enumerate() {
        let (sum, squares) = sums.totals();
        let mean = sum / count;
        // Not `max`: a NaN must stay one.
        let variance = squares / count - mean * mean;
        let variance = if variance < 0.0 { 0.0 } else { variance };
        *moments = Moments { mean: shift(first + i) + mean, variance };
    }
}

/// Fills `parts`, the results of the channels from `first` on, one part of every image.
#[inline(always)]
fn normalize<T: WithDType>(
    input: &Input<'_, T>,
    first: usize,
    moments: &[Moments],
    parts: Vec<&mut [T]>,
) {
    let (size, zero) = (input.size, T::zero());
    let (weight, bias) = input.params.split_at(size.channels);
    for (image, part) in parts.into_iter().enumerate() {
        for (i, y) in part.chunks_exact_mut(size.plane.max(1)).enumerate() {
            let channel = first + i;
            let mean = T::from_f64(moments[i].mean);
            let scale = T::from_f64(weight[channel].to_f64() * moments[i].inverse_std(input.eps));
            let bias = bias[channel];
            let x = size.of(input.x, image, channel);
            let line = |x: T| (x - mean) * scale + bias;
            // Not `max`: a NaN must stay one.
            let positive = |y: T| if y < zero { zero } else { y };
            let residual = input.residual.map(|r| size.of(r, image, channel));
            match (residual, input.relu) {
                (None, false) => each(y, [x, x, x], |x, _, _| line(x)),
                (None, true) => each(y, [x, x, x], |x, _, _| positive(line(x))),
                (Some(r), false) => each(y, [x, r, x], |x, r, _| line(x) + r),
                (Some(r), true) => each(y, [x, r, x], |x, r, _| positive(line(x) + r)),
            }
        }
    }
}
