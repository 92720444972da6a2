//! A real copy of variables' values, to go back to. Not here: when it is taken (`best_weights.rs`, `lr_finder.rs`).

use candle_core::Tensor;

use crate::Result;
use crate::optim::Params;

/// The values of variables at one moment; later steps do not change them.
pub(super) struct Weights(Vec<(String, Tensor)>);

impl Weights {
    /// Copies the values: an optimizer changes memory in place, so a clone of a tensor would change too.
    pub(super) fn of(params: &Params) -> Result<Self> {
        let copy = |(name, var): (&str, &candle_core::Var)| -> Result<_> {
            Ok((name.to_string(), var.as_tensor().copy()?.detach()))
        };
        Ok(Self(params.iter().map(copy).collect::<Result<_>>()?))
    }

    /// Puts the values back into the same variables.
    pub(super) fn restore(&self, params: &Params) -> Result<()> {
        for ((_, var), (_, value)) in params.iter().zip(&self.0) {
            var.set(value)?;
        }
        Ok(())
    }

    /// Names and values.
    pub(super) fn tensors(&self) -> impl Iterator<Item = (String, Tensor)> {
        self.0.iter().cloned()
    }
}
