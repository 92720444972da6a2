//! The figures of training: an epoch of MNIST, an iteration of linear regression, steps of optimizers.
//!
//! `..._plain` is what a student writes in a notebook with candle alone. Seconds of one epoch, iteration or step.

use std::time::Instant;

use lab::candle_core::Module;
use lab::prelude::*;

use crate::Measure;

/// Points of the lab's regression (California housing).
const POINTS: usize = 20_640;
/// Iterations and steps in one measurement of something short.
const REPEATS: usize = 200;
const BATCH: usize = 32;

/// The figure called `name`.
pub fn figure(name: &str) -> lab::Result<Measure> {
    match name {
        "mnist_epoch" => mnist_epoch(),
        "mnist_epoch_plain" => mnist_epoch_plain(),
        "regression" => regression(),
        "regression_plain" => regression_plain(),
        "rmsprop_step" => step(RmsProp::lr(1e-3), &[(784, 40), (40, 40), (40, 10)], REPEATS),
        "adam_step_11m" => step(Adam::lr(1e-3), &[(2048, 2048), (2048, 2048), (1400, 2048)], 5),
        other => Err(lab::Error::Argument(format!("нет измерения «{other}»"))),
    }
}

/// The library's way: fused layers and loss, RMSprop in place.
fn mnist_epoch() -> lab::Result<Measure> {
    let (map, train) = (VarMap::new(), data::mnist()?.train);
    let vb = nn::var_builder(&map, 42, &Device::Cpu);
    let fc1 = nn::linear(784, 40, vb.pp("fc1"))?;
    let fc2 = nn::linear(40, 40, vb.pp("fc2"))?;
    let fc3 = nn::linear(40, 10, vb.pp("fc3"))?;
    let mut opt = Optimizer::new(RmsProp::lr(1e-3), &map)?;
    let options = LoaderOptions { batch_size: BATCH, shuffle: true, ..Default::default() };
    let loader = DataLoader::new(train.dataset()?, options)?;
    Ok(Box::new(move || {
        let start = Instant::now();
        for batch in loader.iter() {
            let Batch { x, y } = batch?;
            let scores = fc3.forward(&fc2.forward_relu(&fc1.forward_relu(&x)?)?)?;
            let loss = loss::cross_entropy(&scores, &y)?;
            opt.backward(&loss)?;
            opt.step()?;
            opt.zero_grad();
            loss.to_scalar::<f32>()?;
        }
        Ok(start.elapsed().as_secs_f64())
    }))
}

/// The notebook's way: candle's layers, log-softmax and NLL, RMSprop written by hand.
fn mnist_epoch_plain() -> lab::Result<Measure> {
    let (map, train) = (VarMap::new(), data::mnist()?.train);
    let vb = candle_nn::VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu);
    let fc1 = candle_nn::linear(784, 40, vb.pp("fc1"))?;
    let fc2 = candle_nn::linear(40, 40, vb.pp("fc2"))?;
    let fc3 = candle_nn::linear(40, 10, vb.pp("fc3"))?;
    let vars = map.all_vars();
    let mut squares: Vec<Tensor> =
        vars.iter().map(|v| v.zeros_like()).collect::<candle_core::Result<_>>()?;
    let (images, labels) = (train.x.clone(), train.y.to_dtype(DType::U32)?);
    let mut rng = Rng::seed(42);
    Ok(Box::new(move || {
        let start = Instant::now();
        let order: Vec<u32> =
            rng.permutation(labels.elem_count()).into_iter().map(|i| i as u32).collect();
        for batch in order.chunks_exact(BATCH) {
            let batch = Tensor::new(batch, &Device::Cpu)?;
            let (x, y) = (images.index_select(&batch, 0)?, labels.index_select(&batch, 0)?);
            let hidden = fc2.forward(&fc1.forward(&x)?.relu()?)?.relu()?;
            let scores = candle_nn::ops::log_softmax(&fc3.forward(&hidden)?, D::Minus1)?;
            let loss = candle_nn::loss::nll(&scores, &y)?;
            let grads = loss.backward()?;
            for (var, square) in vars.iter().zip(&mut squares) {
                let Some(grad) = grads.get(var) else { continue };
                *square = ((&*square * 0.99)? + (grad.sqr()? * 0.01)?)?.detach();
                let step = (grad / (square.sqrt()? + 1e-8)?)?;
                var.set(&(var.as_tensor() - (step * 1e-3)?)?.detach())?;
            }
            loss.to_scalar::<f32>()?;
        }
        Ok(start.elapsed().as_secs_f64())
    }))
}

/// The library's way: a linear layer, the mean squared error, SGD.
fn regression() -> lab::Result<Measure> {
    let (map, mut rng) = (VarMap::new(), Rng::seed(1));
    let (x, y) = (rng.randn((POINTS, 1), &Device::Cpu)?, rng.randn((POINTS, 1), &Device::Cpu)?);
    let model = nn::linear(1, 1, nn::var_builder(&map, 42, &Device::Cpu))?;
    let mut opt = Optimizer::new(Sgd::lr(0.1), &map)?;
    Ok(Box::new(move || {
        let start = Instant::now();
        for _ in 0..REPEATS {
            let loss = loss::mse(&model.forward(&x)?, &y)?;
            opt.backward(&loss)?;
            opt.step()?;
            opt.zero_grad();
        }
        Ok(start.elapsed().as_secs_f64() / REPEATS as f64)
    }))
}

/// The notebook's way: two variables and candle's operations.
fn regression_plain() -> lab::Result<Measure> {
    let mut rng = Rng::seed(1);
    let (x, y) = (rng.randn(POINTS, &Device::Cpu)?, rng.randn(POINTS, &Device::Cpu)?);
    let w = Var::zeros(1, DType::F32, &Device::Cpu)?;
    let b = Var::zeros(1, DType::F32, &Device::Cpu)?;
    Ok(Box::new(move || {
        let start = Instant::now();
        for _ in 0..REPEATS {
            let prediction = x.broadcast_mul(&w)?.broadcast_add(&b)?;
            let grads = (prediction - &y)?.sqr()?.mean_all()?.backward()?;
            for var in [&w, &b] {
                let Some(grad) = grads.get(var) else { continue };
                var.set(&(var.as_tensor() - (grad * 0.1)?)?.detach())?;
            }
        }
        Ok(start.elapsed().as_secs_f64() / REPEATS as f64)
    }))
}

/// A step of an optimizer over weights of the `shapes`, the gradients being there.
fn step(
    rule: impl Into<lab::optim::Rule>,
    shapes: &[(usize, usize)],
    repeats: usize,
) -> lab::Result<Measure> {
    let mut rng = Rng::seed(1);
    let weights: Vec<Var> = shapes
        .iter()
        .map(|&shape| Ok(Var::from_tensor(&rng.randn(shape, &Device::Cpu)?)?))
        .collect::<lab::Result<_>>()?;
    let mut opt = Optimizer::new(rule, &weights[..])?;
    let total =
        weights.iter().map(|w| w.sqr()?.sum_all()).collect::<candle_core::Result<Vec<_>>>()?;
    opt.backward(&Tensor::stack(&total, 0)?.sum_all()?)?;
    Ok(Box::new(move || {
        let start = Instant::now();
        for _ in 0..repeats {
            opt.step()?;
        }
        Ok(start.elapsed().as_secs_f64() / repeats as f64)
    }))
}
