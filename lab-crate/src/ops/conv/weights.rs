//! Weights turned to panels whose lanes are outputs or inputs, and gradients turned back.
//!
//! Not here: images (`lanes.rs`). Read next: `turn.rs`.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::geometry::Geometry;
use super::kernel::PANEL;
use super::lanes::{cells, fill};
use super::real::{Real, dispatch};
use super::turn::turn;
use crate::ops::pool;

/// Which channels of the weights become neighbours.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Lanes {
    /// K, for the result.
    Outputs,
    /// C, for the gradient of the images.
    Inputs,
}

/// The weights `(K, C, taps)` of one group, to be turned to panels `(taps, other channels, PANEL lanes)`.
#[derive(Clone, Copy)]
pub(super) struct Weights<'a, T> {
    numbers: &'a [T],
    k: usize,
    c: usize,
    taps: usize,
    /// Which channels are the lanes.
    pub(super) lanes: Lanes,
}

impl<'a, T: Real> Weights<'a, T> {
    /// The weights of one group of a convolution.
    pub(super) fn of(g: &Geometry, weight: &'a [T], group: usize, lanes: Lanes) -> Self {
        let size = g.outputs * g.inputs * g.taps();
        let numbers = &weight[group * size..][..size];
        Self { numbers, k: g.outputs, c: g.inputs, taps: g.taps(), lanes }
    }

    /// All panels, one after another.
    pub(super) fn turn_all(self, to: &mut [T]) {
        let (lanes, channels) = match self.lanes {
            Lanes::Outputs => (self.k, self.c),
            Lanes::Inputs => (self.c, self.k),
        };
        let cells = cells(to, self.taps * channels * PANEL);
        pool::for_each(cells.len(), &|panel| {
            let first = panel * PANEL;
            let lanes = first..lanes.min(first + PANEL);
            fill(&cells[panel], |to| {
                dispatch(TurnWeights { weights: self, lanes, channels: 0..channels, to });
            });
        });
    }

    /// One panel of some of the other channels: channel `c`, place `tap` begins at `c * steps[0] + tap * steps[1]`.
    #[inline(always)]
    pub(super) fn turn(
        self,
        lanes: Range<usize>,
        channels: Range<usize>,
        steps: [usize; 2],
        to: &mut [T],
    ) {
        let Self { numbers, c, taps, .. } = self;
        if lanes.len() < PANEL {
            to.fill(T::zero());
        }
        match self.lanes {
            Lanes::Outputs => turn(
                numbers,
                |k| ((lanes.start + k) * c + channels.start) * taps,
                [lanes.len(), channels.len() * taps],
                #[inline(always)]
                |column, k, numbers| {
                    // A division is dear here.
                    let at = if steps[0] == taps * steps[1] {
                        column * steps[1] + k
                    } else {
                        column / taps * steps[0] + column % taps * steps[1] + k
                    };
                    to[at..][..numbers.len()].copy_from_slice(numbers);
                },
            ),
            Lanes::Inputs => {
                for (i, k) in channels.enumerate() {
                    turn(
                        numbers,
                        |lane| (k * c + lanes.start + lane) * taps,
                        [lanes.len(), taps],
                        #[inline(always)]
                        |tap, lane, numbers| {
                            let at = i * steps[0] + tap * steps[1] + lane;
                            to[at..][..numbers.len()].copy_from_slice(numbers);
                        },
                    );
                }
            }
        }
    }
}

/// A panel of weights.
struct TurnWeights<'a, T> {
    weights: Weights<'a, T>,
    lanes: Range<usize>,
    channels: Range<usize>,
    to: &'a mut [T],
}

impl<T: Real> WithSimd for TurnWeights<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let steps = [PANEL, self.channels.len() * PANEL];
        self.weights.turn(self.lanes, self.channels, steps, self.to);
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
                from,
                |tap| (tap / places * k + first + i) * padded + tap % places * c,
                [taps, c],
                #[inline(always)]
                |c, tap, numbers| to[c * taps + tap..][..numbers.len()].copy_from_slice(numbers),
            );
        }
    }
}
