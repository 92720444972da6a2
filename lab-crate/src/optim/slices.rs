//! One pass over the numbers of a parameter: weight, gradient and the buffers of the rule together.
//!
//! Not here: what is done to each number (`sgd.rs`, `rmsprop.rs`, ...). The loops are plain, so that the compiler
//! turns them into vector instructions, once for each kind of processor; `dispatch` takes the kind at hand. The
//! results do not depend on it: the same operations are rounded in the same way. Read next: `state.rs`.

use crate::ops::pieces::hand_out;

/// A big parameter is worked on in pieces of this many numbers by several threads. The pieces are
/// the same on every machine, and every number is computed by itself: the result does not depend on the threads.
const PIECE: usize = 1 << 16;

/// The numbers of one parameter; all slices have one length, and an unused buffer is empty.
pub(super) struct Slices<'a, T> {
    /// The weight.
    pub(super) w: &'a mut [T],
    /// Its gradient.
    pub(super) g: &'a [T],
    /// The buffers of the rule.
    pub(super) s: [&'a mut [T]; 3],
}

impl<T> Slices<'_, T> {
    /// The first `at` numbers, and the rest.
    fn split(self, at: usize) -> (Self, Self) {
        let half = |s: &mut [T]| at.min(s.len());
        let (w1, w2) = self.w.split_at_mut(at);
        let (g1, g2) = self.g.split_at(at);
        let [a, b, c] = self.s;
        let (na, nb, nc) = (half(a), half(b), half(c));
        let ((a1, a2), (b1, b2), (c1, c2)) =
            (a.split_at_mut(na), b.split_at_mut(nb), c.split_at_mut(nc));
        (Self { w: w1, g: g1, s: [a1, b1, c1] }, Self { w: w2, g: g2, s: [a2, b2, c2] })
    }
}

/// Calls `update` for all the numbers, piece by piece.
pub(super) fn in_pieces<T: Send + Sync>(
    work: Slices<'_, T>,
    update: &(dyn Fn(Slices<'_, T>) + Sync),
) {
    if work.w.len() <= PIECE {
        return update(work);
    }
    let mut pieces = Vec::with_capacity(work.w.len().div_ceil(PIECE));
    let mut rest = work;
    while rest.w.len() > PIECE {
        let (piece, more) = rest.split(PIECE);
        pieces.push(piece);
        rest = more;
    }
    pieces.push(rest);
    hand_out(pieces, update);
}

/// `f(weight, gradient)` for every number.
pub(super) fn each0<T: Copy>(w: &mut [T], g: &[T], f: impl Fn(&mut T, T)) {
    #[inline(always)]
    fn run<T: Copy>(w: &mut [T], g: &[T], f: impl Fn(&mut T, T)) {
        for (w, &g) in w.iter_mut().zip(g) {
            f(w, g);
        }
    }
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || run(w, g, f),
    );
}

/// `f(weight, gradient, buffer)` for every number.
pub(super) fn each1<T: Copy>(w: &mut [T], g: &[T], a: &mut [T], f: impl Fn(&mut T, T, &mut T)) {
    #[inline(always)]
    fn run<T: Copy>(w: &mut [T], g: &[T], a: &mut [T], f: impl Fn(&mut T, T, &mut T)) {
        for ((w, &g), a) in w.iter_mut().zip(g).zip(a) {
            f(w, g, a);
        }
    }
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || run(w, g, a, f),
    );
}

/// `f(weight, gradient, buffer, buffer)` for every number.
pub(super) fn each2<T: Copy>(
    w: &mut [T],
    g: &[T],
    a: &mut [T],
    b: &mut [T],
    f: impl Fn(&mut T, T, &mut T, &mut T),
) {
    #[inline(always)]
    fn run<T: Copy>(
        w: &mut [T],
        g: &[T],
        a: &mut [T],
        b: &mut [T],
        f: impl Fn(&mut T, T, &mut T, &mut T),
    ) {
        for (((w, &g), a), b) in w.iter_mut().zip(g).zip(a).zip(b) {
            f(w, g, a, b);
        }
    }
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || run(w, g, a, b, f),
    );
}

/// `f(weight, gradient, buffer, buffer, buffer)` for every number.
pub(super) fn each3<T: Copy>(
    w: &mut [T],
    g: &[T],
    s: [&mut [T]; 3],
    f: impl Fn(&mut T, T, &mut T, &mut T, &mut T),
) {
    #[inline(always)]
    fn run<T: Copy>(
        w: &mut [T],
        g: &[T],
        a: &mut [T],
        b: &mut [T],
        c: &mut [T],
        f: impl Fn(&mut T, T, &mut T, &mut T, &mut T),
    ) {
        for ((((w, &g), a), b), c) in w.iter_mut().zip(g).zip(a).zip(b).zip(c) {
            f(w, g, a, b, c);
        }
    }
    let [a, b, c] = s;
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || run(w, g, a, b, c, f),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_visited_once_however_long_the_parameter() {
        for n in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 5 * PIECE + 7] {
            let mut w: Vec<f64> = (0..n).map(|i| i as f64).collect();
            let g = w.clone();
            let (mut a, mut c) = (vec![0.0; n], vec![1.0; n]);
            let work = Slices { w: &mut w, g: &g, s: [&mut a, &mut [], &mut c] };
            in_pieces(work, &|part| {
                assert!(part.w.len() <= PIECE && part.s[1].is_empty());
                let [a, _, c] = part.s;
                each2(part.w, part.g, a, c, |w, g, a, c| {
                    *w += 2.0 * g;
                    *a += g;
                    *c += 1.0;
                });
            });
            let right = |i: usize| w[i] == 3.0 * g[i] && a[i] == g[i] && c[i] == 2.0;
            assert!((0..n).all(right), "{n}");
        }
    }
}
