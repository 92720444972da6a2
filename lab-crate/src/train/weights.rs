//! A real copy of variables' values, to go back to. Not here: when it is taken (`best_weights.rs`, `lr_finder.rs`).

use candle_core::Tensor;

use crate::Result;
use crate::optim::Params;

/// The values of variables and buffers at one moment; later steps do not change them.
pub(super) struct Weights(Vec<(String, Tensor)>);

impl Weights {
    /// Copies the values: an optimizer changes memory in place, so a clone of a tensor would change too.
    pub(super) fn of(params: &Params) -> Result<Self> {
        let copy = |(name, var): (&str, &candle_core::Var)| -> Result<_> {
            Ok((name.to_string(), var.as_tensor().copy()?.detach()))
        };
        Ok(Self(params.with_buffers().map(copy).collect::<Result<_>>()?))
    }

    /// Puts the values back into the same variables.
    pub(super) fn restore(&self, params: &Params) -> Result<()> {
        for ((_, var), (_, value)) in params.with_buffers().zip(&self.0) {
            var.set(value)?;
        }
        Ok(())
    }

    /// Names and values.
    pub(super) fn tensors(&self) -> impl Iterator<Item = (String, Tensor)> {
        self.0.iter().cloned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::nn;
    use candle_core::{DType, Device};
    use candle_nn::{ModuleT, VarMap};

    #[test]
    fn running_statistics_are_copied_and_put_back() {
        let map = VarMap::new();
        let norm = nn::batch_norm2d(2, nn::var_builder(&map, 1, &Device::Cpu).pp("bn")).unwrap();
        let params = Params::from(&map);
        let weights = Weights::of(&params).unwrap();
        assert_eq!(weights.tensors().count(), 4);
        let ones = Tensor::ones((3, 2, 1, 1), DType::F32, &Device::Cpu).unwrap();
        norm.forward_t(&ones, true).unwrap();
        let mean = || norm.running_mean().to_vec1::<f32>().unwrap();
        assert_eq!(mean(), [0.1, 0.1]);
        weights.restore(&params).unwrap();
        assert_eq!(mean(), [0.0, 0.0]);
    }
}
