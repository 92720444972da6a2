//! Layers whose weights repeat from a seed, and tools to look at a model.
//!
//! Initial values follow PyTorch. A layer of `candle_nn` made with [`var_builder`] repeats too. Not here:
//! losses (`loss/`), optimizers (`optim/`). Read next: `builder.rs`, then `linear.rs`.
//!
//! | name | what it is | in PyTorch |
//! |---|---|---|
//! | [`var_builder`] | where layers get their weights | - |
//! | [`linear`], [`Linear`] | `x W^T + b` | `nn.Linear` |
//! | [`conv2d`] | convolution of images | `nn.Conv2d` |
//! | [`batch_norm2d`], [`BatchNorm2d`] | normalized channels | `nn.BatchNorm2d` |
//! | [`ConvBn`] | convolution, batch norm, sum, ReLU | a block of `torchvision` |
//! | [`MaxPool2d`], [`AvgPool2d`], [`AdaptiveAvgPool2d`] | smaller images | the same |
//! | [`Dropout`] | random zeros while training | `nn.Dropout` |
//! | [`log_softmax`] | logarithms of probabilities | `F.log_softmax` |
//! | [`mod@init`] | initial values of weights | `nn.init` |
//! | [`grad_check()`] | gradients against finite differences | `autograd.gradcheck` |
//! | [`summary()`] | the table of parameters | `torchinfo.summary` |

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
