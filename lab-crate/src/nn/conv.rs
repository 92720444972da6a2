//! The convolution layer, with PyTorch's initial values. Not here: its arithmetic (`ops/conv/`).

use candle_core::{Module, Tensor};
use candle_nn::{Conv2dConfig, Init, VarBuilder};

use crate::{Error, Result, ops};

/// The layer of filters over images (as `nn.Conv2d` of PyTorch), one operation forward and one backward.
///
/// Made by [`conv2d`] or [`conv2d_no_bias`]; it is a `candle_core::Module` that takes images `(N, in, H, W)`.
///
/// ```
/// use lab::{Rng, candle_core::Device, candle_nn::VarMap, nn};
/// let vb = nn::var_builder(&VarMap::new(), 42, &Device::Cpu);
/// let layer = nn::conv2d(3, 8, 3, Default::default(), vb.pp("conv"))?;
/// assert_eq!(layer.weight().dims(), [8, 3, 3, 3]);
/// assert_eq!((layer.bias().is_some(), layer.config().padding), (true, 0));
/// let images = Rng::seed(1).randn((1, 3, 16, 16), &Device::Cpu)?;
/// let y = layer.forward_relu(&images)?; // (1, 8, 14, 14)
/// assert!(y.min_all()?.to_scalar::<f32>()? >= 0.0);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Conv2d {
    weight: Tensor,
    bias: Option<Tensor>,
    config: Conv2dConfig,
    trainable: bool,
}

/// A layer of square filters with the variables `weight` `(out, in / groups, k, k)` and `bias` `(out)` of `vb`.
///
/// It takes images `(N, in, H, W)`. New variables are uniform on `±1/sqrt(in / groups * k * k)`, as in PyTorch
/// (`nn.Conv2d`).
///
/// # Errors
/// A size is 0, the channels cannot be shared by the groups, or `vb` holds variables of another shape.
///
/// ```
/// use lab::candle_core::{DType, Device, Module, Tensor};
/// use lab::{candle_nn::{Conv2dConfig, VarMap}, nn};
/// let vb = nn::var_builder(&VarMap::new(), 42, &Device::Cpu);
/// let same = Conv2dConfig { padding: 1, ..Default::default() };
/// let layer = nn::conv2d(3, 8, 3, same, vb.pp("conv"))?;
/// let images = Tensor::zeros((2, 3, 16, 16), DType::F32, &Device::Cpu)?;
/// assert_eq!(layer.forward(&images)?.dims(), [2, 8, 16, 16]);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn conv2d(
    in_channels: usize,
    out_channels: usize,
    kernel_size: usize,
    config: Conv2dConfig,
    vb: VarBuilder,
) -> Result<Conv2d> {
    let mut layer = conv2d_no_bias(in_channels, out_channels, kernel_size, config, vb.clone())?;
    layer.bias = Some(vb.get_with_hints(out_channels, "bias", uniform(layer.weight.dims()))?);
    Ok(layer)
}

/// As [`conv2d`] without the variable `bias`: the layer before a batch norm (as `nn.Conv2d(..., bias=False)`).
///
/// # Errors
/// As of [`conv2d`].
///
/// ```
/// use lab::candle_core::{DType, Device, Module, Tensor};
/// use lab::{candle_nn::{Conv2dConfig, VarMap}, nn};
/// let vb = nn::var_builder(&VarMap::new(), 42, &Device::Cpu);
/// let halve = Conv2dConfig { padding: 3, stride: 2, ..Default::default() };
/// let layer = nn::conv2d_no_bias(3, 64, 7, halve, vb.pp("conv1"))?;
/// let images = Tensor::zeros((1, 3, 224, 224), DType::F32, &Device::Cpu)?;
/// assert_eq!(layer.forward(&images)?.dims(), [1, 64, 112, 112]);
/// assert!(layer.bias().is_none());
/// # Ok::<(), lab::Error>(())
/// ```
pub fn conv2d_no_bias(
    in_channels: usize,
    out_channels: usize,
    kernel_size: usize,
    config: Conv2dConfig,
    vb: VarBuilder,
) -> Result<Conv2d> {
    check(in_channels, out_channels, kernel_size, config)?;
    let shape = [out_channels, in_channels / config.groups, kernel_size, kernel_size];
    let weight = vb.get_with_hints(&shape, "weight", uniform(&shape))?;
    Ok(Conv2d { weight, bias: None, config, trainable: true })
}

/// Uniform on `±1/sqrt(inputs of a filter)`, for weights of this shape.
fn uniform(shape: &[usize]) -> Init {
    let inputs: usize = shape.iter().skip(1).product();
    let bound = 1.0 / (inputs as f64).sqrt();
    Init::Uniform { lo: -bound, up: bound }
}

fn check(inputs: usize, outputs: usize, kernel: usize, config: Conv2dConfig) -> Result<()> {
    let sizes = [
        ("in_channels", inputs),
        ("out_channels", outputs),
        ("kernel_size", kernel),
        ("groups", config.groups),
        ("stride", config.stride),
        ("dilation", config.dilation),
    ];
    if let Some((name, _)) = sizes.iter().find(|(_, size)| *size == 0) {
        return Err(Error::Argument(format!("conv2d: {name} = 0, а нужно число от 1")));
    }
    let groups = config.groups;
    if !inputs.is_multiple_of(groups) || !outputs.is_multiple_of(groups) {
        return Err(Error::Argument(format!(
            "conv2d: in_channels = {inputs} и out_channels = {outputs} должны делиться на groups = {groups}"
        )));
    }
    Ok(())
}

impl Conv2d {
    /// The filters, `(out, in / groups, k, k)`.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// The bias, `(out)`; `None` for a layer without one.
    pub fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }

    /// Padding, stride, dilation and groups.
    pub fn config(&self) -> &Conv2dConfig {
        &self.config
    }

    /// Freezes the layer (`false`) or lets it learn (`true`, at first), as `requires_grad_` of PyTorch.
    ///
    /// A frozen layer gives its variables no gradient; the gradient of the images still passes through.
    ///
    /// ```
    /// use lab::{Rng, candle_core::{Device, Module, Var}, candle_nn::VarMap, nn};
    /// let vb = nn::var_builder(&VarMap::new(), 42, &Device::Cpu);
    /// let mut layer = nn::conv2d(3, 8, 3, Default::default(), vb.pp("conv"))?;
    /// layer.set_trainable(false);
    /// let images = Var::from_tensor(&Rng::seed(1).randn((1, 3, 8, 8), &Device::Cpu)?)?;
    /// let grads = layer.forward(&images)?.sum_all()?.backward()?;
    /// assert!(grads.get(&images).is_some() && grads.get(layer.weight()).is_none());
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn set_trainable(&mut self, trainable: bool) {
        self.trainable = trainable;
    }

    /// `relu` of the result in one operation: images `(N, in, H, W)`, result `(N, out, H', W')`.
    ///
    /// The gradient of ReLU at 0 is 0, as in PyTorch.
    ///
    /// # Errors
    /// As of `forward`: another number of channels, dtype or device than the filters, or too small images.
    pub fn forward_relu(&self, x: &Tensor) -> Result<Tensor> {
        self.run(x, true)
    }

    /// The filters as an argument of an operation: without a gradient where the layer is frozen.
    pub(super) fn filters(&self) -> Tensor {
        self.learning(&self.weight)
    }

    fn learning(&self, parameter: &Tensor) -> Tensor {
        if self.trainable { parameter.clone() } else { parameter.detach() }
    }

    fn run(&self, x: &Tensor, relu: bool) -> Result<Tensor> {
        let bias = self.bias.as_ref().map(|bias| self.learning(bias));
        ops::conv2d(x, &self.filters(), bias.as_ref(), self.config, relu)
    }
}

impl Module for Conv2d {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        Ok(self.run(x, false)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::nn;
    use candle_core::{DType, Device, Var};
    use candle_nn::VarMap;

    #[test]
    fn weights_have_pytorchs_range() {
        let vb = nn::var_builder(&VarMap::new(), 1, &Device::Cpu);
        let config = Conv2dConfig { groups: 2, ..Default::default() };
        let layer = conv2d(8, 64, 5, config, vb).unwrap();
        assert_eq!(layer.weight().dims(), [64, 4, 5, 5]);
        let largest = layer.weight().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
        assert!((0.099..=0.1).contains(&largest), "{largest}");
        let bias = layer.bias().unwrap().abs().unwrap().max_all().unwrap();
        assert!((0.08..=0.1).contains(&bias.to_scalar::<f32>().unwrap()));
    }

    #[test]
    fn a_frozen_layer_passes_the_gradient_on_and_keeps_its_variables() {
        let map = VarMap::new();
        let vb = nn::var_builder(&map, 1, &Device::Cpu);
        let mut layer = conv2d(2, 3, 3, Conv2dConfig::default(), vb).unwrap();
        let x = Var::ones((1, 2, 5, 5), DType::F32, &Device::Cpu).unwrap();
        for trainable in [true, false, true] {
            layer.set_trainable(trainable);
            let grads = layer.forward(&x).unwrap().sum_all().unwrap().backward().unwrap();
            assert!(grads.get(&x).is_some());
            for var in map.all_vars() {
                assert_eq!(grads.get(&var).is_some(), trainable);
            }
        }
    }

    #[test]
    fn relu_may_be_inside() {
        let vb = nn::var_builder(&VarMap::new(), 1, &Device::Cpu);
        let layer = conv2d(2, 3, 3, Conv2dConfig::default(), vb).unwrap();
        let x = crate::Rng::seed(2).randn((2, 2, 6, 5), &Device::Cpu).unwrap();
        let numbers = |t: Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let apart = numbers(layer.forward(&x).unwrap().relu().unwrap());
        assert_eq!(numbers(layer.forward_relu(&x).unwrap()), apart);
        assert!(apart.contains(&0.0) && apart.iter().any(|v| *v > 0.0));
    }

    #[test]
    fn wrong_sizes_are_told() {
        let text = |inputs, kernel, groups| {
            let vb = nn::var_builder(&VarMap::new(), 1, &Device::Cpu);
            let config = Conv2dConfig { groups, ..Default::default() };
            conv2d(inputs, 4, kernel, config, vb).unwrap_err().to_string()
        };
        assert!(text(0, 3, 1).contains("in_channels = 0"));
        assert!(text(3, 0, 1).contains("kernel_size = 0"));
        assert!(text(3, 3, 0).contains("groups = 0"));
        assert!(text(3, 3, 2).contains("делиться на groups = 2"));
    }
}
