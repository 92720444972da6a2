//! Layers that make images smaller: the largest number or the mean of each window.
//!
//! Not here: the arithmetic (`ops/max_pool2d.rs`, `ops/avg_pool2d.rs`). Read next: `conv_bn.rs`.

use candle_core::{Module, Tensor, ToUsize2};

use crate::ops::{self, Window};
use crate::{Error, Result};

/// The largest number of every window (as `nn.MaxPool2d` of PyTorch): images `(N, C, H, W)` become
/// `(N, C, H', W')` with `H' = (H + 2 padding - kernel) / stride + 1`.
///
/// The padding never wins. Of equal numbers the first one gets the gradient.
///
/// ```
/// use lab::candle_core::{DType, Device, Module, Tensor};
/// let pool = lab::nn::MaxPool2d::new(3, 2, 1)?;
/// let images = Tensor::zeros((2, 64, 112, 112), DType::F32, &Device::Cpu)?;
/// assert_eq!(pool.forward(&images)?.dims(), [2, 64, 56, 56]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MaxPool2d(Window);

impl MaxPool2d {
    /// Windows of `kernel` numbers, `stride` apart, over an image with `padding` more places on each side; each one
    /// number for both sides or `(height, width)`.
    ///
    /// # Errors
    /// `kernel` or `stride` is 0, or `padding` is more than half of `kernel`.
    pub fn new(
        kernel: impl ToUsize2,
        stride: impl ToUsize2,
        padding: impl ToUsize2,
    ) -> Result<Self> {
        let window = Window::new(kernel, stride, padding);
        window.check("MaxPool2d")?;
        Ok(Self(window))
    }
}

impl Module for MaxPool2d {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        Ok(ops::max_pool2d(x, self.0)?)
    }
}

/// The mean of every window (as `nn.AvgPool2d` of PyTorch): images `(N, C, H, W)` become `(N, C, H', W')` with
/// `H' = (H + 2 padding - kernel) / stride + 1`.
///
/// ```
/// use lab::candle_core::{Device, Module, Tensor};
/// let pool = lab::nn::AvgPool2d::new(2, 2, 0)?;
/// let image = Tensor::new(&[[[[1f32, 2.0], [3.0, 6.0]]]], &Device::Cpu)?;
/// assert_eq!(pool.forward(&image)?.flatten_all()?.to_vec1::<f32>()?, [3.0]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AvgPool2d {
    window: Window,
    count_include_pad: bool,
}

impl AvgPool2d {
    /// Windows of `kernel` numbers, `stride` apart, over an image with `padding` zeros on each side; each one number
    /// for both sides or `(height, width)`.
    ///
    /// # Errors
    /// `kernel` or `stride` is 0, or `padding` is more than half of `kernel`.
    pub fn new(
        kernel: impl ToUsize2,
        stride: impl ToUsize2,
        padding: impl ToUsize2,
    ) -> Result<Self> {
        let window = Window::new(kernel, stride, padding);
        window.check("AvgPool2d")?;
        Ok(Self { window, count_include_pad: true })
    }

    /// Whether the zeros of the padding count in the mean; at first they do, as in PyTorch.
    ///
    /// ```
    /// use lab::candle_core::{Device, Module, Tensor};
    /// let image = Tensor::new(&[[[[4f32, 4.0], [4.0, 4.0]]]], &Device::Cpu)?;
    /// let pool = lab::nn::AvgPool2d::new(2, 2, 1)?; // each window has one number and three zeros
    /// assert_eq!(pool.forward(&image)?.flatten_all()?.to_vec1::<f32>()?, [1.0; 4]);
    /// let pool = pool.count_include_pad(false);
    /// assert_eq!(pool.forward(&image)?.flatten_all()?.to_vec1::<f32>()?, [4.0; 4]);
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn count_include_pad(mut self, count: bool) -> Self {
        self.count_include_pad = count;
        self
    }
}

impl Module for AvgPool2d {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        Ok(ops::avg_pool2d(x, self.window, self.count_include_pad)?)
    }
}

/// The means over `height * width` windows that cover the image (as `nn.AdaptiveAvgPool2d` of PyTorch): images
/// `(N, C, H, W)` become `(N, C, height, width)`, whatever `H` and `W` are.
///
/// ```
/// use lab::candle_core::{DType, Device, Module, Tensor};
/// let pool = lab::nn::AdaptiveAvgPool2d::new(1, 1)?; // the mean of each channel
/// let images = Tensor::ones((2, 512, 7, 7), DType::F32, &Device::Cpu)?;
/// assert_eq!(pool.forward(&images)?.dims(), [2, 512, 1, 1]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AdaptiveAvgPool2d {
    size: [usize; 2],
}

impl AdaptiveAvgPool2d {
    /// A result of `height * width` numbers a channel; 1 and 1 give the mean of the whole image.
    ///
    /// # Errors
    /// A size is 0.
    pub fn new(height: usize, width: usize) -> Result<Self> {
        for (name, size) in [("height", height), ("width", width)] {
            if size == 0 {
                return Err(Error::Argument(format!(
                    "AdaptiveAvgPool2d: {name} = 0, а нужно число от 1; среднее всего изображения: new(1, 1)"
                )));
            }
        }
        Ok(Self { size: [height, width] })
    }
}

impl Module for AdaptiveAvgPool2d {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        Ok(ops::adaptive_avg_pool2d(x, self.size)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ops::recorded::{numbers, wave};

    #[test]
    fn padding_counts_in_the_mean_if_asked() {
        let one = Tensor::ones((1, 1, 2, 2), candle_core::DType::F32, &candle_core::Device::Cpu);
        let one = one.unwrap();
        let pool = AvgPool2d::new(3, 2, 1).unwrap();
        assert!((numbers(&pool.forward(&one).unwrap())[0] - 4.0 / 9.0).abs() < 1e-7);
        assert_eq!(numbers(&pool.count_include_pad(false).forward(&one).unwrap()), [1.0]);
    }

    #[test]
    fn layers_are_their_operations() {
        let x = wave(&[2, 3, 7, 8], 0.37, 0.0);
        let largest = MaxPool2d::new(7, 1, 0).unwrap().forward(&x).unwrap();
        assert_eq!(largest.dims(), [2, 3, 1, 2]);
        let mean = AdaptiveAvgPool2d::new(1, 1).unwrap().forward(&x).unwrap();
        let plain = x.mean_keepdim((2, 3)).unwrap();
        assert!(numbers(&(mean - plain).unwrap()).iter().all(|gap| gap.abs() < 1e-15));
        let error = MaxPool2d::new(2, 2, 0).unwrap().forward(&x.get(0).unwrap()).unwrap_err();
        assert!(error.to_string().contains("(N, C, H, W)"), "{error}");
    }

    #[test]
    fn wrong_sizes_are_told() {
        let text = |result: Result<()>| result.unwrap_err().to_string();
        assert!(text(MaxPool2d::new(0, 1, 0).map(drop)).contains("MaxPool2d: kernel = 0"));
        assert!(text(AvgPool2d::new(2, 0, 0).map(drop)).contains("AvgPool2d: stride = 0"));
        assert!(text(AvgPool2d::new(2, 1, 2).map(drop)).contains("padding = 2"));
        let tall = text(MaxPool2d::new((3, 1), 1, 1).map(drop));
        assert!(tall.contains("kernel = (3, 1)") && tall.contains("от 0 до (1, 0)"), "{tall}");
        assert!(text(AdaptiveAvgPool2d::new(1, 0).map(drop)).contains("width = 0"));
    }
}
