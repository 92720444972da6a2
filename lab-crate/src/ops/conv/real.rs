//! The numbers of a convolution and their vectors, for every width a machine has.
//!
//! Not here: the product that uses them (`kernel.rs`). Read next: `turn.rs`.

use std::cell::RefCell;

use candle_core::WithDType;
use pulp::{Arch, Simd, WithSimd};

use super::turn::{Avx, SIDE, turn_f32, turn_plainly};

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
    /// Gives `store` the columns of a square.
    fn turn(avx: Avx, rows: [&[Self; SIDE]; SIDE], store: impl FnMut(usize, &[Self; SIDE]));
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
    fn turn(avx: Avx, rows: [&[f32; SIDE]; SIDE], store: impl FnMut(usize, &[f32; SIDE])) {
        turn_f32(avx, rows, store);
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
    fn turn(_avx: Avx, rows: [&[f64; SIDE]; SIDE], store: impl FnMut(usize, &[f64; SIDE])) {
        turn_plainly(rows, store);
    }
    fn with_spares<R>(f: impl FnOnce(&mut Vec<Vec<Self>>) -> R) -> R {
        thread_local!(static SPARES: RefCell<Vec<Vec<f64>>> = const { RefCell::new(Vec::new()) });
        SPARES.with_borrow_mut(f)
    }
}

/// Runs `work` with the widest vectors of this machine.
pub(super) fn dispatch(work: impl WithSimd<Output = ()>) {
    #[cfg(test)]
    let Some(work) = narrow::dispatch(work) else { return };
    Arch::new().dispatch(work);
}

/// Tests of the vectors of other machines.
#[cfg(test)]
pub(super) mod narrow {
    use pulp::{Scalar, WithSimd};
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// The widest vectors allowed, in bits; 0: no bound.
    pub(in super::super) static BITS: AtomicUsize = AtomicUsize::new(0);

    /// Does the work with the allowed vectors, or gives it back.
    pub(super) fn dispatch<W: WithSimd<Output = ()>>(work: W) -> Option<W> {
        match BITS.load(Ordering::Relaxed) {
            0 => return Some(work),
            #[cfg(target_arch = "x86_64")]
            256 => match pulp::x86::V3::try_new() {
                Some(simd) => pulp::Simd::vectorize(simd, work),
                None => return Some(work),
            },
            _ => pulp::Simd::vectorize(Scalar::new(), work),
        }
        None
    }
}
