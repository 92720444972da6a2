//! Channels last: images turned so that neighbours in memory go into one vector.
//!
//! Not here: weights (`weights.rs`), arithmetic (`direct.rs`). Read next: `turn.rs`.

use std::sync::{Mutex, PoisonError};

use pulp::{Simd, WithSimd};

use super::geometry::Geometry;
use super::real::{Real, dispatch};
use super::turn::{SIDE, turn};
use crate::ops::pool;

/// A part of a result that one piece of work fills; the lock is never waited for.
pub(super) type Cell<'a, T> = Mutex<&'a mut [T]>;

/// Cuts numbers into cells of `len` numbers.
pub(super) fn cells<T>(numbers: &mut [T], len: usize) -> Vec<Cell<'_, T>> {
    numbers.chunks_mut(len.max(1)).map(Mutex::new).collect()
}

/// Cuts planes of `plane` numbers into cells of `len` numbers; the last of a plane may be shorter.
pub(super) fn strips<T>(numbers: &mut [T], plane: usize, len: usize) -> Vec<Cell<'_, T>> {
    let planes = numbers.chunks_mut(plane.max(1));
    planes.flat_map(|plane| plane.chunks_mut(len.max(1))).map(Mutex::new).collect()
}

/// Runs `f` with the numbers of a cell.
pub(super) fn fill<T, R>(cell: &Cell<'_, T>, f: impl FnOnce(&mut [T]) -> R) -> R {
    f(&mut cell.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Runs `f` with the numbers of cells `i`, `i + step`, `i + 2 step` and so on.
pub(super) fn fill_all<T>(
    cells: &[Cell<'_, T>],
    i: usize,
    step: usize,
    f: impl FnOnce(&mut [&mut [T]]),
) {
    let lock = |cell| Mutex::lock(cell).unwrap_or_else(PoisonError::into_inner);
    let mut guards: Vec<_> = cells.iter().skip(i).step_by(step).map(lock).collect();
    let mut parts: Vec<&mut [T]> = guards.iter_mut().map(|guard| &mut ***guard).collect();
    f(&mut parts);
}

/// The frame of zeros around images turned to channels last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Rows of zeros above and columns of zeros on the left.
    pub(super) border: [usize; 2],
    /// H and W with the zeros.
    pub(super) size: [usize; 2],
}

impl Frame {
    /// The frame of the images of a convolution: as much as its kernel reaches.
    pub(super) fn of_inputs(g: &Geometry) -> Self {
        let reach = |i: usize| (g.out[i] - 1) * g.stride + (g.kernel[i] - 1) * g.dilation + 1;
        Self { border: [g.padding; 2], size: [reach(0), reach(1)] }
    }

    /// The number of pixels.
    pub(super) fn pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }
}

/// Turns images `(C, H, W)`, which begin every `step` numbers of `from`, to `(H', W', C)` in `to`, with a
/// frame of zeros.
pub(super) fn to_pixels<T: Real>(
    from: &[T],
    step: usize,
    [channels, height, width]: [usize; 3],
    frame: Frame,
    to: &mut [T],
) {
    let [rows, columns] = frame.size;
    let line = columns * channels;
    // Pieces of about 16k numbers.
    let rows_each = (16384 / line.max(1)).clamp(1, rows.max(1));
    let cells = strips(to, rows * line, rows_each * line);
    let per_image = rows.div_ceil(rows_each);
    pool::for_each(cells.len(), &|i| {
        let image = &from[i / per_image * step..][..channels * height * width];
        let first = i % per_image * rows_each;
        fill(&cells[i], |to| {
            dispatch(ToPixels { image, size: [channels, height, width], frame, first, to });
        });
    });
}

/// Some rows of one image.
struct ToPixels<'a, T> {
    image: &'a [T],
    size: [usize; 3],
    frame: Frame,
    first: usize,
    to: &'a mut [T],
}

impl<T: Real> WithSimd for ToPixels<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let [channels, height, width] = self.size;
        let [top, left] = self.frame.border;
        let columns = self.frame.size[1];
        let seen = width.min(columns.saturating_sub(left));
        for (y, line) in self.to.chunks_exact_mut(columns * channels).enumerate() {
            match (self.first + y).checked_sub(top).filter(|y| *y < height) {
                Some(y) => {
                    let (before, rest) = line.split_at_mut(left.min(columns) * channels);
                    let (inside, after) = rest.split_at_mut(seen * channels);
                    before.fill(T::zero());
                    after.fill(T::zero());
                    if seen > 0 {
                        let from = &self.image[y * width..];
                        turn(
                            from,
                            |c| c * height * width,
                            [channels, seen],
                            #[inline(always)]
                            |x, c, numbers| {
                                inside[x * channels + c..][..numbers.len()].copy_from_slice(numbers)
                            },
                        );
                    }
                }
                None => line.fill(T::zero()),
            }
        }
    }
}

/// Writes pixels `(P, K')` in `from` to `K` planes of `P` numbers, the cells.
#[inline(always)]
pub(super) fn to_planes<T: Real>(from: &[T], stride: usize, planes: &[&Cell<'_, T>]) {
    for (block, planes) in planes.chunks(SIDE).enumerate() {
        let lock = |cell| Mutex::lock(cell).unwrap_or_else(PoisonError::into_inner);
        let mut planes: Vec<_> = planes.iter().map(|cell| lock(cell)).collect();
        let pixels = planes.first().map_or(0, |plane| plane.len());
        turn(
            from,
            |pixel| pixel * stride + block * SIDE,
            [pixels, planes.len()],
            #[inline(always)]
            |k, pixel, numbers| planes[k][pixel..][..numbers.len()].copy_from_slice(numbers),
        );
    }
}
