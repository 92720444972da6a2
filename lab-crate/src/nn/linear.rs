//! The fully connected layer. Not here: its arithmetic (`ops/linear.rs`), initial values (`init/`).

use candle_core::{Module, Tensor};
use candle_nn::{Init, VarBuilder};

use crate::{Error, Result, ops};

/// The layer `y = x W^T + b` (as `nn.Linear` of PyTorch), one operation forward and one backward.
///
/// Made by [`linear`]; it is a `candle_core::Module`.
///
/// ```
/// use lab::{Rng, candle_core::Device, candle_nn::VarMap, nn};
/// let layer = nn::linear(4, 3, nn::var_builder(&VarMap::new(), 42, &Device::Cpu).pp("fc"))?;
/// assert_eq!((layer.weight().dims(), layer.bias().dims()), (&[3, 4][..], &[3][..]));
/// let y = layer.forward_relu(&Rng::seed(1).randn((5, 4), &Device::Cpu)?)?; // (5, 3)
/// assert!(y.min_all()?.to_scalar::<f32>()? >= 0.0);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Linear {
    weight: Tensor,
    bias: Tensor,
}

/// A fully connected layer with the variables `weight` `(O, K)` and `bias` `(O)` of `vb`, `K` inputs and `O` outputs.
///
/// New variables are uniform on `±1/sqrt(K)`, as in PyTorch
/// (`kaiming_uniform_(weight, a=sqrt(5))` of `nn.Linear.reset_parameters` is the same).
///
/// # Errors
/// A size is 0, or `vb` holds variables of another shape.
///
/// ```
/// use lab::candle_core::{DType, Device, Module, Tensor};
/// use lab::{candle_nn::VarMap, nn};
/// let map = VarMap::new();
/// let vb = nn::var_builder(&map, 42, &Device::Cpu);
/// let layer = nn::linear(784, 10, vb.pp("head"))?;
/// let x = Tensor::zeros((32, 784), DType::F32, &Device::Cpu)?;
/// assert_eq!(layer.forward(&x)?.dims(), [32, 10]);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn linear(in_features: usize, out_features: usize, vb: VarBuilder) -> Result<Linear> {
    for (name, size) in [("in_features", in_features), ("out_features", out_features)] {
        if size == 0 {
            return Err(Error::Argument(format!(
                "linear: {name} = 0, а нужно число признаков от 1; например, linear(784, 10, vb)"
            )));
        }
    }
    let bound = 1.0 / (in_features as f64).sqrt();
    let uniform = Init::Uniform { lo: -bound, up: bound };
    let weight = vb.get_with_hints((out_features, in_features), "weight", uniform)?;
    let bias = vb.get_with_hints(out_features, "bias", uniform)?;
    Ok(Linear { weight, bias })
}

impl Linear {
    /// The weights, `(O, K)`.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// The bias, `(O)`.
    pub fn bias(&self) -> &Tensor {
        &self.bias
    }

    /// `relu(x W^T + b)` in one operation: x `(..., K)`, result `(..., O)`; faster than the two one after the other.
    ///
    /// The gradient of ReLU at 0 is 0, as in PyTorch.
    ///
    /// # Errors
    /// `x` has another last dimension, dtype or device than the weights.
    pub fn forward_relu(&self, x: &Tensor) -> Result<Tensor> {
        ops::linear(x, &self.weight, &self.bias, true)
    }
}

impl Module for Linear {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        Ok(ops::linear(x, &self.weight, &self.bias, false)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::nn;
    use candle_core::{DType, Device};
    use candle_nn::VarMap;

    #[test]
    fn weights_have_pytorchs_distribution() {
        let map = VarMap::new();
        let layer = linear(400, 300, nn::var_builder(&map, 1, &Device::Cpu)).unwrap();
        let weight = layer.weight().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(layer.weight().dims(), [300, 400]);
        assert!(weight.iter().all(|w| w.abs() <= 0.05));
        // The variance of a uniform number on ±b is b^2 / 3.
        let variance = weight.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>() / 120_000.0;
        assert!((variance / (0.05f64.powi(2) / 3.0) - 1.0).abs() < 0.02, "{variance}");
        let bias = layer.bias().to_vec1::<f32>().unwrap();
        assert!(bias.iter().all(|b| b.abs() <= 0.05) && bias.iter().any(|b| b.abs() > 0.04));
    }

    #[test]
    fn relu_may_be_inside() {
        let layer = linear(5, 4, nn::var_builder(&VarMap::new(), 1, &Device::Cpu)).unwrap();
        let x = crate::Rng::seed(2).randn((3, 5), &Device::Cpu).unwrap();
        let apart = layer.forward(&x).unwrap().relu().unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(layer.forward_relu(&x).unwrap().to_vec2::<f32>().unwrap(), apart);
        assert!(apart.iter().flatten().any(|v| *v == 0.0));
    }

    #[test]
    fn wrong_sizes_and_inputs_are_told() {
        let vb = nn::var_builder(&VarMap::new(), 1, &Device::Cpu);
        let error = linear(0, 3, vb.pp("a")).unwrap_err().to_string();
        assert!(error.contains("in_features = 0"), "{error}");
        let layer = linear(784, 3, vb.pp("b")).unwrap();
        let image = Tensor::zeros((1, 28, 28), DType::F32, &Device::Cpu).unwrap();
        let error = layer.forward(&image).unwrap_err().to_string();
        assert!(error.contains("[1, 28, 28]") && error.contains("flatten_from(1)"), "{error}");
    }
}
