//! The largest number of each window of an image, with a gradient.
//!
//! candle's own has a gradient for windows that do not overlap only, and no padding. Shapes: `N` images, `C` channels,
//! `H`, `W`. Not here: averages (`avg_pool2d.rs`). Read next: `windows.rs`.

use std::sync::OnceLock;

use candle_core::{Tensor, WithDType};

use super::pieces::hand_out;
use super::planes::{Planes, pool_planes};
use super::windows::{Window, image_dims};
use super::zeros::zeros;
use crate::Result;

/// The largest number of every window: x `(N, C, H, W)`, result `(N, C, H', W')` with
/// `H' = (H + 2 padding - kernel) / stride + 1`, W' likewise; f32 or f64 (as `F.max_pool2d` of PyTorch).
///
/// Of equal numbers the first one gets the gradient; a NaN in a window is its result.
///
/// # Errors
/// x has another shape or dtype, or the window does not fit.
pub(crate) fn max_pool2d(x: &Tensor, window: Window) -> Result<Tensor> {
    let [_, _, height, width] = image_dims("max_pool2d", x)?;
    let out = window.output("max_pool2d", [height, width])?;
    let op = MaxPool { window, size: [height, width], out, winners: OnceLock::new() };
    Ok(pool_planes(x, op)?)
}

struct MaxPool {
    window: Window,
    /// Height and width of an image and of the result.
    size: [usize; 2],
    out: [usize; 2],
    /// For every result the place of its number in the plane.
    winners: OnceLock<Vec<u32>>,
}

impl MaxPool {
    /// One plane; `y` begins as minus infinity.
    fn plane<T: WithDType>(&self, x: &[T], y: &mut [T], winners: &mut [u32]) {
        let ([_, width], [_, out_width]) = (self.size, self.out);
        let Window { kernel: [_, kernel], stride: [_, stride], padding: [_, padding] } =
            self.window;
        let rows = y.chunks_exact_mut(out_width).zip(winners.chunks_exact_mut(out_width));
        for (i, (y, winners)) in rows.enumerate() {
            let inside = self.window.inside(0, i, self.size[0]);
            // Where every window is minus infinity, the first place inside wins.
            for (j, winner) in winners.iter_mut().enumerate() {
                *winner = (inside.start * width + self.window.inside(1, j, width).start) as u32;
            }
            for row in inside {
                for column in 0..kernel {
                    // The windows whose number at `column` lies inside the row.
                    let first = padding.saturating_sub(column).div_ceil(stride);
                    let end =
                        (width + padding).saturating_sub(column).div_ceil(stride).min(out_width);
                    if first >= end {
                        continue;
                    }
                    let start = row * width + first * stride + column - padding;
                    let run = &x[start..][..(end - first - 1) * stride + 1];
                    larger(&mut y[first..end], &mut winners[first..end], run, stride, start as u32);
                }
            }
        }
    }
}

impl Planes for MaxPool {
    const NAME: &'static str = "lab-max-pool2d";

    fn out(&self) -> [usize; 2] {
        self.out
    }

    fn forward<T: WithDType>(&self, x: &[T]) -> Vec<T> {
        let (plane, out) = (self.size[0] * self.size[1], self.out[0] * self.out[1]);
        let count = x.len() / plane;
        let mut y = vec![T::from_f64(f64::NEG_INFINITY); count * out];
        let mut winners = vec![0; count * out];
        let many = planes_in_piece(plane);
        let results = y.chunks_mut(many * out).zip(winners.chunks_mut(many * out));
        hand_out(x.chunks(many * plane).zip(results).collect(), &|(x, (y, winners))| {
            let results = y.chunks_exact_mut(out).zip(winners.chunks_exact_mut(out));
            for (x, (y, winners)) in x.chunks_exact(plane).zip(results) {
                self.plane(x, y, winners);
            }
        });
        self.winners.get_or_init(|| winners);
        y
    }

    fn backward<T: WithDType>(&self, grad: &[T], numbers: usize) -> Vec<T> {
        let (plane, out) = (self.size[0] * self.size[1], self.out[0] * self.out[1]);
        let mut gradient = zeros(numbers);
        let many = planes_in_piece(plane);
        let winners = self.winners.get().map_or(&[][..], Vec::as_slice);
        let sources = grad.chunks(many * out).zip(winners.chunks(many * out));
        let work = gradient.chunks_mut(many * plane).zip(sources).collect();
        hand_out(work, &|(gradient, (grad, winners))| {
            let sources = grad.chunks_exact(out).zip(winners.chunks_exact(out));
            for (gradient, (grad, winners)) in gradient.chunks_exact_mut(plane).zip(sources) {
                for (grad, winner) in grad.iter().zip(winners) {
                    gradient[*winner as usize] += *grad;
                }
            }
        });
        gradient
    }
}

/// How many planes a thread takes at once, by their size only.
fn planes_in_piece(plane: usize) -> usize {
    (1usize << 15).div_ceil(plane)
}

/// Keeps the larger of `y[i]` and `run[i * stride]`, whose place in the plane is `start + i * stride`.
fn larger<T: WithDType>(y: &mut [T], winners: &mut [u32], run: &[T], stride: usize, start: u32) {
    match stride {
        1 => keep(y, winners, run.iter().copied(), 1, start),
        2 => {
            // Pairs are read as vectors; the last number has no partner.
            let (pairs, last) = run.as_chunks::<2>();
            let (y, y_last) = y.split_at_mut(pairs.len());
            let (winners, winners_last) = winners.split_at_mut(pairs.len());
            keep(y, winners, pairs.iter().map(|pair| pair[0]), 2, start);
            let start = start + 2 * pairs.len() as u32;
            keep(y_last, winners_last, last.iter().copied(), 2, start);
        }
        _ => keep(y, winners, run.iter().step_by(stride).copied(), stride as u32, start),
    }
}

/// Its own function, so that the compiler knows that the slices do not overlap, and makes vectors.
#[inline(never)]
fn keep<T: WithDType>(
    y: &mut [T],
    winners: &mut [u32],
    run: impl Iterator<Item = T>,
    stride: u32,
    start: u32,
) {
    let mut place = start;
    for ((y, winner), x) in y.iter_mut().zip(winners).zip(run) {
        // A NaN is the only number that differs from itself.
        #[allow(clippy::eq_op)]
        let takes = (x > *y) | (x != x);
        *y = if takes { x } else { *y };
        // By bits: of two choices by one condition the compiler makes a branch, many times slower.
        *winner ^= (*winner ^ place) & 0u32.wrapping_sub(u32::from(takes));
        place = place.wrapping_add(stride);
    }
}

#[cfg(test)]
mod tests;
