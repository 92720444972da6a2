//! Tests only: a line to be learned, small enough to be worked out by hand.
#![allow(clippy::unwrap_used)]

use candle_core::{Device, Tensor};
use candle_nn::VarMap;

use super::BatchRecord;
use crate::batches::{DataLoader, LoaderOptions, TensorDataset};
use crate::nn::{self, Linear};
use crate::optim::{Optimizer, Sgd};

/// The first of two steps of an only epoch: loss 1 over 3 examples.
pub(super) const RECORD: BatchRecord = BatchRecord {
    epoch: 1,
    num_epochs: 1,
    batch: 1,
    batches: 2,
    step: 1,
    loss: 1.0,
    accuracy: None,
    examples: 3,
    lr: 0.1,
};

/// `y = 2 x + 1` at x = -1, 1, -1, 1, 1 in batches of 2; the model; the same data in one batch.
///
/// Over x = -1, 1 the mean of squares is 1 and the mean 0, so the Hessian of the loss is 2 for the weight and for the bias.
pub(super) fn line() -> (Linear, VarMap, DataLoader, DataLoader) {
    let x = Tensor::new(&[[-1f32], [1.0], [-1.0], [1.0], [1.0]], &Device::Cpu).unwrap();
    let set = TensorDataset::new(x.clone(), ((x * 2.0).unwrap() + 1.0).unwrap()).unwrap();
    let loader = |batch_size| {
        let options = LoaderOptions { batch_size, ..Default::default() };
        DataLoader::new(set.clone(), options).unwrap()
    };
    let map = VarMap::new();
    let model = nn::linear(1, 1, nn::var_builder(&map, 3, &Device::Cpu)).unwrap();
    set_to(&map, 0.0, 0.0);
    (model, map, loader(2), loader(8))
}

/// Sets the weight and the bias.
pub(super) fn set_to(map: &VarMap, weight: f32, bias: f32) {
    let vars = map.data().lock().unwrap();
    vars["weight"].set(&Tensor::new(&[[weight]], &Device::Cpu).unwrap()).unwrap();
    vars["bias"].set(&Tensor::new(&[bias], &Device::Cpu).unwrap()).unwrap();
}

/// The weight and the bias.
pub(super) fn values(map: &VarMap) -> [f32; 2] {
    let vars = map.data().lock().unwrap();
    let one = |name: &str| vars[name].flatten_all().unwrap().to_vec1::<f32>().unwrap()[0];
    [one("weight"), one("bias")]
}

pub(super) fn optimizer(map: &VarMap, lr: f64) -> Optimizer {
    Optimizer::new(Sgd::lr(lr), map).unwrap()
}
