//! The windows of pooling: which numbers of an image each result sees. Read next: `max_pool2d.rs`.

use std::ops::Range;

use candle_core::{Tensor, ToUsize2};

use super::require_real;
use crate::{Error, Result};

/// Windows of `kernel` numbers, `stride` apart, over an image with `padding` more places on each side; each as
/// `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) padding: [usize; 2],
}

impl Window {
    /// The windows with these sizes, each one number for both sides or `(height, width)`.
    pub(crate) fn new(
        kernel: impl ToUsize2,
        stride: impl ToUsize2,
        padding: impl ToUsize2,
    ) -> Self {
        let pair = |(height, width)| [height, width];
        Self {
            kernel: pair(kernel.to_usize2()),
            stride: pair(stride.to_usize2()),
            padding: pair(padding.to_usize2()),
        }
    }

    /// Checks the sizes by themselves; `call` is the operation in the message.
    ///
    /// # Errors
    /// The kernel or the stride is 0, or the padding is more than half of the kernel (as PyTorch asks).
    pub(crate) fn check(self, call: &str) -> Result<()> {
        let Self { kernel, stride, padding } = self;
        for (name, size) in [("kernel", kernel), ("stride", stride)] {
            if size.contains(&0) {
                return Err(Error::Argument(format!(
                    "{call}: {name} = {}, а нужны числа от 1",
                    shown(size)
                )));
            }
        }
        let most = kernel.map(|side| side / 2);
        if padding[0] > most[0] || padding[1] > most[1] {
            return Err(Error::Argument(format!(
                "{call}: padding = {}, а при kernel = {} он не больше половины окна: от 0 до {}",
                shown(padding),
                shown(kernel),
                shown(most)
            )));
        }
        Ok(())
    }

    /// The height and width of the result for an image of `size`.
    ///
    /// # Errors
    /// The window is larger than the image with its padding, or `check` fails.
    pub(super) fn output(self, call: &str, size: [usize; 2]) -> Result<[usize; 2]> {
        self.check(call)?;
        let Self { kernel, stride, padding } = self;
        let padded = [0, 1].map(|i| size[i] + 2 * padding[i]);
        if padded[0] < kernel[0] || padded[1] < kernel[1] {
            return Err(Error::Argument(format!(
                "{call}: окно kernel = {} больше изображения {} x {} с padding = {}: \
                 уменьшите kernel или число слоёв, которые сжимают изображение до этого",
                shown(kernel),
                size[0],
                size[1],
                shown(padding)
            )));
        }
        Ok([0, 1].map(|i| (padded[i] - kernel[i]) / stride[i] + 1))
    }

    /// The places from `0..side` that window number `i` covers along axis 0 (height) or 1 (width); never empty.
    #[inline(always)]
    pub(super) fn inside(self, axis: usize, i: usize, side: usize) -> Range<usize> {
        let (start, padding) = (i * self.stride[axis], self.padding[axis]);
        start.saturating_sub(padding)..(start + self.kernel[axis] - padding).min(side)
    }
}

/// Both sizes as they are given: one number if they are equal.
fn shown([height, width]: [usize; 2]) -> String {
    if height == width { height.to_string() } else { format!("({height}, {width})") }
}

/// The sizes `[N, C, H, W]` of a batch of images.
///
/// # Errors
/// The tensor has another number of dimensions, planes without numbers, or holds neither f32 nor f64.
pub(super) fn image_dims(call: &str, x: &Tensor) -> Result<[usize; 4]> {
    require_real(call, "вход x", x)?;
    match *x.dims() {
        [images, channels, height, width] if height > 0 && width > 0 => {
            Ok([images, channels, height, width])
        }
        _ => Err(Error::Argument(format!(
            "{call}: вход x имеет форму {:?}, а нужна (N, C, H, W): N изображений, C каналов, H и W от 1; \
             одно изображение (C, H, W) превращает в пакет x.unsqueeze(0)?",
            x.dims()
        ))),
    }
}

/// The window of a recorded case: its kernel, stride and padding, each as height and width.
#[cfg(test)]
pub(super) fn of_pairs(sizes: &[usize]) -> Window {
    let pair = |i: usize| (sizes[2 * i], sizes[2 * i + 1]);
    Window::new(pair(0), pair(1), pair(2))
}
