//! The mean of each window of an image, with a gradient: windows of one size, or of sizes that give a wanted result.
//!
//! Shapes: `N` images, `C` channels, `H`, `W`. Not here: the largest number (`max_pool2d.rs`).

use std::ops::Range;

use candle_core::{Tensor, WithDType};

use super::pieces::hand_out;
use super::planes::{Planes, pool_planes};
use super::sum;
use super::windows::{Window, image_dims};
use super::zeros::zeros;
use crate::{Error, Result};

/// The mean of every window: x `(N, C, H, W)`, result `(N, C, H', W')` with
/// `H' = (H + 2 padding - kernel) / stride + 1`, W' likewise; f32 or f64 (as `F.avg_pool2d` of PyTorch).
///
/// The padding counts as zeros if `count_include_pad`, and not at all otherwise.
///
/// # Errors
/// x has another shape or dtype, or the window does not fit.
pub(crate) fn avg_pool2d(x: &Tensor, window: Window, count_include_pad: bool) -> Result<Tensor> {
    let [_, _, height, width] = image_dims("avg_pool2d", x)?;
    let out = window.output("avg_pool2d", [height, width])?;
    let places = |axis: usize, side| (0..out[axis]).map(|i| window.inside(axis, i, side)).collect();
    let means = Means {
        rows: places(0, height),
        columns: places(1, width),
        area: count_include_pad.then_some(window.kernel[0] * window.kernel[1]),
        width,
        plane: height * width,
    };
    Ok(pool_planes(x, means)?)
}

/// The means over `out` windows that cover the image: x `(N, C, H, W)`, result `(N, C, out[0], out[1])`; f32 or f64.
///
/// Window `i` of `n` goes from `floor(i H / n)` to `ceil((i + 1) H / n)` (as `F.adaptive_avg_pool2d` of PyTorch).
///
/// # Errors
/// x has another shape or dtype, or a wanted size is 0.
pub(crate) fn adaptive_avg_pool2d(x: &Tensor, out: [usize; 2]) -> Result<Tensor> {
    let [_, _, height, width] = image_dims("adaptive_avg_pool2d", x)?;
    if out.contains(&0) {
        return Err(Error::Argument(format!(
            "adaptive_avg_pool2d: размер результата {} x {}, а нужны числа от 1; среднее всего изображения: 1 x 1",
            out[0], out[1]
        )));
    }
    let places = |n: usize, side: usize| {
        (0..n).map(|i| i * side / n..((i + 1) * side).div_ceil(n)).collect()
    };
    let means = Means {
        rows: places(out[0], height),
        columns: places(out[1], width),
        area: None,
        width,
        plane: height * width,
    };
    Ok(pool_planes(x, means)?)
}

/// The result at `(i, j)` is the sum over `rows[i]` and `columns[j]` divided by the area.
struct Means {
    rows: Vec<Range<usize>>,
    columns: Vec<Range<usize>>,
    /// The same area for all windows, or each its own.
    area: Option<usize>,
    width: usize,
    plane: usize,
}

impl Means {
    /// The number of results of a plane.
    fn results(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// How many planes a thread takes at once, by the shapes only.
    fn many(&self) -> usize {
        (1usize << 15).div_ceil(self.plane.max(self.results()))
    }

    fn area(&self, rows: &Range<usize>, columns: &Range<usize>) -> f64 {
        self.area.unwrap_or(rows.len() * columns.len()) as f64
    }

    #[inline(always)]
    fn forward_plane<T: WithDType>(&self, x: &[T], y: &mut [T]) {
        for (rows, y) in self.rows.iter().zip(y.chunks_exact_mut(self.columns.len())) {
            for (columns, y) in self.columns.iter().zip(y) {
                let total = if columns.len() == self.width {
                    // Whole rows lie side by side.
                    let run = &x[rows.start * self.width..rows.end * self.width];
                    sum(
                        run.len(),
                        #[inline(always)]
                        |i| run[i].to_f64(),
                    )
                } else {
                    let row = |row: usize| &x[row * self.width..][columns.clone()];
                    rows.clone().flat_map(row).map(|x| x.to_f64()).sum()
                };
                *y = T::from_f64(total / self.area(rows, columns));
            }
        }
    }
}

impl Planes for Means {
    const NAME: &'static str = "lab-avg-pool2d";

    fn out(&self) -> [usize; 2] {
        [self.rows.len(), self.columns.len()]
    }

    fn forward<T: WithDType>(&self, x: &[T]) -> Vec<T> {
        let (plane, out, many) = (self.plane, self.results(), self.many());
        let mut y = zeros(x.len() / plane * out);
        let work = x.chunks(many * plane).zip(y.chunks_mut(many * out)).collect();
        hand_out(work, &|(x, y)| {
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || {
                    for (x, y) in x.chunks_exact(plane).zip(y.chunks_exact_mut(out)) {
                        self.forward_plane(x, y);
                    }
                },
            );
        });
        y
    }

    fn backward<T: WithDType>(&self, grad: &[T], numbers: usize) -> Vec<T> {
        let (plane, out, many) = (self.plane, self.results(), self.many());
        let mut gradient = zeros(numbers);
        let work = gradient.chunks_mut(many * plane).zip(grad.chunks(many * out)).collect();
        hand_out(work, &|(gradient, grad)| {
            for (x, g) in gradient.chunks_exact_mut(plane).zip(grad.chunks_exact(out)) {
                for (rows, g) in self.rows.iter().zip(g.chunks_exact(self.columns.len())) {
                    for (columns, g) in self.columns.iter().zip(g) {
                        let share = T::from_f64(g.to_f64() / self.area(rows, columns));
                        for row in rows.clone() {
                            let run = &mut x[row * self.width..][columns.clone()];
                            run.iter_mut().for_each(|x| *x += share);
                        }
                    }
                }
            }
        });
        gradient
    }
}

#[cfg(test)]
mod tests;
