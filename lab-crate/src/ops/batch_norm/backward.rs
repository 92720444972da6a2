//! The gradients of batch normalization, with the residual and ReLU behind it.
//!
//! With `g` the gradient before ReLU, `M` numbers in a channel, `u = (x - mean) * inverse_std` and sums over the channel:
//! `bias' = sum g`, `weight' = sum g u`, and `x' = weight * inverse_std * (g - bias' / M - u * weight' / M)` with
//! statistics of the batch (Ioffe, Szegedy, 2015, section 3), `x' = weight * inverse_std * g` with given ones.
//! Read next: `tests.rs`.

use candle_core::WithDType;

use super::super::relu::let_through;
use super::Moments;
use super::loops::{Size, Sums, each};
use crate::ops::pieces::hand_out;
use crate::ops::zeros::zeros;

/// What goes in: x, the result y and the gradient of y `(N, C, H, W)`, the weight `(C)`.
pub(super) struct Input<'a, T> {
    pub(super) size: Size,
    pub(super) x: &'a [T],
    pub(super) weight: &'a [T],
    pub(super) y: &'a [T],
    pub(super) grad: &'a [T],
    pub(super) moments: &'a [Moments],
    pub(super) eps: f64,
    pub(super) relu: bool,
    /// Whether the statistics are the batch's: then they depend on x too.
    pub(super) batch: bool,
}

/// Which gradients are wanted.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) x: bool,
    pub(super) params: bool,
    /// The gradient of the residual as an own array: it is the result's without ReLU.
    pub(super) residual: bool,
}

/// The gradients; those not wanted are empty.
pub(super) struct Gradients<T> {
    pub(super) x: Vec<T>,
    /// Of the weight, then of the bias.
    pub(super) params: Vec<T>,
    pub(super) residual: Vec<T>,
}

/// The sums of a channel: `sum g` and `sum g (x - mean)`.
type Pair = (f64, f64);

pub(super) fn backward<T: WithDType>(input: &Input<'_, T>, wanted: Wanted) -> Gradients<T> {
    let size = input.size;
    let array = |wanted: bool| zeros(if wanted { input.x.len() } else { 0 });
    let (mut x, mut residual) = (array(wanted.x), array(wanted.residual));
    let mut sums = vec![(0.0, 0.0); size.channels];
    let blocks = sums.chunks_mut(size.block()).enumerate();
    let parts = size.cut(&mut x).into_iter().zip(size.cut(&mut residual));
    hand_out(parts.zip(blocks).collect(), &|((x, residual), (i, sums))| {
        let first = i * size.block();
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                if wanted.params || (wanted.x && input.batch) {
                    add_up(input, first, sums);
                }
                spread(input, first, sums, x, residual);
            },
        );
    });
    let mut params = Vec::new();
    if wanted.params {
        let weight =
            |(sum, moments): (&Pair, &Moments)| T::from_f64(sum.1 * moments.inverse_std(input.eps));
        params.extend(sums.iter().zip(input.moments).map(weight));
        params.extend(sums.iter().map(|sum| T::from_f64(sum.0)));
    }
    Gradients { x, params, residual }
}

/// The sums of the channels from `first` on.
#[inline(always)]
fn add_up<T: WithDType>(input: &Input<'_, T>, first: usize, sums: &mut [Pair]) {
    let size = input.size;
    let mut lanes = vec![Sums::ZERO; sums.len()];
    for image in 0..size.images {
        for (i, lanes) in lanes.iter_mut().enumerate() {
            let channel = first + i;
            let of = |data| size.of::<T>(data, image, channel);
            let mean = input.moments[channel].mean;
            let terms = |g: T, x: T| (g.to_f64(), g.to_f64() * (x.to_f64() - mean));
            let runs = [of(input.grad), of(input.x), of(input.y)];
            if input.relu {
                lanes.add(runs, |g, x, y| terms(let_through(g, y), x));
            } else {
                lanes.add(runs, |g, x, _| terms(g, x));
            }
        }
    }
    for (sums, lanes) in sums.iter_mut().zip(&lanes) {
        *sums = lanes.totals();
    }
}

/// Fills the gradients of x and of the residual, one part of every image; there are no parts of those not wanted.
#[inline(always)]
fn spread<T: WithDType>(
    input: &Input<'_, T>,
    first: usize,
    sums: &[Pair],
    x_parts: Vec<&mut [T]>,
    residual_parts: Vec<&mut [T]>,
) {
    let size = input.size;
    for (image, part) in residual_parts.into_iter().enumerate() {
        for (i, out) in part.chunks_exact_mut(size.plane.max(1)).enumerate() {
            let of = |data| size.of::<T>(data, image, first + i);
            let (g, y) = (of(input.grad), of(input.y));
            each(out, [g, y, y], |g, y, _| let_through(g, y));
        }
    }
    let count = size.per_channel() as f64;
    for (image, part) in x_parts.into_iter().enumerate() {
        for (i, out) in part.chunks_exact_mut(size.plane.max(1)).enumerate() {
            let channel = first + i;
            let of = |data| size.of::<T>(data, image, channel);
            let inverse = input.moments[channel].inverse_std(input.eps);
            let mean = T::from_f64(input.moments[channel].mean);
            let scale = T::from_f64(input.weight[channel].to_f64() * inverse);
            let shift = T::from_f64(sums[i].0 / count);
            let slope = T::from_f64(sums[i].1 * inverse * inverse / count);
            let line = |g: T, x: T| (g - shift - (x - mean) * slope) * scale;
            let runs = [of(input.grad), of(input.x), of(input.y)];
            match (input.batch, input.relu) {
                (true, true) => each(out, runs, |g, x, y| line(let_through(g, y), x)),
                (true, false) => each(out, runs, |g, x, _| line(g, x)),
                (false, true) => each(out, runs, |g, _, y| let_through(g, y) * scale),
                (false, false) => each(out, runs, |g, _, _| g * scale),
            }
        }
    }
}
