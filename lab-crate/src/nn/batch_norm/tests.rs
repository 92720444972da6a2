//! The layer: its running statistics, its variables, what is frozen, bad settings.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::nn::var_builder;
use crate::ops::recorded::{numbers, wave};
use crate::optim::{Optimizer, Sgd};
use candle_nn::VarMap;

fn layer(channels: usize) -> (BatchNorm2d, VarMap) {
    let map = VarMap::new();
    let norm = batch_norm2d(channels, var_builder(&map, 1, &Device::Cpu).pp("bn")).unwrap();
    (norm, map)
}

fn images(shape: &[usize], a: f64) -> Tensor {
    wave(shape, a, 0.5).to_dtype(DType::F32).unwrap()
}

// bn = torch.nn.BatchNorm2d(2)
// for a in (0.37, 0.48, 0.59): bn(wave((2, 2, 3, 3), a, 0.5).float())
// bn.running_mean, bn.running_var, bn.eval()(wave((1, 2, 1, 1), 0.37, 0.5).float())
#[test]
fn running_statistics_move_in_training_only() {
    let (norm, map) = layer(2);
    for a in [0.37, 0.48, 0.59] {
        norm.forward_t(&images(&[2, 2, 3, 3], a), true).unwrap();
    }
    let near = |tensor: &Tensor, right: [f64; 2]| {
        let ours = numbers(tensor);
        assert!(ours.iter().zip(right).all(|(a, b)| (a - b).abs() < 1e-6), "{ours:?} {right:?}");
    };
    let check = || {
        near(norm.running_mean(), MEAN);
        near(norm.running_var(), VARIANCE);
    };
    check();
    near(&norm.forward_t(&images(&[1, 2, 1, 1], 0.37), false).unwrap(), EVALUATED);
    check();
    let data = map.data().lock().unwrap();
    assert_eq!(numbers(data.get("bn.running_var").unwrap()), numbers(norm.running_var()));
}
const MEAN: [f64; 2] = [0.18179132, 0.119426042];
const VARIANCE: [f64; 2] = [0.84337467, 0.859049678];
const EVALUATED: [f64; 2] = [0.740259051, 1.138109207];

#[test]
fn the_optimizer_trains_weight_and_bias_only() {
    let (norm, map) = layer(3);
    let mut opt = Optimizer::new(Sgd::lr(0.1), &map).unwrap();
    assert_eq!(opt.params().count(), 6);
    let x = images(&[4, 3, 2, 2], 0.37);
    let before = numbers(norm.weight());
    let y = norm.forward_t(&x, true).unwrap();
    opt.backward(&(y.sqr().unwrap() * &x).unwrap().mean_all().unwrap()).unwrap();
    let statistics = numbers(norm.running_mean());
    opt.step().unwrap();
    assert_ne!(numbers(norm.weight()), before);
    assert_eq!(numbers(norm.running_mean()), statistics);
    let summary = crate::nn::summary(&map);
    assert_eq!((summary.trainable(), summary.buffers()), (6, 6));
}

#[test]
fn frozen_weights_get_no_gradient_but_statistics_move() {
    let (mut norm, _) = layer(3);
    norm.set_trainable(false);
    let x = Var::from_tensor(&images(&[2, 3, 4, 4], 0.37)).unwrap();
    for train in [true, false] {
        let grads = norm.forward_t(&x, train).unwrap().sqr().unwrap().backward().unwrap();
        assert!(grads.get(norm.weight()).is_none() && grads.get(norm.bias()).is_none());
        assert!(grads.get(&x).is_some());
        assert!(!norm.forward_t(&x.detach(), train).unwrap().track_op(), "no graph is kept");
    }
    assert!(numbers(norm.running_mean()).iter().all(|m| *m != 0.0));
    norm.set_trainable(true);
    let grads = norm.forward_t(&x, false).unwrap().sqr().unwrap().backward().unwrap();
    assert!(grads.get(norm.weight()).is_some() && grads.get(norm.running_mean()).is_none());
}

#[test]
fn relu_may_be_inside() {
    let (norm, _) = layer(3);
    let x = images(&[2, 3, 4, 4], 0.37);
    for train in [true, false] {
        let apart = norm.forward_t(&x, train).unwrap().relu().unwrap();
        assert_eq!(numbers(&norm.forward_relu(&x, train).unwrap()), numbers(&apart));
    }
}

#[test]
fn wrong_settings_and_batches_are_told() {
    let vb = var_builder(&VarMap::new(), 1, &Device::Cpu);
    let error = |channels, eps, momentum| {
        let options = BatchNormOptions { eps, momentum };
        batch_norm2d_with(channels, options, vb.pp("a")).unwrap_err().to_string()
    };
    assert!(error(0, 1e-5, 0.1).contains("channels = 0"));
    assert!(error(3, 0.0, 0.1).contains("eps = 0"));
    assert!(error(3, f64::NAN, 0.1).contains("eps = NaN"));
    assert!(error(3, 1e-5, 1.5).contains("momentum = 1.5"));
    let (norm, _) = layer(3);
    let one = images(&[1, 3, 1, 1], 0.37);
    let text = norm.forward_t(&one, true).unwrap_err().to_string();
    assert!(text.contains("хотя бы 2"), "{text}");
    assert!(norm.forward_t(&one, false).is_ok());
    assert_eq!(numbers(norm.running_mean()), [0.0; 3], "a refused batch changes nothing");
}
