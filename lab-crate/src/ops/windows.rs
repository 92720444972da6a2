//! The windows of pooling: which numbers of an image each result sees. Read next: `max_pool2d.rs`.

use std::ops::Range;

use candle_core::Tensor;

use super::require_real;
use crate::{Error, Result};

/// Square windows of `kernel * kernel` numbers, `stride` apart, over an image with `padding` more places on each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) padding: usize,
}

impl Window {
    /// Checks the sizes by themselves; `call` is the operation in the message.
    ///
    /// # Errors
    /// The kernel or the stride is 0, or the padding is more than half of the kernel (as PyTorch asks).
    pub(crate) fn check(self, call: &str) -> Result<()> {
        let Self { kernel, stride, padding } = self;
        for (name, size) in [("kernel", kernel), ("stride", stride)] {
            if size == 0 {
                return Err(Error::Argument(format!("{call}: {name} = 0, а нужно число от 1")));
            }
        }
        if padding > kernel / 2 {
            return Err(Error::Argument(format!(
                "{call}: padding = {padding}, а при kernel = {kernel} он не больше половины окна: от 0 до {}",
                kernel / 2
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
        let [height, width] = size;
        if size.iter().any(|side| side + 2 * padding < kernel) {
            return Err(Error::Argument(format!(
                "{call}: окно kernel = {kernel} больше изображения {height} x {width} с padding = {padding}: \
                 уменьшите kernel или число слоёв, которые сжимают изображение до этого"
            )));
        }
        Ok(size.map(|side| (side + 2 * padding - kernel) / stride + 1))
    }

    /// The places from `0..side` that window number `i` covers along one side; never empty.
    #[inline(always)]
    pub(super) fn inside(self, i: usize, side: usize) -> Range<usize> {
        let start = i * self.stride;
        start.saturating_sub(self.padding)..(start + self.kernel - self.padding).min(side)
    }
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
