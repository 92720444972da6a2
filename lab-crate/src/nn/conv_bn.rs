//! A convolution with batch normalization and what follows it: the building block of residual networks.
//!
//! Not here: the parts (`conv.rs`, `batch_norm.rs`), whole networks. Read next: `batch_norm.rs`.

use candle_core::{Module, Tensor};
use candle_nn::ModuleT;

use super::{BatchNorm2d, Conv2d};
use crate::ops::{self, Tail};
use crate::{Error, Result};

/// `relu(batch_norm(conv(x)) + residual)`, where ReLU and the residual may be left out.
///
/// As `conv3x3`, `bn` and `relu` of `torchvision.models.resnet` one after the other, in fewer passes over the images. It is a
/// `candle_nn::ModuleT` from `(N, in, H, W)` to `(N, out, H', W')`.
///
/// ```
/// use lab::candle_core::Device;
/// use lab::candle_nn::{Conv2dConfig, ModuleT, VarMap};
/// use lab::{Rng, nn};
/// let vb = nn::var_builder(&VarMap::new(), 42, &Device::Cpu);
/// let same = Conv2dConfig { padding: 1, ..Default::default() };
/// let conv = nn::conv2d_no_bias(8, 8, 3, same, vb.pp("conv1"))?;
/// let block = nn::ConvBn::new(conv, nn::batch_norm2d(8, vb.pp("bn1"))?, true)?;
/// let x = Rng::seed(1).randn((2, 8, 16, 16), &Device::Cpu)?;
/// let y = block.forward_residual(&block.forward_t(&x, true)?, &x, true)?;
/// assert_eq!(y.dims(), [2, 8, 16, 16]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConvBn {
    conv: Conv2d,
    bn: BatchNorm2d,
    relu: bool,
}

impl ConvBn {
    /// The convolution `conv`, which has no bias, then `bn`, then ReLU if `relu`; both parts are trained.
    ///
    /// # Errors
    /// `conv` has a bias, which the normalization would take out again, or another number of channels than `bn`.
    pub fn new(mut conv: Conv2d, mut bn: BatchNorm2d, relu: bool) -> Result<Self> {
        if conv.bias().is_some() {
            return Err(Error::Argument(
                "ConvBn: у свёртки есть сдвиг bias, а нормализация его вычтет; создайте свёртку без него: \
                 nn::conv2d_no_bias(...)"
                    .into(),
            ));
        }
        let (outputs, channels) = (conv.weight().dim(0)?, bn.weight().dim(0)?);
        if outputs != channels {
            return Err(Error::Argument(format!(
                "ConvBn: свёртка даёт каналов {outputs}, а нормализация рассчитана на {channels}; \
                 нужна nn::batch_norm2d({outputs}, vb)"
            )));
        }
        conv.set_trainable(true);
        bn.set_trainable(true);
        Ok(Self { conv, bn, relu })
    }

    /// The convolution.
    pub fn conv(&self) -> &Conv2d {
        &self.conv
    }

    /// The normalization.
    pub fn bn(&self) -> &BatchNorm2d {
        &self.bn
    }

    /// Whether the weights get gradients; at first they do. The running statistics move with `train` all the same.
    ///
    /// ```
    /// use lab::{candle_core::Device, candle_nn::VarMap, nn};
    /// let vb = nn::var_builder(&VarMap::new(), 42, &Device::Cpu);
    /// let conv = nn::conv2d_no_bias(3, 8, 3, Default::default(), vb.pp("conv1"))?;
    /// let mut block = nn::ConvBn::new(conv, nn::batch_norm2d(8, vb.pp("bn1"))?, true)?;
    /// block.set_trainable(false); // both parts
    /// assert_eq!(block.conv().weight().dims(), [8, 3, 3, 3]);
    /// assert_eq!(block.bn().weight().dims(), [8]);
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn set_trainable(&mut self, trainable: bool) {
        self.conv.set_trainable(trainable);
        self.bn.set_trainable(trainable);
    }

    /// The block with `residual` `(N, out, H', W')` added before ReLU.
    ///
    /// # Errors
    /// A shape or dtype does not fit; with `train`, a channel has one number only.
    pub fn forward_residual(&self, x: &Tensor, residual: &Tensor, train: bool) -> Result<Tensor> {
        let tail = Tail { residual: Some(residual), relu: self.relu };
        self.bn.forward_tail(&self.conv.forward(x)?, tail, train)
    }

    /// One convolution whose weights have the normalization in them: `scale * conv(x) + shift = conv'(x) + shift`.
    ///
    /// The weights are made anew each time, so they are never old, and gradients pass through them.
    fn forward_folded(&self, x: &Tensor) -> Result<Tensor> {
        let [scale, shift] = self.bn.line()?;
        let weight = self.conv.filters().broadcast_mul(&scale.reshape(((), 1, 1, 1))?)?; // (out, in / groups, k, k)
        ops::conv2d(x, &weight, Some(&shift), *self.conv.config(), self.relu)
    }
}

impl ModuleT for ConvBn {
    fn forward_t(&self, x: &Tensor, train: bool) -> candle_core::Result<Tensor> {
        // Folding costs a pass over the weights and saves one over the images.
        if !train && self.conv.weight().elem_count() < x.elem_count() {
            return Ok(self.forward_folded(x)?);
        }
        if train && x.device().is_cpu() {
            return Ok(self.bn.forward_after(&self.conv, x, self.relu)?);
        }
        let tail = Tail { residual: None, relu: self.relu };
        Ok(self.bn.forward_tail(&self.conv.forward(x)?, tail, train)?)
    }
}

#[cfg(test)]
mod tests;
