//! What the functions over batches are tried on: a tiny network and a few examples, and one epoch of our own.
//!
//! Not here: the checks (`epochs.rs`).

use candle_core::{DType, Device, Module, Tensor};
use candle_nn::VarMap;

use crate::data::Digits;
use crate::{Result, Rng, loss, metrics, nn};

/// Numbers in an example, classes.
const INPUTS: usize = 5;
const CLASSES: usize = 3;

/// A linear layer and log-softmax, with the variables it is made of.
pub(super) struct Toy {
    layer: nn::Linear,
    pub(super) map: VarMap,
}

impl Toy {
    pub(super) fn new(seed: u64) -> Result<Self> {
        let map = VarMap::new();
        let layer = nn::linear(INPUTS, CLASSES, nn::var_builder(&map, seed, &Device::Cpu))?;
        Ok(Self { layer, map })
    }

    /// The weights (3, 5) as they are now.
    pub(super) fn weights(&self) -> Result<Tensor> {
        Ok(self.layer.weight().copy()?)
    }
}

impl Module for Toy {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        candle_nn::ops::log_softmax(&self.layer.forward(x)?, 1)
    }
}

/// `n` examples.
pub(super) fn examples(rng: &mut Rng, n: usize) -> Result<Digits> {
    let x = (rng.randn((n, INPUTS), &Device::Cpu)? * 2.0)?;
    let y = Tensor::from_iter((0..n).map(|_| rng.below(CLASSES) as u32), &Device::Cpu)?;
    Ok(Digits { x, y })
}

/// Loss and accuracy of a model on examples, as means over them.
pub(super) fn scores(model: &dyn Module, digits: &Digits) -> Result<(f64, f64)> {
    let output = model.forward(&digits.x)?;
    let loss = loss::nll(&output, &digits.y)?.to_dtype(DType::F64)?.to_scalar()?;
    Ok((loss, metrics::accuracy(&output, &digits.y)?))
}

/// The examples of a batch.
pub(super) fn part(digits: &Digits, indices: &[usize]) -> Result<Digits> {
    let rows = Tensor::from_iter(indices.iter().map(|&i| i as u32), &Device::Cpu)?;
    Ok(Digits { x: digits.x.index_select(&rows, 0)?, y: digits.y.index_select(&rows, 0)? })
}

/// Loss and accuracy of each batch, taken in order.
pub(super) fn by_batches(
    model: &dyn Module,
    digits: &Digits,
    batch_size: usize,
) -> Result<Vec<(f64, f64)>> {
    let order: Vec<usize> = (0..digits.len()).collect();
    order.chunks(batch_size).map(|chunk| scores(model, &part(digits, chunk)?)).collect()
}
