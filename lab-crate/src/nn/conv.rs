//! Convolution of images with PyTorch's initial values. Not here: its arithmetic, which is candle's.

use candle_nn::{Conv2d, Conv2dConfig, Init, VarBuilder};

use crate::{Error, Result};

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
    check(in_channels, out_channels, kernel_size, config)?;
    let inputs = in_channels / config.groups;
    let bound = 1.0 / ((inputs * kernel_size * kernel_size) as f64).sqrt();
    let uniform = Init::Uniform { lo: -bound, up: bound };
    let shape = (out_channels, inputs, kernel_size, kernel_size);
    let weight = vb.get_with_hints(shape, "weight", uniform)?;
    let bias = vb.get_with_hints(out_channels, "bias", uniform)?;
    Ok(Conv2d::new(weight, Some(bias), config))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::nn;
    use candle_core::Device;
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
