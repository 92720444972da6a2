//! The inner loop of every convolution: a few rows times a panel of columns, kept in registers.
//!
//! Both number types and all vector widths share it. Not here: what the rows and columns mean
//! (`direct.rs`, `winograd.rs`). Read next: `direct.rs`.

use std::array::from_fn;
use std::cell::RefCell;

use candle_core::WithDType;
use pulp::{Arch, Simd, WithSimd};

use super::turn::{SIDE, Turner, turn_plainly};

/// Numbers at the end of a row of columns are padded to a multiple of this: the widest vector.
pub(super) const PAD: usize = 16;

/// The number types of a convolution, f32 and f64, and their vectors.
pub(super) trait Real: WithDType {
    /// A vector register of the machine `S`.
    type Vector<S: Simd>: Copy;
    /// The number 0.
    const ZERO: Self;
    /// How many numbers a vector holds.
    fn lanes<S: Simd>() -> usize;
    /// All lanes equal.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    /// `a + b`.
    fn plus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// `a - b`.
    fn minus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// `a * b`.
    fn times<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// `a * b + c`.
    fn fma<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;
    /// The whole vectors of a slice.
    fn vectors<S: Simd>(numbers: &[Self]) -> &[Self::Vector<S>];
    /// The whole vectors of a slice, to write.
    fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> &mut [Self::Vector<S>];
    /// A turned square.
    fn turn(turner: Turner, square: [[Self; SIDE]; SIDE]) -> [[Self; SIDE]; SIDE];
    /// The buffers that this thread keeps for later.
    fn with_spares<R>(f: impl FnOnce(&mut Vec<Vec<Self>>) -> R) -> R;
}

impl Real for f32 {
    type Vector<S: Simd> = S::f32s;
    const ZERO: Self = 0.0;

    #[inline(always)]
    fn lanes<S: Simd>() -> usize {
        S::F32_LANES
    }
    #[inline(always)]
    fn splat<S: Simd>(simd: S, value: Self) -> S::f32s {
        simd.splat_f32s(value)
    }
    #[inline(always)]
    fn plus<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        simd.add_f32s(a, b)
    }
    #[inline(always)]
    fn minus<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        simd.sub_f32s(a, b)
    }
    #[inline(always)]
    fn times<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        simd.mul_f32s(a, b)
    }
    #[inline(always)]
    fn fma<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(a, b, c)
    }
    #[inline(always)]
    fn vectors<S: Simd>(numbers: &[Self]) -> &[S::f32s] {
        S::as_simd_f32s(numbers).0
    }
    #[inline(always)]
    fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> &mut [S::f32s] {
        S::as_mut_simd_f32s(numbers).0
    }
    #[inline(always)]
    fn turn(turner: Turner, square: [[Self; SIDE]; SIDE]) -> [[Self; SIDE]; SIDE] {
        turner.turn(square)
    }
    fn with_spares<R>(f: impl FnOnce(&mut Vec<Vec<Self>>) -> R) -> R {
        thread_local!(static SPARES: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) });
        SPARES.with_borrow_mut(f)
    }
}

impl Real for f64 {
    type Vector<S: Simd> = S::f64s;
    const ZERO: Self = 0.0;

    #[inline(always)]
    fn lanes<S: Simd>() -> usize {
        S::F64_LANES
    }
    #[inline(always)]
    fn splat<S: Simd>(simd: S, value: Self) -> S::f64s {
        simd.splat_f64s(value)
    }
    #[inline(always)]
    fn plus<S: Simd>(simd: S, a: S::f64s, b: S::f64s) -> S::f64s {
        simd.add_f64s(a, b)
    }
    #[inline(always)]
    fn minus<S: Simd>(simd: S, a: S::f64s, b: S::f64s) -> S::f64s {
        simd.sub_f64s(a, b)
    }
    #[inline(always)]
    fn times<S: Simd>(simd: S, a: S::f64s, b: S::f64s) -> S::f64s {
        simd.mul_f64s(a, b)
    }
    #[inline(always)]
    fn fma<S: Simd>(simd: S, a: S::f64s, b: S::f64s, c: S::f64s) -> S::f64s {
        simd.mul_add_e_f64s(a, b, c)
    }
    #[inline(always)]
    fn vectors<S: Simd>(numbers: &[Self]) -> &[S::f64s] {
        S::as_simd_f64s(numbers).0
    }
    #[inline(always)]
    fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> &mut [S::f64s] {
        S::as_mut_simd_f64s(numbers).0
    }
    #[inline(always)]
    fn turn(_turner: Turner, square: [[Self; SIDE]; SIDE]) -> [[Self; SIDE]; SIDE] {
        turn_plainly(square)
    }
    fn with_spares<R>(f: impl FnOnce(&mut Vec<Vec<Self>>) -> R) -> R {
        thread_local!(static SPARES: RefCell<Vec<Vec<f64>>> = const { RefCell::new(Vec::new()) });
        SPARES.with_borrow_mut(f)
    }
}

/// The rows `a` of a product.
#[derive(Clone, Copy)]
pub(super) enum Rows<F> {
    /// Row `i` lies without gaps from number `f(i)`.
    At(F),
    /// Number `r` of row `i` is number `r * stride + i`; the number of rows is a multiple of 8.
    Columns(usize),
}

/// `out[i][j] = sum over r of a[i][r] * b[r][j]`, the sum going over `depth` numbers of every segment.
pub(super) struct Product<'a, T, A, O> {
    /// The numbers of the rows.
    pub(super) a: &'a [T],
    /// Where in `a` they are.
    pub(super) rows: Rows<A>,
    /// How many rows there are.
    pub(super) count: usize,
    /// The numbers of the columns.
    pub(super) b: &'a [T],
    /// From `b[r][j]` to `b[r + 1][j]`.
    pub(super) b_stride: usize,
    /// Where the parts of the sum begin: what is added to the places in `a` and in `b`.
    pub(super) segments: &'a [(usize, usize)],
    /// How long a part of the sum is.
    pub(super) depth: usize,
    /// The number of columns, a multiple of `PAD`.
    pub(super) columns: usize,
    /// The result: row `i` begins at number `out_at(i)`.
    pub(super) out: &'a mut [T],
    /// See `out`.
    pub(super) out_at: O,
    /// Adds to what `out` holds.
    pub(super) add: bool,
}

impl<T: Real, A: Fn(usize) -> usize, O: Fn(usize) -> usize> Product<'_, T, A, O> {
    /// Computes the product with the vectors of `simd`.
    #[inline(always)]
    pub(super) fn run<S: Simd>(self, simd: S) {
        // 32 registers hold 8 x 2 sums, 16 registers 4 x 2.
        if size_of::<S::f32s>() == 64 {
            self.blocks::<S, 8>(simd)
        } else {
            self.blocks::<S, 4>(simd)
        }
    }

    #[inline(always)]
    fn blocks<S: Simd, const M: usize>(mut self, simd: S) {
        let lanes = T::lanes::<S>();
        let mut column = 0;
        while column < self.columns {
            let two = column + 2 * lanes <= self.columns;
            for first in (0..self.count).step_by(M) {
                match two {
                    true => self.block::<S, M, 2>(simd, first, column),
                    false => self.block::<S, M, 1>(simd, first, column),
                }
            }
            column += if two { 2 * lanes } else { lanes };
        }
    }

    /// `M` rows, `N` vectors of columns. Past the last row the last one is computed again.
    #[inline(always)]
    fn block<S: Simd, const M: usize, const N: usize>(
        &mut self,
        simd: S,
        first: usize,
        column: usize,
    ) {
        let width = N * T::lanes::<S>();
        let row = |i: usize| (first + i).min(self.count - 1);
        let outs: [usize; M] = from_fn(|i| (self.out_at)(row(i)) + column);
        let mut sums = [[T::splat(simd, T::zero()); N]; M];
        if self.add {
            for (sums, out) in sums.iter_mut().zip(outs) {
                let from = T::vectors::<S>(&self.out[out..][..width]);
                (0..N).for_each(|j| sums[j] = from[j]);
            }
        }
        match &self.rows {
            Rows::At(at) => {
                let starts: [usize; M] = from_fn(|i| at(row(i)));
                for (in_a, in_b) in self.segments {
                    let a: [&[T]; M] = from_fn(|i| &self.a[starts[i] + in_a..][..self.depth]);
                    let b = &self.b[in_b + column..];
                    for r in 0..self.depth {
                        let line = &b[r * self.b_stride..][..width];
                        accumulate::<S, T, M, N>(simd, &mut sums, from_fn(|i| a[i][r]), line);
                    }
                }
            }
            Rows::Columns(stride) => {
                for (in_a, in_b) in self.segments {
                    let a = self.a[in_a + first..].chunks(*stride);
                    let lines = self.b[in_b + column..].chunks(self.b_stride);
                    for (a, line) in a.zip(lines).take(self.depth) {
                        let a: &[T] = &a[..M];
                        accumulate::<S, T, M, N>(simd, &mut sums, from_fn(|i| a[i]), line);
                    }
                }
            }
        }
        for (sums, out) in sums.iter().zip(outs) {
            let to = T::vectors_mut::<S>(&mut self.out[out..][..width]);
            (0..N).for_each(|j| to[j] = sums[j]);
        }
    }
}

/// Adds the product of `M` numbers and a line.
#[inline(always)]
fn accumulate<S: Simd, T: Real, const M: usize, const N: usize>(
    simd: S,
    sums: &mut [[T::Vector<S>; N]; M],
    a: [T; M],
    line: &[T],
) {
    let line = T::vectors::<S>(&line[..N * T::lanes::<S>()]);
    for i in 0..M {
        let a = T::splat(simd, a[i]);
        for j in 0..N {
            sums[i][j] = T::fma(simd, a, line[j], sums[i][j]);
        }
    }
}

/// Runs `work` with the widest vectors of this machine.
pub(super) fn dispatch(work: impl WithSimd<Output = ()>) {
    Arch::new().dispatch(work);
}
