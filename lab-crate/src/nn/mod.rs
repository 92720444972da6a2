//! Layers whose weights repeat from a seed, and tools to look at a model.
//!
//! A layer takes its variables from a builder over a `VarMap`, by name; initial values follow PyTorch. Layers without
//! randomness are a `Module` (`forward`), those that differ in training a `ModuleT` (`forward_t(x, train)`). A layer of
//! `candle_nn` made with [`var_builder`] repeats too.
//!
//! ```
//! use lab::prelude::*;
//! let map = VarMap::new();
//! let vb = nn::var_builder(&map, 42, &Device::Cpu);
//! let (fc1, fc2) = (nn::linear(784, 40, vb.pp("fc1"))?, nn::linear(40, 10, vb.pp("fc2"))?);
//! let model = |x: &Tensor| -> lab::Result<Tensor> {
//!     Ok(fc2.forward(&fc1.forward_relu(x)?)?)
//! };
//! let x = Rng::seed(1).randn((32, 784), &Device::Cpu)?;
//! assert_eq!(model(&x)?.dims(), [32, 10]);
//! assert_eq!(nn::summary(&map).trainable(), 31_810);
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! | name | what it is | in PyTorch |
//! |---|---|---|
//! | [`var_builder`] | where layers get their weights | - |
//! | [`linear`], [`Linear`] | `x W^T + b` | `nn.Linear` |
//! | [`conv2d`], [`Conv2d`] | convolution of images | `nn.Conv2d` |
//! | [`batch_norm2d`], [`BatchNorm2d`] | normalized channels | `nn.BatchNorm2d` |
//! | [`ConvBn`] | convolution, batch norm, sum, ReLU | a block of `torchvision` |
//! | [`MaxPool2d`], [`AvgPool2d`], [`AdaptiveAvgPool2d`] | smaller images | the same |
//! | [`Dropout`] | random zeros while training | `nn.Dropout` |
//! | [`log_softmax`] | logarithms of probabilities | `F.log_softmax` |
//! | [`mod@init`] | initial values of weights | `nn.init` |
//! | [`grad_check()`] | gradients against finite differences | `autograd.gradcheck` |
//! | [`summary()`] | the table of parameters | `torchinfo.summary` |
//!
//! Not here: whole networks for images ([`models`](crate::models)), losses ([`loss`](crate::loss)), optimizers
//! ([`optim`](crate::optim)). Read next: `builder.rs`, then `linear.rs`; after this module [`loss`](crate::loss).

pub mod init;

mod batch_norm;
mod builder;
mod conv;
mod conv_bn;
mod dropout;
mod grad_check;
mod linear;
mod pooling;
mod summary;
#[cfg(test)]
mod tests;

pub(crate) use batch_norm::is_buffer;
pub use batch_norm::{BatchNorm2d, BatchNormOptions, batch_norm2d, batch_norm2d_with};
pub use builder::var_builder;
pub use conv::{Conv2d, conv2d, conv2d_no_bias};
pub use conv_bn::ConvBn;
pub use dropout::Dropout;
pub use grad_check::{GradCheck, GradReport, grad_check};
pub use linear::{Linear, linear};
pub use pooling::{AdaptiveAvgPool2d, AvgPool2d, MaxPool2d};
pub use summary::{Summary, SummaryRow, summary};

use candle_core::Tensor;

use crate::Result;

/// `log(softmax(x))` over the last dimension: `x` and the result are `(..., C)`, f32 or f64.
///
/// The largest number of a row is taken out before the exponents, so nothing overflows
/// (as `F.log_softmax(x, dim=-1)` of PyTorch).
///
/// # Errors
/// `x` is a scalar or neither f32 nor f64.
///
/// ```
/// use lab::candle_core::{Device, Tensor};
/// let x = Tensor::new(&[[1000f32, 0.0]], &Device::Cpu)?;
/// assert_eq!(lab::nn::log_softmax(&x)?.to_vec2::<f32>()?, [[0.0, -1000.0]]);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn log_softmax(x: &Tensor) -> Result<Tensor> {
    crate::ops::log_softmax(x)
}
