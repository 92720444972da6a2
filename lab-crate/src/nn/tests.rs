//! Training repeats to the last bit, with any number of threads.
#![allow(clippy::unwrap_used)]

use std::sync::PoisonError;

use candle_core::{Device, Module, Tensor};
use candle_nn::{ModuleT, VarMap};

use super::{Dropout, linear, var_builder};
use crate::loss::cross_entropy;
use crate::{Rng, set_num_threads, threads};

/// Trains a small network for 20 steps and gives the bits of its weights and its last loss.
fn train(threads: usize) -> (Vec<(String, Vec<u32>)>, f32) {
    set_num_threads(threads).unwrap();
    let map = VarMap::new();
    let vb = var_builder(&map, 42, &Device::Cpu);
    // 2 * 256 * 784 * 48 multiplications and additions: the products are cut into blocks.
    let (first, second) =
        (linear(784, 48, vb.pp("a")).unwrap(), linear(48, 10, vb.pp("b")).unwrap());
    let drop = Dropout::new(0.1, 1).unwrap();
    let mut rng = Rng::seed(7);
    let x = rng.rand((256, 784), 0.0, 1.0, &Device::Cpu).unwrap();
    let labels: Vec<u32> = (0..256).map(|_| rng.below(10) as u32).collect();
    let labels = Tensor::new(labels, &Device::Cpu).unwrap();
    let mut last = f32::NAN;
    for _ in 0..20 {
        let hidden = drop.forward_t(&first.forward_relu(&x).unwrap(), true).unwrap();
        let loss = cross_entropy(&second.forward(&hidden).unwrap(), &labels).unwrap();
        let grads = loss.backward().unwrap();
        for var in map.all_vars() {
            let step = (grads.get(&var).unwrap() * 0.1).unwrap();
            var.set(&(var.as_tensor() - step).unwrap()).unwrap();
        }
        last = loss.to_scalar().unwrap();
    }
    let data = map.data().lock().unwrap();
    let mut bits: Vec<(String, Vec<u32>)> = data
        .iter()
        .map(|(name, var)| {
            let numbers = var.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            (name.clone(), numbers.into_iter().map(f32::to_bits).collect())
        })
        .collect();
    bits.sort();
    (bits, last)
}

#[test]
fn training_repeats_to_the_last_bit_with_any_number_of_threads() {
    let _alone = threads::TESTS.lock().unwrap_or_else(PoisonError::into_inner);
    let before = crate::num_threads();
    let (bits, loss) = train(1);
    assert!(loss < 2.3, "it learns: {loss}");
    assert_eq!(bits.len(), 4);
    for threads in [1, 2, 3] {
        assert!((&bits, loss) == (&train(threads).0, loss), "{threads} threads differ");
    }
    set_num_threads(before).unwrap();
}
