//! A GPU computes what the CPU computes: layers, losses, optimizers, training.
//!
//! Built with the feature `cuda` or `metal` only, and for a machine where such a GPU answers:
//! `cargo test --package lab-crate --features cuda --test gpu`.
#![cfg(any(feature = "cuda", feature = "metal"))]
#![allow(clippy::unwrap_used)]

use candle_nn::Conv2dConfig;
use lab::models::{self, Trainable};
use lab::nn::ConvBn;
use lab::optim::{Adagrad, Adam, AdamW, RmsProp, Rule};
use lab::prelude::*;
use lab::train::{Fit, Task, fit};

fn gpu() -> Device {
    let device = lab::device().unwrap();
    assert!(!device.is_cpu(), "no GPU answers; this test compares one with the CPU");
    device
}

/// All numbers of a tensor of any shape, from any device.
fn numbers(t: &Tensor) -> Vec<f64> {
    t.flatten_all().unwrap().to_dtype(DType::F64).unwrap().to_vec1().unwrap()
}

/// The greatest distance of two tensors, by the greatest number of the first.
fn distance(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!((a.dims(), a.dtype()), (b.dims(), b.dtype()));
    let (a, b) = (numbers(a), numbers(b));
    assert!(a.iter().chain(&b).all(|x| x.is_finite()));
    let size = a.iter().fold(1e-30, |max, x| x.abs().max(max));
    a.iter().zip(&b).fold(0.0, |max: f64, (a, b)| (a - b).abs().max(max)) / size
}

/// What a layer gives on a device: its result, then the gradients by its input and its variables, by name.
fn results(
    device: &Device,
    shape: &[usize],
    layer: impl Fn(&Tensor, VarBuilder) -> lab::Result<Tensor>,
) -> Vec<(String, Tensor)> {
    let map = VarMap::new();
    let x = Var::from_tensor(&Rng::seed(7).randn(shape, device).unwrap()).unwrap();
    let y = layer(&x, nn::var_builder(&map, 42, device)).unwrap();
    assert!(y.device().same_device(device));
    let factors = Rng::seed(8).rand(y.shape(), 0.5, 1.5, device).unwrap();
    let grads = (&y * factors).unwrap().sum_all().unwrap().backward().unwrap();
    let mut vars: Vec<_> = map.data().lock().unwrap().clone().into_iter().collect();
    vars.sort_by(|a, b| a.0.cmp(&b.0));
    let mut found =
        vec![("result".to_owned(), y), ("x".to_owned(), grads.get(&x).unwrap().clone())];
    // The running statistics of a batch norm have no gradient.
    found.extend(vars.into_iter().filter_map(|(name, var)| Some((name, grads.get(&var)?.clone()))));
    found
}

/// The layer gives the same on both, gradients included, `variables` of which belong to its own.
fn agrees(
    name: &str,
    shape: &[usize],
    variables: usize,
    layer: impl Fn(&Tensor, VarBuilder) -> lab::Result<Tensor>,
) {
    let (ours, theirs) = (results(&Device::Cpu, shape, &layer), results(&gpu(), shape, &layer));
    assert_eq!((ours.len(), theirs.len()), (2 + variables, 2 + variables), "{name}");
    for ((part, a), (_, b)) in ours.iter().zip(&theirs) {
        let far = distance(a, b);
        println!("{name:32} {part:16} {far:.1e}");
        assert!(far < 1e-4, "{name}, {part}: {far}");
    }
}

#[test]
fn every_layer_gives_the_same_numbers_and_gradients() {
    let images = &[2, 4, 12, 12];
    agrees("linear", &[5, 7], 2, |x, vb| Ok(nn::linear(7, 3, vb)?.forward(x)?));
    agrees("linear, relu", &[5, 7], 2, |x, vb| nn::linear(7, 3, vb)?.forward_relu(x));
    agrees("log_softmax", &[5, 7], 0, |x, _| nn::log_softmax(x));
    agrees("dropout", &[5, 7], 0, |x, _| Ok(nn::Dropout::new(0.5, 3)?.forward_t(x, true)?));
    let configs = [
        ("conv 3, padding 1", 3, Conv2dConfig { padding: 1, ..Default::default() }),
        ("conv 3, stride 2", 3, Conv2dConfig { padding: 1, stride: 2, ..Default::default() }),
        ("conv 7, stride 2", 7, Conv2dConfig { padding: 3, stride: 2, ..Default::default() }),
        ("conv 1, stride 2", 1, Conv2dConfig { stride: 2, ..Default::default() }),
        ("conv 3, dilation 2", 3, Conv2dConfig { padding: 2, dilation: 2, ..Default::default() }),
        ("conv 3, groups 4", 3, Conv2dConfig { padding: 1, groups: 4, ..Default::default() }),
    ];
    for (name, kernel, config) in configs {
        agrees(name, images, 2, |x, vb| Ok(nn::conv2d(4, 8, kernel, config, vb)?.forward(x)?));
    }
    agrees("batch norm", images, 2, |x, vb| Ok(nn::batch_norm2d(4, vb)?.forward_t(x, true)?));
    agrees(
        "batch norm, eval",
        images,
        2,
        |x, vb| Ok(nn::batch_norm2d(4, vb)?.forward_t(x, false)?),
    );
    for train in [true, false] {
        agrees("conv, batch norm, sum, relu", images, 3, |x, vb| {
            let conv = nn::conv2d_no_bias(4, 4, 3, configs[0].2, vb.pp("conv"))?;
            let block = ConvBn::new(conv, nn::batch_norm2d(4, vb.pp("bn"))?, true)?;
            block.forward_residual(&block.forward_t(x, train)?, x, train)
        });
    }
    agrees("max pool", images, 0, |x, _| Ok(nn::MaxPool2d::new(3, 2, 1)?.forward(x)?));
    agrees("avg pool", images, 0, |x, _| Ok(nn::AvgPool2d::new(3, 2, 1)?.forward(x)?));
    agrees("adaptive pool", images, 0, |x, _| Ok(nn::AdaptiveAvgPool2d::new(5, 1)?.forward(x)?));
}

#[test]
fn every_loss_gives_the_same_number_and_gradient() {
    let labels = |x: &Tensor| Tensor::new(&[0u32, 2, 1, 2, 0], x.device());
    agrees("mse", &[5, 3], 0, |x, _| loss::mse(x, &x.affine(0.5, 1.0)?.detach()));
    agrees("cross-entropy", &[5, 3], 0, |x, _| loss::cross_entropy(x, &labels(x)?));
    agrees("nll", &[5, 3], 0, |x, _| loss::nll(&nn::log_softmax(x)?, &labels(x)?));
    agrees("bce", &[5, 3], 0, |x, _| {
        loss::bce_with_logits(x, &x.detach().ge(0f32)?.to_dtype(x.dtype())?)
    });
}

#[test]
fn every_optimizer_takes_the_same_steps() {
    let rules: [Rule; 5] = [
        Sgd { momentum: 0.9, ..Sgd::lr(0.1) }.into(),
        Adam::lr(0.1).into(),
        AdamW::lr(0.1).into(),
        RmsProp::lr(0.1).into(),
        Adagrad::lr(0.1).into(),
    ];
    for rule in rules {
        let walk = |device: &Device| {
            let w = Var::from_tensor(&Rng::seed(1).randn((3, 4), device).unwrap()).unwrap();
            let mut opt = Optimizer::new(rule, &w).unwrap();
            for _ in 0..10 {
                opt.zero_grad();
                opt.backward(&w.sqr().unwrap().sum_all().unwrap()).unwrap();
                opt.clip_grad_norm(1.5).unwrap();
                opt.step().unwrap();
            }
            w.as_tensor().clone()
        };
        let far = distance(&walk(&Device::Cpu), &walk(&gpu()));
        println!("{:16} {far:.1e}", rule.name());
        assert!(far < 1e-5, "{}: {far}", rule.name());
    }
}

#[test]
fn a_training_by_mini_batches_has_the_same_history() {
    let train = |device: &Device| {
        // The data lie on the CPU, as those of a file do; the loader brings them to the model.
        let x = Rng::seed(5).randn((96, 1, 12, 12), &Device::Cpu).unwrap();
        let y = x.mean((1, 2, 3)).unwrap().ge(0f32).unwrap().to_dtype(DType::U32).unwrap();
        let set = TensorDataset::new(x, y).unwrap();
        let options = LoaderOptions { batch_size: 16, shuffle: true, ..Default::default() };
        let loader = DataLoader::new(set, options).unwrap().to_device(device);
        let map = VarMap::new();
        let vb = nn::var_builder(&map, 42, device);
        let conv = nn::conv2d(1, 6, 3, Default::default(), vb.pp("conv")).unwrap();
        let fc = nn::linear(150, 2, vb.pp("fc")).unwrap();
        let pool = nn::MaxPool2d::new(2, 2, 0).unwrap();
        let model = candle_nn::func_t(move |x, _| {
            fc.forward(&pool.forward(&conv.forward_relu(x)?)?.flatten_from(1)?)
        });
        let mut opt = Optimizer::new(Sgd { momentum: 0.9, ..Sgd::lr(0.05) }, &map).unwrap();
        let options = Fit { num_epochs: 5, task: Task::Classification, ..Default::default() };
        let history =
            fit(&model, &mut opt, loss::cross_entropy, &loader, Some(&loader), options, &mut ())
                .unwrap();
        history.steps.iter().map(|step| step.loss).collect::<Vec<_>>()
    };
    let (ours, theirs) = (train(&Device::Cpu), train(&gpu()));
    println!("losses: {:?} .. {:?}, {:?}", ours[0], ours.last(), theirs.last());
    assert_eq!((ours.len(), theirs.len()), (30, 30));
    for (a, b) in ours.iter().zip(&theirs) {
        assert!((a - b).abs() < 1e-3, "{ours:?} {theirs:?}");
    }
}

#[test]
fn resnet18_has_the_same_gradients_down_to_its_stem() {
    let gradients = |device: &Device| {
        let map = VarMap::new();
        let mut model = models::resnet18(2, nn::var_builder(&map, 42, device)).unwrap();
        model.set_trainable(Trainable::All);
        let x = Rng::seed(3).randn((2, 3, 64, 64), device).unwrap();
        let labels = Tensor::new(&[0u32, 1], device).unwrap();
        let loss = loss::cross_entropy(&model.forward_t(&x, true).unwrap(), &labels).unwrap();
        let grads = loss.backward().unwrap();
        let vars = map.data().lock().unwrap();
        ["conv1.weight", "layer2.0.downsample.0.weight", "layer4.1.conv2.weight", "fc.weight"]
            .map(|name| grads.get(&vars[name]).unwrap().clone())
    };
    for (a, b) in gradients(&Device::Cpu).iter().zip(&gradients(&gpu())) {
        let far = distance(a, b);
        println!("{:?} {far:.1e}", a.dims());
        assert!(far < 1e-2, "{:?}: {far}", a.dims());
    }
}
