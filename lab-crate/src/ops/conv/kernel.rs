//! The inner loop of every convolution: a few rows times a panel of columns, kept in registers.
//!
//! Both number types and all vector widths share it. Not here: what the rows and columns mean
//! (`direct.rs`, `winograd/`). Read next: `real.rs`.

use std::array::from_fn;

use pulp::Simd;

use super::real::Real;

/// Numbers at the end of a row of columns are padded to a multiple of this: the widest vector.
pub(super) const PAD: usize = 16;
/// The width of a panel of columns: two of the widest vectors.
pub(super) const PANEL: usize = 2 * PAD;

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
    /// From one panel of columns to the next.
    pub(super) panel: usize,
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
        let panel = column / PANEL * self.panel + column % PANEL;
        let mut sums = [[T::splat(simd, T::zero()); N]; M];
        if self.add {
            for (sums, out) in sums.iter_mut().zip(outs) {
                let from = T::vectors::<S>(&self.out[out..][..width]);
                (0..N).for_each(|j| sums[j] = from[j]);
            }
        }
        for segment in self.segments {
            match &self.rows {
                Rows::At(at) => {
                    let starts = from_fn(|i| at(row(i)) + segment.0);
                    self.sum_rows::<S, M, N>(simd, starts, panel + segment.1, &mut sums);
                }
                Rows::Columns(stride) => {
                    let begin = [first + segment.0, panel + segment.1];
                    self.sum_columns::<S, M, N>(simd, begin, *stride, &mut sums);
                }
            }
        }
        for (sums, out) in sums.iter().zip(outs) {
            let to = T::vectors_mut::<S>(&mut self.out[out..][..width]);
            (0..N).for_each(|j| to[j] = sums[j]);
        }
    }

    /// One segment of rows without gaps.
    #[inline(always)]
    fn sum_rows<S: Simd, const M: usize, const N: usize>(
        &self,
        simd: S,
        starts: [usize; M],
        in_b: usize,
        sums: &mut [[T::Vector<S>; N]; M],
    ) {
        let a: [&[T]; M] = from_fn(|i| &self.a[starts[i]..][..self.depth]);
        let b = &self.b[in_b..];
        for r in 0..self.depth {
            accumulate::<S, T, M, N>(simd, sums, from_fn(|i| a[i][r]), &b[r * self.b_stride..]);
        }
    }

    /// One segment of columns.
    #[inline(always)]
    fn sum_columns<S: Simd, const M: usize, const N: usize>(
        &self,
        simd: S,
        [in_a, in_b]: [usize; 2],
        stride: usize,
        sums: &mut [[T::Vector<S>; N]; M],
    ) {
        let lines = self.b[in_b..].chunks(self.b_stride);
        for (a, line) in self.a[in_a..].chunks(stride).zip(lines).take(self.depth) {
            let a = &a[..M];
            accumulate::<S, T, M, N>(simd, sums, from_fn(|i| a[i]), line);
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
