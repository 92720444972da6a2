//! What happens to a result before it is stored: bias and ReLU. Not here: their gradients (`mod.rs`).

use super::real::Real;

/// What is done to the numbers of a result before they are stored.
#[derive(Clone, Copy)]
pub(super) struct Finish<'a, T> {
    /// Added to every pixel, one number per channel of all groups.
    pub(super) bias: Option<&'a [T]>,
    /// Negative numbers become 0.
    pub(super) relu: bool,
}

impl<T: Real> Finish<'_, T> {
    /// Finishes a plane of one channel.
    #[inline(always)]
    pub(super) fn run_plane(&self, plane: &mut [T], channel: usize) {
        let bias = self.bias.map_or(T::zero(), |bias| bias[channel]);
        let zero = T::zero();
        for y in plane {
            *y += bias;
            *y = if self.relu && *y < zero { zero } else { *y };
        }
    }

    /// Finishes pixels `(P, columns)` whose channels begin with `first`.
    #[inline(always)]
    pub(super) fn run(&self, pixels: &mut [T], columns: usize, first: usize, channels: usize) {
        if let Some(bias) = self.bias {
            let bias = &bias[first..][..channels];
            for pixel in pixels.chunks_exact_mut(columns) {
                pixel.iter_mut().zip(bias).for_each(|(y, b)| *y += *b);
            }
        }
        if self.relu {
            let zero = T::zero();
            // Not `max`: a NaN must stay one.
            pixels.iter_mut().for_each(|y| *y = if *y < zero { zero } else { *y });
        }
    }
}
