//! The loops of batch normalization over one run of numbers, and how a tensor is cut into pieces.
//!
//! A piece is a block of channels of all images, so that a thread has the sums of its channels to itself. The loops
//! are plain, so that the compiler makes vector instructions of them; the sums have a fixed number of
//! lanes, so that the kind of processor does not change a bit. Read next: `forward.rs`.

use candle_core::WithDType;

/// The number of partial sums that run beside each other.
const LANES: usize = 16;
/// A piece has at least this many numbers: handing it to a thread costs more than fewer are worth.
const PIECE: usize = 1 << 13;
/// A piece has at least this many numbers of an image side by side: fewer would not be read at full speed.
const RUN: usize = 1 << 10;

/// The shape `(N, C, H, W)`: `N` images, `C` channels, planes of `H * W` numbers.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) images: usize,
    pub(super) channels: usize,
    pub(super) plane: usize,
}

impl Size {
    /// How many numbers a channel has.
    pub(super) fn per_channel(self) -> usize {
        self.images * self.plane
    }

    /// The number of channels in a piece, by the shape only.
    pub(super) fn block(self) -> usize {
        let channels = |numbers: usize, each: usize| numbers.div_ceil(each.max(1));
        channels(PIECE, self.per_channel()).max(channels(RUN, self.plane)).min(self.channels).max(1)
    }

    /// The parts of `data` that belong to each piece, one of every image.
    pub(super) fn cut<T>(self, data: &mut [T]) -> Vec<Vec<&mut [T]>> {
        let block = self.block();
        let mut pieces: Vec<Vec<&mut [T]>> = Vec::new();
        pieces.resize_with(self.channels.div_ceil(block), || Vec::with_capacity(self.images));
        for image in data.chunks_mut((self.channels * self.plane).max(1)) {
            for (piece, part) in pieces.iter_mut().zip(image.chunks_mut(block * self.plane)) {
                piece.push(part);
            }
        }
        pieces
    }

    /// The numbers of one channel of one image.
    #[inline(always)]
    pub(super) fn of<T>(self, data: &[T], image: usize, channel: usize) -> &[T] {
        &data[(image * self.channels + channel) * self.plane..][..self.plane]
    }
}

/// Two sums in f64, in lanes.
#[derive(Clone, Copy)]
pub(super) struct Sums {
    first: [f64; LANES],
    second: [f64; LANES],
}

impl Sums {
    pub(super) const ZERO: Self = Self { first: [0.0; LANES], second: [0.0; LANES] };

    /// Adds both terms of every place of the three runs, which have one length.
    #[inline(always)]
    pub(super) fn add<T: WithDType>(
        &mut self,
        [a, b, c]: [&[T]; 3],
        terms: impl Fn(T, T, T) -> (f64, f64),
    ) {
        let ((a, a_rest), (b, b_rest), (c, c_rest)) =
            (a.as_chunks::<LANES>(), b.as_chunks::<LANES>(), c.as_chunks::<LANES>());
        let Self { mut first, mut second } = *self;
        for ((a, b), c) in a.iter().zip(b).zip(c) {
            for i in 0..LANES {
                let (one, two) = terms(a[i], b[i], c[i]);
                first[i] += one;
                second[i] += two;
            }
        }
        for (i, ((a, b), c)) in a_rest.iter().zip(b_rest).zip(c_rest).enumerate() {
            let (one, two) = terms(*a, *b, *c);
            first[i] += one;
            second[i] += two;
        }
        *self = Self { first, second };
    }

    /// The two sums.
    pub(super) fn totals(&self) -> (f64, f64) {
        (self.first.iter().sum(), self.second.iter().sum())
    }
}

/// `out = f(a, b, c)` at every place; the runs have one length.
#[inline(always)]
pub(super) fn each<T: Copy>(out: &mut [T], [a, b, c]: [&[T]; 3], f: impl Fn(T, T, T) -> T) {
    for (((out, a), b), c) in out.iter_mut().zip(a).zip(b).zip(c) {
        *out = f(*a, *b, *c);
    }
}
