//! The transforms of Winograd's convolution F(4x4, 3x3): 6 x 6 products for 4 x 4 results.
//!
//! `result = At [(G w Gt) * (Bt x B)] A` (Lavin and Gray, 2015, arXiv:1509.09308) with the points 0, A, -A, B, -B
//! and infinity. Their A = 1, B = 2 lose a digit in f32; ours round hardly more than the definition (points
//! of other sizes: Barabasz et al., 2018, arXiv:1803.10986). Each function is one side of a transform,
//! [`both`] does the two sides; every vector holds neighbouring channels. Read next: `mod.rs`.

use std::marker::PhantomData;

use pulp::Simd;

use super::super::real::Real;

/// The points A and B: of the pairs of small fractions tried, the most exact.
const A: f64 = 0.625;
const B: f64 = 1.5;
const A2: f64 = A * A;
const B2: f64 = B * B;
/// The products of the differences of a point and the others.
const N0: f64 = A2 * B2;
const NA: f64 = 2.0 * A2 * (A2 - B2);
const NB: f64 = 2.0 * B2 * (B2 - A2);

/// Applies `f` to the columns and then to the rows of a square.
#[inline(always)]
pub(super) fn both<V: Copy, const I: usize, const O: usize>(
    x: [[V; I]; I],
    f: impl Fn([V; I]) -> [V; O],
) -> [[V; O]; O] {
    let mut columns = [[x[0][0]; O]; I];
    for j in 0..I {
        let mut column = x[0];
        for i in 0..I {
            column[i] = x[i][j];
        }
        columns[j] = f(column);
    }
    let mut out = [[x[0][0]; O]; O];
    for i in 0..O {
        let mut row = x[0];
        for j in 0..I {
            row[j] = columns[j][i];
        }
        out[i] = f(row);
    }
    out
}

/// Arithmetic on the vectors of one machine. (Methods, not closures: those would not become vector instructions.)
#[derive(Clone, Copy)]
struct Math<S, T>(S, PhantomData<T>);

impl<S: Simd, T: Real> Math<S, T> {
    #[inline(always)]
    fn n(self, value: f64) -> T::Vector<S> {
        T::splat(self.0, T::from_f64(value))
    }
    #[inline(always)]
    fn add(self, a: T::Vector<S>, b: T::Vector<S>) -> T::Vector<S> {
        T::plus(self.0, a, b)
    }
    #[inline(always)]
    fn sub(self, a: T::Vector<S>, b: T::Vector<S>) -> T::Vector<S> {
        T::minus(self.0, a, b)
    }
    /// `factor * a + b`.
    #[inline(always)]
    fn fma(self, factor: f64, a: T::Vector<S>, b: T::Vector<S>) -> T::Vector<S> {
        T::fma(self.0, self.n(factor), a, b)
    }
    #[inline(always)]
    fn mul(self, factor: f64, a: T::Vector<S>) -> T::Vector<S> {
        T::times(self.0, self.n(factor), a)
    }
}

/// `Bt x`: the images.
#[inline(always)]
pub(super) fn image<S: Simd, T: Real>(simd: S, x: [T::Vector<S>; 6]) -> [T::Vector<S>; 6] {
    let m = Math::<S, T>(simd, PhantomData);
    let (near, near_odd) = (m.fma(-B2, x[2], x[4]), m.fma(-B2, x[1], x[3]));
    let (far, far_odd) = (m.fma(-A2, x[2], x[4]), m.fma(-A2, x[1], x[3]));
    [
        m.fma(A2 * B2, x[0], m.fma(-(A2 + B2), x[2], x[4])),
        m.fma(A, near_odd, near),
        m.fma(-A, near_odd, near),
        m.fma(B, far_odd, far),
        m.fma(-B, far_odd, far),
        m.fma(A2 * B2, x[1], m.fma(-(A2 + B2), x[3], x[5])),
    ]
}

/// `G w`: the weights.
#[inline(always)]
pub(super) fn weight<S: Simd, T: Real>(simd: S, w: [T::Vector<S>; 3]) -> [T::Vector<S>; 6] {
    let m = Math::<S, T>(simd, PhantomData);
    let near = m.fma(1.0 / NA, w[0], m.mul(A2 / NA, w[2]));
    let far = m.fma(1.0 / NB, w[0], m.mul(B2 / NB, w[2]));
    [
        m.mul(1.0 / N0, w[0]),
        m.fma(A / NA, w[1], near),
        m.fma(-A / NA, w[1], near),
        m.fma(B / NB, w[1], far),
        m.fma(-B / NB, w[1], far),
        w[2],
    ]
}

/// `At m`: the results.
#[inline(always)]
pub(super) fn result<S: Simd, T: Real>(simd: S, x: [T::Vector<S>; 6]) -> [T::Vector<S>; 4] {
    let m = Math::<S, T>(simd, PhantomData);
    let (near, near_gap) = (m.add(x[1], x[2]), m.sub(x[1], x[2]));
    let (far, far_gap) = (m.add(x[3], x[4]), m.sub(x[3], x[4]));
    [
        m.add(x[0], m.add(near, far)),
        m.fma(A, near_gap, m.mul(B, far_gap)),
        m.fma(A2, near, m.mul(B2, far)),
        m.fma(A2 * A, near_gap, m.fma(B2 * B, far_gap, x[5])),
    ]
}

/// `A g`: the gradient of the results.
#[inline(always)]
pub(super) fn result_back<S: Simd, T: Real>(simd: S, g: [T::Vector<S>; 4]) -> [T::Vector<S>; 6] {
    let m = Math::<S, T>(simd, PhantomData);
    let (near, near_odd) = (m.fma(A2, g[2], g[0]), m.fma(A2, g[3], g[1]));
    let (far, far_odd) = (m.fma(B2, g[2], g[0]), m.fma(B2, g[3], g[1]));
    [
        g[0],
        m.fma(A, near_odd, near),
        m.fma(-A, near_odd, near),
        m.fma(B, far_odd, far),
        m.fma(-B, far_odd, far),
        g[3],
    ]
}

/// `Gt u`: the gradient of the weights.
#[inline(always)]
pub(super) fn weight_back<S: Simd, T: Real>(simd: S, u: [T::Vector<S>; 6]) -> [T::Vector<S>; 3] {
    let m = Math::<S, T>(simd, PhantomData);
    let (near, near_gap) = (m.add(u[1], u[2]), m.sub(u[1], u[2]));
    let (far, far_gap) = (m.add(u[3], u[4]), m.sub(u[3], u[4]));
    [
        m.fma(1.0 / N0, u[0], m.fma(1.0 / NA, near, m.mul(1.0 / NB, far))),
        m.fma(A / NA, near_gap, m.mul(B / NB, far_gap)),
        m.fma(A2 / NA, near, m.fma(B2 / NB, far, u[5])),
    ]
}
