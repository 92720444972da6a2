//! The two sums of a depthwise convolution over lines, in vectors.
//!
//! Not here: what the lines mean (`phases.rs`).

use pulp::{Simd, WithSimd};

use super::super::kernel::PAD;
use super::super::real::Real;

/// A line is computed in blocks of this many numbers: four of the widest vectors.
pub(super) const BLOCK: usize = 4 * PAD;
/// The partial sums of one product: two of the widest vectors.
pub(super) const SUMS: usize = 2 * PAD;

/// `to[i] += sum over p of weights[p] * from[starts[p] + i]`; `to` has whole blocks, `from` reaches as far.
pub(super) struct Correlate<'a, T> {
    pub(super) from: &'a [T],
    pub(super) starts: &'a [usize],
    pub(super) weights: &'a [T],
    pub(super) to: &'a mut [T],
}

impl<T: Real> WithSimd for Correlate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let step = 4 * T::lanes::<S>();
        for (block, to) in self.to.chunks_exact_mut(step).enumerate() {
            let to = T::vectors_mut::<S>(to);
            let [mut a, mut b, mut c, mut d] = [to[0], to[1], to[2], to[3]];
            for (start, weight) in self.starts.iter().zip(self.weights) {
                let from = T::vectors::<S>(&self.from[start + block * step..][..step]);
                let weight = T::splat(simd, *weight);
                a = T::fma(simd, weight, from[0], a);
                b = T::fma(simd, weight, from[1], b);
                c = T::fma(simd, weight, from[2], c);
                d = T::fma(simd, weight, from[3], d);
            }
            [to[0], to[1], to[2], to[3]] = [a, b, c, d];
        }
    }
}

/// `sums[p] += the products of line[i] and from[starts[p] + i]`, each in `SUMS` parts; four places at a time.
pub(super) struct Products<'a, T> {
    pub(super) from: &'a [T],
    pub(super) starts: &'a [usize],
    pub(super) line: &'a [T],
    pub(super) sums: &'a mut [T],
}

impl<T: Real> WithSimd for Products<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let step = 2 * T::lanes::<S>();
        let fours = self.starts.chunks_exact(4).zip(self.sums.chunks_exact_mut(4 * SUMS));
        for (starts, sums) in fours {
            let zero = T::splat(simd, T::zero());
            let mut parts = [[zero; 2]; 4];
            for (block, line) in self.line.chunks_exact(step).enumerate() {
                let line = T::vectors::<S>(line);
                for i in 0..4 {
                    let from = T::vectors::<S>(&self.from[starts[i] + block * step..][..step]);
                    parts[i][0] = T::fma(simd, line[0], from[0], parts[i][0]);
                    parts[i][1] = T::fma(simd, line[1], from[1], parts[i][1]);
                }
            }
            for (sums, parts) in sums.chunks_exact_mut(SUMS).zip(parts) {
                let sums = T::vectors_mut::<S>(sums);
                sums[0] = T::plus(simd, sums[0], parts[0]);
                sums[1] = T::plus(simd, sums[1], parts[1]);
            }
        }
    }
}
