//! Initial values of weights, drawn from a seeded generator (as `torch.nn.init`).
//!
//! Each function overwrites a `Var`. Layers of [`nn`](crate::nn) start with PyTorch's values by themselves; these
//! functions are for other choices. Weights are `(out, in)` or `(out, in, k, k)`.
//!
//! ```
//! use lab::{prelude::*, nn::init::{self, Fan, Gain}};
//! let weight = Var::zeros((50, 300), DType::F32, &Device::Cpu)?; // nn.Linear(300, 50).weight
//! init::kaiming_uniform(&weight, Fan::In, Gain::Relu, &mut Rng::seed(1))?;
//! let bound = weight.abs()?.max_all()?.to_scalar::<f32>()?;
//! assert!(bound <= 0.1415 && bound > 0.13); // sqrt(2) sqrt(3 / 300)
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! | name | in `torch.nn.init` |
//! |---|---|
//! | [`uniform`], [`normal`], [`constant`] | `uniform_`, `normal_`, `constant_` |
//! | [`xavier_uniform`], [`xavier_normal`] | `xavier_uniform_`, `xavier_normal_` |
//! | [`kaiming_uniform`], [`kaiming_normal`], [`Fan`] | `kaiming_uniform_`, `kaiming_normal_`, `mode` |
//! | [`Gain`] | `calculate_gain` |
//!
//! Not here: which variables a model has (`builder.rs`). Read next: `builder.rs`.

use candle_core::{DType, Device, Shape, Tensor, Var};
use candle_nn::Init;
use candle_nn::init::NormalOrUniform;

use crate::{Error, Result, Rng};

/// Which side of a layer keeps its variance.
///
/// ```
/// use lab::candle_core::{DType, Device, Var};
/// use lab::{Rng, nn::init::{self, Fan, Gain}};
/// let weight = Var::zeros((1, 300), DType::F32, &Device::Cpu)?; // 300 inputs, 1 output
/// let largest = |fan| {
///     init::kaiming_uniform(&weight, fan, Gain::Linear, &mut Rng::seed(1))?;
///     lab::Result::Ok(weight.abs()?.max_all()?.to_scalar::<f32>()?)
/// };
/// assert!(largest(Fan::In)? <= 0.1); // sqrt(3 / 300)
/// assert!(largest(Fan::Out)? > 1.0); // sqrt(3 / 1)
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fan {
    /// The number of inputs of one output: variances are kept forward. PyTorch's default.
    #[default]
    In,
    /// The number of outputs of one input: variances are kept backward.
    Out,
}

/// The function after the layer, which shrinks the variance (as `torch.nn.init.calculate_gain`).
///
/// ```
/// use lab::nn::init::Gain;
/// assert_eq!(Gain::Relu.value(), 2f64.sqrt());
/// assert_eq!(Gain::LeakyRelu(1.0).value(), 1.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gain {
    /// None: 1.
    Linear,
    /// Sigmoid: 1.
    Sigmoid,
    /// Hyperbolic tangent: 5/3.
    Tanh,
    /// ReLU: sqrt(2).
    Relu,
    /// Leaky ReLU with this slope `a` below 0: sqrt(2 / (1 + a^2)).
    LeakyRelu(f64),
    /// SELU: 3/4.
    Selu,
}

impl Gain {
    /// The factor of the standard deviation.
    pub fn value(self) -> f64 {
        match self {
            Self::Linear | Self::Sigmoid => 1.0,
            Self::Tanh => 5.0 / 3.0,
            Self::Relu => 2f64.sqrt(),
            Self::LeakyRelu(slope) => (2.0 / (1.0 + slope * slope)).sqrt(),
            Self::Selu => 0.75,
        }
    }
}

/// Fills `var` with numbers uniform on `[lo, hi)`.
///
/// # Errors
/// A bound is not finite, `lo > hi`, or `var` is neither f32 nor f64.
///
/// ```
/// use lab::candle_core::{DType, Device, Var};
/// let var = Var::zeros(100, DType::F32, &Device::Cpu)?;
/// lab::nn::init::uniform(&var, -0.5, 0.5, &mut lab::Rng::seed(1))?;
/// assert!(var.abs()?.max_all()?.to_scalar::<f32>()? <= 0.5);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn uniform(var: &Var, lo: f64, hi: f64, rng: &mut Rng) -> Result<()> {
    if !(lo.is_finite() && hi.is_finite() && lo <= hi) {
        return Err(Error::Argument(format!(
            "init::uniform: даны границы от {lo} до {hi}, а нужны конечные числа lo <= hi"
        )));
    }
    fill(var, || lo + (hi - lo) * rng.uniform())
}

/// Fills `var` with normal numbers of this mean and standard deviation.
///
/// # Errors
/// `mean` or `std` is not finite, `std < 0`, or `var` is neither f32 nor f64.
///
/// ```
/// use lab::candle_core::{DType, Device, Var};
/// let var = Var::zeros(1000, DType::F64, &Device::Cpu)?;
/// lab::nn::init::normal(&var, 5.0, 0.1, &mut lab::Rng::seed(1))?;
/// assert!((var.mean_all()?.to_scalar::<f64>()? - 5.0).abs() < 0.02);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn normal(var: &Var, mean: f64, std: f64, rng: &mut Rng) -> Result<()> {
    if !(mean.is_finite() && std.is_finite() && std >= 0.0) {
        return Err(Error::Argument(format!(
            "init::normal: дано mean = {mean}, std = {std}, а нужны конечные числа и std >= 0"
        )));
    }
    fill(var, || mean + std * rng.normal())
}

/// Fills `var` with one number.
///
/// # Errors
/// `var` is neither f32 nor f64.
///
/// ```
/// use lab::candle_core::{DType, Device, Var};
/// let var = Var::zeros(2, DType::F32, &Device::Cpu)?;
/// lab::nn::init::constant(&var, 1.0)?;
/// assert_eq!(var.to_vec1::<f32>()?, [1.0, 1.0]);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn constant(var: &Var, value: f64) -> Result<()> {
    fill(var, || value)
}

/// Fills the weights `var` uniformly on `±gain sqrt(6 / (fan_in + fan_out))` (Glorot and Bengio, 2010).
///
/// # Errors
/// `var` has fewer than two dimensions or is empty, or is neither f32 nor f64.
///
/// ```
/// use lab::candle_core::{DType, Device, Var};
/// use lab::{Rng, nn::init::{self, Gain}};
/// let weight = Var::zeros((2, 4), DType::F32, &Device::Cpu)?;
/// init::xavier_uniform(&weight, Gain::Linear, &mut Rng::seed(1))?;
/// assert!(weight.abs()?.max_all()?.to_scalar::<f32>()? <= 1.0);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn xavier_uniform(var: &Var, gain: Gain, rng: &mut Rng) -> Result<()> {
    let bound = 3f64.sqrt() * xavier_std(var, gain)?;
    uniform(var, -bound, bound, rng)
}

/// Fills the weights `var` with normal numbers, `std = gain sqrt(2 / (fan_in + fan_out))` (Glorot and Bengio, 2010).
///
/// # Errors
/// As [`xavier_uniform`].
///
/// ```
/// use lab::candle_core::{DType, Device, Var};
/// use lab::{Rng, nn::init::{self, Gain}};
/// let weight = Var::zeros((100, 100), DType::F64, &Device::Cpu)?;
/// init::xavier_normal(&weight, Gain::Linear, &mut Rng::seed(1))?;
/// let variance = weight.sqr()?.mean_all()?.to_scalar::<f64>()?;
/// assert!((variance - 0.01).abs() < 1e-3); // 2 / (100 + 100)
/// # Ok::<(), lab::Error>(())
/// ```
pub fn xavier_normal(var: &Var, gain: Gain, rng: &mut Rng) -> Result<()> {
    normal(var, 0.0, xavier_std(var, gain)?, rng)
}

/// Fills the weights `var` uniformly on `±gain sqrt(3 / fan)` (He et al., 2015, arXiv:1502.01852).
///
/// # Errors
/// As [`xavier_uniform`].
///
/// ```
/// use lab::candle_core::{DType, Device, Var};
/// use lab::{Rng, nn::init::{self, Fan, Gain}};
/// let weight = Var::zeros((8, 6), DType::F32, &Device::Cpu)?;
/// init::kaiming_uniform(&weight, Fan::In, Gain::Relu, &mut Rng::seed(1))?;
/// assert!(weight.abs()?.max_all()?.to_scalar::<f32>()? <= 1.0); // sqrt(2) sqrt(3 / 6)
/// # Ok::<(), lab::Error>(())
/// ```
pub fn kaiming_uniform(var: &Var, fan: Fan, gain: Gain, rng: &mut Rng) -> Result<()> {
    let bound = 3f64.sqrt() * kaiming_std(var, fan, gain)?;
    uniform(var, -bound, bound, rng)
}

/// Fills the weights `var` with normal numbers, `std = gain / sqrt(fan)` (He et al., 2015, arXiv:1502.01852).
///
/// # Errors
/// As [`xavier_uniform`].
///
/// ```
/// use lab::candle_core::{DType, Device, Var};
/// use lab::{Rng, nn::init::{self, Fan, Gain}};
/// let weight = Var::zeros((100, 200), DType::F64, &Device::Cpu)?;
/// init::kaiming_normal(&weight, Fan::In, Gain::Relu, &mut Rng::seed(1))?;
/// let variance = weight.sqr()?.mean_all()?.to_scalar::<f64>()?;
/// assert!((variance - 0.01).abs() < 1e-3); // 2 / 200
/// # Ok::<(), lab::Error>(())
/// ```
pub fn kaiming_normal(var: &Var, fan: Fan, gain: Gain, rng: &mut Rng) -> Result<()> {
    normal(var, 0.0, kaiming_std(var, fan, gain)?, rng)
}

fn xavier_std(var: &Var, gain: Gain) -> Result<f64> {
    let (fan_in, fan_out) = fans(var)?;
    Ok(gain.value() * (2.0 / (fan_in + fan_out) as f64).sqrt())
}

fn kaiming_std(var: &Var, fan: Fan, gain: Gain) -> Result<f64> {
    let (fan_in, fan_out) = fans(var)?;
    let fan = if fan == Fan::In { fan_in } else { fan_out };
    Ok(gain.value() / (fan as f64).sqrt())
}

/// The numbers of inputs of one output and of outputs of one input.
fn fans(var: &Var) -> Result<(usize, usize)> {
    match var.dims() {
        [outputs, inputs, kernel @ ..] if var.elem_count() > 0 => {
            let kernel: usize = kernel.iter().product();
            Ok((inputs * kernel, outputs * kernel))
        }
        other => Err(Error::Argument(format!(
            "init: переменная имеет форму {other:?}, а нужны веса формы (выходы, входы) или \
             (выходы, входы, k, k); сдвиг заполняет init::constant(&bias, 0.0)?"
        ))),
    }
}

/// Overwrites `var` with the numbers of `next`, in order of their indices.
fn fill(var: &Var, next: impl FnMut() -> f64) -> Result<()> {
    let tensor = tensor_of(var.shape(), var.dtype(), var.device(), next)?;
    Ok(var.set(&tensor)?)
}

fn tensor_of(
    shape: &Shape,
    dtype: DType,
    device: &Device,
    mut next: impl FnMut() -> f64,
) -> Result<Tensor> {
    if !matches!(dtype, DType::F32 | DType::F64) {
        return Err(Error::Argument(format!(
            "веса имеют тип {}, а случайные значения есть для f32 и f64",
            dtype.as_str()
        )));
    }
    let numbers: Vec<f64> = (0..shape.elem_count()).map(|_| next()).collect();
    // Rounded before the way to a device that may lack f64.
    let tensor = Tensor::from_vec(numbers, shape, &Device::Cpu)?.to_dtype(dtype)?;
    Ok(tensor.to_device(device)?)
}

/// The initial values that candle calls `kind`, drawn from our generator.
pub(super) fn draw(
    kind: Init,
    shape: &Shape,
    dtype: DType,
    device: &Device,
    rng: &mut Rng,
) -> Result<Tensor> {
    match kind {
        Init::Const(value) => tensor_of(shape, dtype, device, || value),
        Init::Randn { mean, stdev } => {
            tensor_of(shape, dtype, device, || mean + stdev * rng.normal())
        }
        Init::Uniform { lo, up } => {
            tensor_of(shape, dtype, device, || lo + (up - lo) * rng.uniform())
        }
        Init::Kaiming { dist, fan, non_linearity } => {
            let std = non_linearity.gain() / (fan.for_shape(shape).max(1) as f64).sqrt();
            let bound = 3f64.sqrt() * std;
            match dist {
                NormalOrUniform::Normal => tensor_of(shape, dtype, device, || std * rng.normal()),
                NormalOrUniform::Uniform => {
                    tensor_of(shape, dtype, device, || bound * (2.0 * rng.uniform() - 1.0))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
