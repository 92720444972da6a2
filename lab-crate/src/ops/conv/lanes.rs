//! Channels last: images and weights turned so that neighbours in memory go into one vector.
//!
//! Not here: arithmetic. Read next: `direct.rs`.

use std::sync::{Mutex, PoisonError};

use pulp::{Simd, WithSimd};

use super::geometry::Geometry;
use super::kernel::{PAD, Real, dispatch};
use super::turn::{SIDE, Turner, turn};
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

/// Copies one plane into its frame of zeros.
pub(super) fn to_pixels_of_plane<T: Real>(
    plane: &[T],
    [height, width]: [usize; 2],
    frame: Frame,
    to: &mut [T],
) {
    dispatch(ToPixels { image: plane, size: [1, height, width], frame, first: 0, to });
}

impl<T: Real> WithSimd for ToPixels<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let [channels, height, width] = self.size;
        let [top, left] = self.frame.border;
        let columns = self.frame.size[1];
        let seen = width.min(columns.saturating_sub(left));
        let turner = Turner::new();
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
                            turner,
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
    let turner = Turner::new();
    for (block, planes) in planes.chunks(SIDE).enumerate() {
        let lock = |cell| Mutex::lock(cell).unwrap_or_else(PoisonError::into_inner);
        let mut planes: Vec<_> = planes.iter().map(|cell| lock(cell)).collect();
        let pixels = planes.first().map_or(0, |plane| plane.len());
        turn(
            turner,
            from,
            |pixel| pixel * stride + block * SIDE,
            [pixels, planes.len()],
            #[inline(always)]
            |k, pixel, numbers| planes[k][pixel..][..numbers.len()].copy_from_slice(numbers),
        );
    }
}

/// Turns weights `(K, C, taps)` of one group to `(taps, C, K')`, K' = K padded with zeros.
pub(super) fn weights_by_output<T: Real>(weight: &[T], [k, c, taps]: [usize; 3], to: &mut [T]) {
    let padded = k.next_multiple_of(PAD);
    let each = c.div_ceil(32);
    let cells = strips(&mut to[..taps * c * padded], c * padded, each * padded);
    let pieces = c.div_ceil(each);
    pool::for_each(pieces, &|piece| {
        let first = piece * each * taps;
        let columns = (each * taps).min(c * taps - first);
        fill_all(&cells, piece, pieces, |parts| {
            dispatch(ByOutput { from: &weight[first..], k, step: c * taps, columns, taps, parts });
        });
    });
}

/// The weights of some inputs.
struct ByOutput<'a, 'b, T> {
    from: &'a [T],
    k: usize,
    step: usize,
    columns: usize,
    taps: usize,
    parts: &'a mut [&'b mut [T]],
}

impl<T: Real> WithSimd for ByOutput<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { from, k, step, columns, taps, parts } = self;
        let padded = k.next_multiple_of(PAD);
        turn(
            Turner::new(),
            from,
            |k| k * step,
            [k, columns],
            #[inline(always)]
            |column, k, numbers| {
                let at = column / taps * padded + k;
                parts[column % taps][at..][..numbers.len()].copy_from_slice(numbers);
            },
        );
        for line in parts.iter_mut().flat_map(|part| part.chunks_exact_mut(padded)) {
            line[k..].fill(T::zero());
        }
    }
}

/// Turns weights `(K, C, taps)` of one group to `(taps, K, C')`, C' = C padded with zeros.
pub(super) fn weights_by_input<T: Real>(weight: &[T], [k, c, taps]: [usize; 3], to: &mut [T]) {
    let padded = c.next_multiple_of(PAD);
    let each = k.div_ceil(32);
    let cells = strips(&mut to[..taps * k * padded], k * padded, each * padded);
    let pieces = k.div_ceil(each);
    pool::for_each(pieces, &|piece| {
        let first = piece * each * c * taps;
        let from = &weight[first..k * c * taps];
        fill_all(&cells, piece, pieces, |parts| dispatch(ByInput { from, c, taps, parts }));
    });
}

/// The weights of some outputs.
struct ByInput<'a, 'b, T> {
    from: &'a [T],
    c: usize,
    taps: usize,
    parts: &'a mut [&'b mut [T]],
}

impl<T: Real> WithSimd for ByInput<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { from, c, taps, parts } = self;
        let padded = c.next_multiple_of(PAD);
        let outputs = parts.first().map_or(0, |part| part.len() / padded);
        for k in 0..outputs {
            turn(
                Turner::new(),
                &from[k * c * taps..],
                |c| c * taps,
                [c, taps],
                #[inline(always)]
                |tap, c, numbers| {
                    parts[tap][k * padded + c..][..numbers.len()].copy_from_slice(numbers)
                },
            );
            parts.iter_mut().for_each(|part| part[k * padded..][..padded][c..].fill(T::zero()));
        }
    }
}

/// Turns lines of weights `(taps / places, K, padded)`, `places` neighbouring places of `C` numbers in a
/// line, back to `(K, C, taps)`.
pub(super) fn weights_back<T: Real>(
    from: &[T],
    padded: usize,
    places: usize,
    [k, c, taps]: [usize; 3],
    to: &mut [T],
) {
    let each = k.div_ceil(32).max(1);
    let cells = cells(to, each * c * taps);
    pool::for_each(cells.len(), &|piece| {
        fill(&cells[piece], |to| {
            dispatch(Back { from, padded, places, size: [k, c, taps], first: piece * each, to });
        });
    });
}

/// The weights of some outputs, from `first` on.
struct Back<'a, T> {
    from: &'a [T],
    padded: usize,
    places: usize,
    size: [usize; 3],
    first: usize,
    to: &'a mut [T],
}

impl<T: Real> WithSimd for Back<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { from, padded, places, size: [k, c, taps], first, to } = self;
        for (i, to) in to.chunks_exact_mut(c * taps).enumerate() {
            turn(
                Turner::new(),
                from,
                |tap| (tap / places * k + first + i) * padded + tap % places * c,
                [taps, c],
                #[inline(always)]
                |c, tap, numbers| to[c * taps + tap..][..numbers.len()].copy_from_slice(numbers),
            );
        }
    }
}
