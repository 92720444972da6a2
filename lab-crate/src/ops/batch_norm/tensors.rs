//! Batch normalization made of candle's operations, for images on a GPU.
//!
//! Not here: the CPU's, which is one operation (`forward.rs`, `backward.rs`).

use candle_core::{Result, Tensor};

use super::{Moments, Stats, Tail, numbers};

/// As [`batch_norm`](super::batch_norm), for arguments that fit, on any device; the gradient of ReLU at 0 is candle's, 1.
pub(super) fn batch_norm(
    x: &Tensor,
    [weight, bias]: [&Tensor; 2],
    stats: Stats<'_>,
    eps: f64,
    tail: Tail<'_>,
) -> Result<(Tensor, Vec<Moments>)> {
    let by_channel = |t: &Tensor| t.reshape((1, (), 1, 1));
    let (mean, variance) = match stats {
        Stats::Batch => {
            let mean = x.mean_keepdim((0, 2, 3))?; // (1, C, 1, 1)
            let variance = x.broadcast_sub(&mean)?.sqr()?.mean_keepdim((0, 2, 3))?;
            (mean, variance)
        }
        Stats::Given { mean, variance } => {
            (by_channel(&mean.detach())?, by_channel(&variance.detach())?)
        }
    };
    let scale = by_channel(weight)?.div(&(&variance + eps)?.sqrt()?)?;
    let y = x.broadcast_sub(&mean)?.broadcast_mul(&scale)?.broadcast_add(&by_channel(bias)?)?;
    let y = match tail.residual {
        Some(residual) => (y + residual)?,
        None => y,
    };
    let y = if tail.relu { y.relu()? } else { y };
    let pairs = numbers(&mean.flatten_all()?)?.into_iter().zip(numbers(&variance.flatten_all()?)?);
    Ok((y, pairs.map(|(mean, variance)| Moments { mean, variance }).collect()))
}
