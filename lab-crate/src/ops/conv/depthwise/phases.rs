//! A plane with its frame of zeros as lines, so that every place of the kernel meets the whole result at one distance.
//!
//! With stride `s` the plane falls into `s * s` phases: phase `(a, b)` holds rows `a`, `a + s`, ... and columns `b`, `b +
//! s`, ... The result, its rows `pitch` apart, is then the sum over the kernel's places of weight times phase, read from
//! that place's start on. What lies between the rows is computed too and never looked at. Not here: the sums (`loops.rs`).

use super::super::geometry::Geometry;
use super::super::lanes::Frame;
use super::super::real::Real;
use super::loops::BLOCK;

/// How the planes of a convolution lie.
pub(super) struct Phases {
    stride: usize,
    /// Height and width of the images, and what the frame adds above and on the left.
    size: [usize; 2],
    frame: Frame,
    out: [usize; 2],
    /// From a row of a phase, or of the result, to the next.
    pitch: usize,
    /// The numbers of a phase.
    phase: usize,
    /// Where each place of the kernel begins to read.
    pub(super) starts: Vec<usize>,
    /// The phase and the distance inside it of each place.
    places: Vec<(usize, usize)>,
}

impl Phases {
    pub(super) fn new(g: &Geometry) -> Self {
        let (frame, s) = (Frame::of_inputs(g), g.stride);
        let [rows, pitch] = frame.size.map(|size| size.div_ceil(s));
        let phase = rows * pitch;
        let place = |tap: usize| {
            let [i, j] = [tap / g.kernel[1], tap % g.kernel[1]].map(|at| at * g.dilation);
            (i % s * s + j % s, i / s * pitch + j / s)
        };
        let places: Vec<_> = (0..g.taps()).map(place).collect();
        let starts = places.iter().map(|(number, at)| number * phase + at).collect();
        Self { stride: s, size: g.size, frame, out: g.out, pitch, phase, starts, places }
    }

    /// The numbers that all phases take, and what vectors read behind them.
    pub(super) fn room(&self) -> usize {
        self.stride * self.stride * self.phase + BLOCK
    }

    /// The numbers that the line of a result takes, whole blocks.
    pub(super) fn line_room(&self) -> usize {
        ((self.out[0] - 1) * self.pitch + self.out[1]).next_multiple_of(BLOCK)
    }

    /// The numbers that one phase takes, whole blocks.
    pub(super) fn phase_room(&self) -> usize {
        self.phase.next_multiple_of(BLOCK)
    }

    /// Where the places begin, the last one repeated until there are a multiple of four.
    pub(super) fn starts_by_fours(&self) -> Vec<usize> {
        let mut starts = self.starts.clone();
        if let Some(last) = starts.last().copied() {
            starts.resize(starts.len().next_multiple_of(4), last);
        }
        starts
    }

    /// For the way back, from the gradient of the result to that of each phase: how many zeros must stand before the
    /// gradient, and for each phase the places of the kernel with their starts.
    pub(super) fn turned(&self) -> (usize, Vec<Vec<(usize, usize)>>) {
        let lead = self.places.iter().map(|(_, at)| *at).max().unwrap_or(0);
        let of_phase = |number: usize| {
            let own = self.places.iter().enumerate().filter(|(_, place)| place.0 == number);
            own.map(|(tap, (_, at))| (tap, lead - at)).collect()
        };
        (lead, (0..self.stride * self.stride).map(of_phase).collect())
    }

    /// Copies a plane `(H, W)` into its phases; all else becomes 0.
    pub(super) fn fill<T: Real>(&self, plane: &[T], to: &mut [T]) {
        to.fill(T::zero());
        self.each_row(|row, phase, first, count| {
            pick(&plane[row + first..], self.stride, &mut to[phase..][..count]);
        });
    }

    /// Copies the phases, each `phase_room` long, into a plane `(H, W)`; what the kernel never met becomes 0.
    pub(super) fn take_images<T: Real>(&self, lines: &[T], plane: &mut [T]) {
        plane.fill(T::zero());
        let (phase_room, phase_len) = (self.phase_room(), self.phase);
        self.each_row(|row, phase, first, count| {
            let at = phase / phase_len * phase_room + phase % phase_len;
            let to = plane[row + first..].iter_mut().step_by(self.stride);
            to.zip(&lines[at..][..count]).for_each(|(to, from)| *to = *from);
        });
    }

    /// Calls `copy(begin of the row in the plane, begin in the phases, first column, columns)` for every row of the
    /// images and every phase of its columns.
    fn each_row(&self, mut copy: impl FnMut(usize, usize, usize, usize)) {
        let (s, [top, left]) = (self.stride, self.frame.border);
        let seen = self.size[1].min(self.frame.size[1].saturating_sub(left));
        for row in 0..self.size[0].min(self.frame.size[0].saturating_sub(top)) {
            let line = row + top;
            for b in 0..s {
                let first = (b + s - left % s) % s;
                if first < seen {
                    let number = line % s * s + b;
                    let phase = number * self.phase + line / s * self.pitch + (first + left) / s;
                    copy(row * self.size[1], phase, first, (seen - first).div_ceil(s));
                }
            }
        }
    }

    /// Copies the line of a result into a plane `(H', W')`.
    pub(super) fn take_result<T: Real>(&self, line: &[T], plane: &mut [T]) {
        for (to, from) in plane.chunks_exact_mut(self.out[1]).zip(line.chunks(self.pitch)) {
            to.copy_from_slice(&from[..self.out[1]]);
        }
    }

    /// Copies a plane `(H', W')` into the line of a result; what lies between the rows is left.
    pub(super) fn put_result<T: Real>(&self, plane: &[T], line: &mut [T]) {
        for (from, to) in plane.chunks_exact(self.out[1]).zip(line.chunks_mut(self.pitch)) {
            to[..self.out[1]].copy_from_slice(from);
        }
    }
}

/// Copies every `stride`-th number.
fn pick<T: Real>(from: &[T], stride: usize, to: &mut [T]) {
    if stride == 1 {
        to.copy_from_slice(&from[..to.len()]);
    } else {
        to.iter_mut().zip(from.iter().step_by(stride)).for_each(|(to, from)| *to = *from);
    }
}
