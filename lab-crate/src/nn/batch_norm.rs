//! Batch normalization of images, with running statistics for evaluation.
//!
//! Not here: the arithmetic (`ops/batch_norm.rs`), a convolution in front (`conv_bn.rs`). Read next: `conv_bn.rs`.

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{Init, ModuleT, VarBuilder};

use super::Conv2d;
use crate::ops::{self, Moments, Stats, Tail};
use crate::{Error, Result};

/// The names of variables that are saved with a model but never trained: the optimizer takes none of them.
const BUFFERS: [&str; 2] = ["running_mean", "running_var"];

/// Whether the variable of that full name is a buffer: kept with the model, changed by its forward pass, not trained.
pub(crate) fn is_buffer(name: &str) -> bool {
    BUFFERS.contains(&name.rsplit('.').next().unwrap_or(name))
}

/// The settings of batch normalization.
///
/// ```
/// use lab::{candle_core::Device, candle_nn::VarMap, nn};
/// let options = nn::BatchNormOptions { momentum: 0.01, ..Default::default() };
/// let vb = nn::var_builder(&VarMap::new(), 42, &Device::Cpu);
/// assert_eq!(nn::batch_norm2d_with(8, options, vb.pp("bn"))?.options().eps, 1e-5);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNormOptions {
    /// Added to the variance, more than 0. 1e-5, as in PyTorch.
    pub eps: f64,
    /// The part of the new statistics in the running ones, in `[0, 1]`. 0.1, as in PyTorch.
    pub momentum: f64,
}

impl Default for BatchNormOptions {
    fn default() -> Self {
        Self { eps: 1e-5, momentum: 0.1 }
    }
}

impl BatchNormOptions {
    fn check(self) -> Result<()> {
        let Self { eps, momentum } = self;
        if !(eps.is_finite() && eps > 0.0) {
            return Err(Error::Argument(format!(
                "batch_norm2d: eps = {eps}, а нужно конечное число больше 0; обычно 1e-5"
            )));
        }
        if !(0.0..=1.0).contains(&momentum) {
            return Err(Error::Argument(format!(
                "batch_norm2d: momentum = {momentum}, а нужна доля нового значения от 0 до 1; обычно 0.1"
            )));
        }
        Ok(())
    }
}

/// The layer `(x - mean) / sqrt(variance + eps) * weight + bias` over each channel (as `nn.BatchNorm2d` of PyTorch;
/// Ioffe and Szegedy, 2015, arXiv:1502.03167).
///
/// It is a `candle_nn::ModuleT` for images `(N, C, H, W)`, f32 or f64. With `train` the mean and variance are those of the
/// batch, and the running ones move: `running = (1 - momentum) running + momentum new`, where the new
/// variance is the unbiased one. Without `train` the running ones are used. Made by [`batch_norm2d`].
///
/// ```
/// use lab::{candle_core::{Device, Tensor}, candle_nn::{ModuleT, VarMap}, nn};
/// let norm = nn::batch_norm2d(1, nn::var_builder(&VarMap::new(), 42, &Device::Cpu).pp("bn"))?;
/// let x = Tensor::new(&[[[[1f32, 3.0]]]], &Device::Cpu)?; // mean 2, variance 1, unbiased 2
/// let number = |t: &Tensor| t.flatten_all()?.get(0)?.to_scalar::<f32>();
/// assert!((number(&norm.forward_t(&x, true)?)? + 1.0).abs() < 1e-4);
/// assert!((number(norm.running_mean())? - 0.2).abs() < 1e-6); // 0.9 * 0 + 0.1 * 2
/// assert!((number(norm.running_var())? - 1.1).abs() < 1e-6); // 0.9 * 1 + 0.1 * 2
/// assert_eq!((number(norm.weight())?, number(norm.bias())?), (1.0, 0.0));
/// assert_eq!(number(&norm.forward_relu(&x, true)?)?, 0.0);
/// assert_eq!(norm.options().momentum, 0.1);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BatchNorm2d {
    weight: Tensor,
    bias: Tensor,
    running_mean: Var,
    running_var: Var,
    options: BatchNormOptions,
    trainable: bool,
}

/// Batch normalization of `channels` channels with the variables `weight`, `bias`, `running_mean`, `running_var`, all
/// `(C)`, of `vb`; PyTorch's `eps` and `momentum`.
///
/// New variables are 1, 0, 0 and 1. The running ones are in the `VarMap`, so they are saved and loaded, but
/// `Params::from(&map)` leaves them out: they are not trained.
///
/// # Errors
/// `channels` is 0, or `vb` holds variables of another shape.
///
/// ```
/// use lab::candle_core::Device;
/// use lab::{Rng, candle_nn::{ModuleT, VarMap}, nn, optim::Params};
/// let map = VarMap::new();
/// let norm = nn::batch_norm2d(3, nn::var_builder(&map, 42, &Device::Cpu).pp("bn1"))?;
/// let images = Rng::seed(1).rand((4, 3, 8, 8), 0.0, 1.0, &Device::Cpu)?;
/// let y = norm.forward_t(&images, true)?;
/// assert!(y.mean_all()?.to_scalar::<f32>()?.abs() < 1e-5);
/// assert_eq!(Params::from(&map).count(), 6);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn batch_norm2d(channels: usize, vb: VarBuilder) -> Result<BatchNorm2d> {
    batch_norm2d_with(channels, BatchNormOptions::default(), vb)
}

/// As [`batch_norm2d`], with other settings.
///
/// # Errors
/// As there, or a setting is out of its range.
///
/// ```
/// use lab::{candle_core::Device, candle_nn::VarMap, nn};
/// let vb = nn::var_builder(&VarMap::new(), 42, &Device::Cpu);
/// let wrong = nn::BatchNormOptions { momentum: 2.0, ..Default::default() };
/// assert!(nn::batch_norm2d_with(8, wrong, vb.pp("bn")).is_err());
/// ```
pub fn batch_norm2d_with(
    channels: usize,
    options: BatchNormOptions,
    vb: VarBuilder,
) -> Result<BatchNorm2d> {
    options.check()?;
    if channels == 0 {
        return Err(Error::Argument(
            "batch_norm2d: channels = 0, а нужно число каналов от 1".into(),
        ));
    }
    let get = |name, value| vb.get_with_hints(channels, name, Init::Const(value));
    let [mean, variance] = BUFFERS;
    Ok(BatchNorm2d {
        weight: get("weight", 1.0)?,
        bias: get("bias", 0.0)?,
        running_mean: Var::from_tensor(&get(mean, 0.0)?)?,
        running_var: Var::from_tensor(&get(variance, 1.0)?)?,
        options,
        trainable: true,
    })
}

impl BatchNorm2d {
    /// The factors, `(C)`.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// The shifts, `(C)`.
    pub fn bias(&self) -> &Tensor {
        &self.bias
    }

    /// The running means, `(C)`.
    pub fn running_mean(&self) -> &Tensor {
        self.running_mean.as_tensor()
    }

    /// The running unbiased variances, `(C)`.
    pub fn running_var(&self) -> &Tensor {
        self.running_var.as_tensor()
    }

    /// The settings.
    pub fn options(&self) -> BatchNormOptions {
        self.options
    }

    /// Whether weight and bias get gradients; at first they do.
    ///
    /// As `requires_grad` in PyTorch, this concerns weight and bias only: with `train` the running statistics move
    /// all the same. To keep them too, call `forward_t(x, false)`.
    ///
    /// ```
    /// use lab::{Rng, candle_core::{Device, Var}, candle_nn::{ModuleT, VarMap}, nn};
    /// let vb = nn::var_builder(&VarMap::new(), 42, &Device::Cpu);
    /// let mut norm = nn::batch_norm2d(3, vb.pp("bn"))?;
    /// norm.set_trainable(false);
    /// let x = Var::from_tensor(&Rng::seed(1).randn((2, 3, 4, 4), &Device::Cpu)?)?;
    /// let grads = norm.forward_t(&x, true)?.sqr()?.sum_all()?.backward()?;
    /// assert!(grads.get(&x).is_some() && grads.get(norm.weight()).is_none());
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn set_trainable(&mut self, trainable: bool) {
        self.trainable = trainable;
    }

    /// `relu` of the normalized x in one operation; faster than the two one after the other.
    ///
    /// The gradient of ReLU at 0 is 0, as in PyTorch.
    ///
    /// # Errors
    /// x does not fit the layer; with `train`, a channel has one number only.
    pub fn forward_relu(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        self.forward_tail(x, Tail { residual: None, relu: true }, train)
    }

    /// The layer with what follows it.
    pub(super) fn forward_tail(&self, x: &Tensor, tail: Tail<'_>, train: bool) -> Result<Tensor> {
        let (mean, variance) = (self.running_mean(), self.running_var());
        let stats = if train { Stats::Batch } else { Stats::Given { mean, variance } };
        let [weight, bias] = self.params();
        let (y, moments) = ops::batch_norm(x, &weight, &bias, stats, self.options.eps, tail)?;
        if train {
            self.remember(&moments, x.elem_count() / moments.len().max(1))?;
        }
        Ok(y)
    }

    /// The layer in training behind `conv`, which has no bias, with ReLU if `relu`, in one operation.
    pub(super) fn forward_after(&self, conv: &Conv2d, x: &Tensor, relu: bool) -> Result<Tensor> {
        let [weight, bias] = self.params();
        let filters = conv.filters();
        let (y, moments) =
            ops::conv_bn(x, &filters, *conv.config(), [&weight, &bias], self.options.eps, relu)?;
        self.remember(&moments, y.elem_count() / moments.len().max(1))?;
        Ok(y)
    }

    /// The line `scale * x + shift` that the layer is without `train`: `(C)` each.
    pub(super) fn line(&self) -> Result<[Tensor; 2]> {
        let [weight, bias] = self.params();
        let std = (self.running_var().detach() + self.options.eps)?.sqrt()?;
        let scale = (weight / std)?;
        let shift = (bias - (self.running_mean().detach() * &scale)?)?;
        Ok([scale, shift])
    }

    fn params(&self) -> [Tensor; 2] {
        [&self.weight, &self.bias].map(|t| if self.trainable { t.clone() } else { t.detach() })
    }

    /// Moves the running statistics towards those of a batch with `count` numbers a channel.
    fn remember(&self, moments: &[Moments], count: usize) -> Result<()> {
        let unbiased = count as f64 / (count as f64 - 1.0);
        let means = moments.iter().map(|m| m.mean).collect();
        let variances = moments.iter().map(|m| m.variance * unbiased).collect();
        self.mix(&self.running_mean, means)?;
        self.mix(&self.running_var, variances)
    }

    fn mix(&self, running: &Var, new: Vec<f64>) -> Result<()> {
        let momentum = self.options.momentum;
        let old =
            running.detach().to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_vec1::<f64>()?;
        let mixed: Vec<f64> = old
            .into_iter()
            .zip(new)
            .map(|(old, new)| (1.0 - momentum) * old + momentum * new)
            .collect();
        let mixed = Tensor::new(mixed, running.device())?.to_dtype(running.dtype())?;
        Ok(running.set(&mixed)?)
    }
}

impl ModuleT for BatchNorm2d {
    fn forward_t(&self, x: &Tensor, train: bool) -> candle_core::Result<Tensor> {
        Ok(self.forward_tail(x, Tail::default(), train)?)
    }
}

#[cfg(test)]
mod tests;
