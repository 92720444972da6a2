//! Tests of `epoch.rs`.
#![allow(clippy::unwrap_used)]

use std::sync::Mutex;

use candle_core::{Device, Var};

use super::super::{History, toy};
use super::*;
use crate::batches::{Dataset, LoaderOptions};
use crate::loss;
use crate::optim::Sgd;

/// Keeps every record.
#[derive(Default)]
struct Log(Vec<BatchRecord>, Vec<(usize, usize, usize)>);

impl Observer for Log {
    fn on_begin(&mut self, epoch: usize, num_epochs: usize, batches: usize) -> Result<()> {
        self.1.push((epoch, num_epochs, batches));
        Ok(())
    }

    fn on_batch(&mut self, batch: &BatchRecord) -> Result<()> {
        self.0.push(*batch);
        Ok(())
    }
}

fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-6, "{a} {b}");
}

// By hand from w = b = 0, lr = 0.1. Batch x = -1, 1, y = -1, 3: loss (1 + 9) / 2 = 5, gradients -4 and -2, so w = 0.4,
// b = 0.2. The same batch: errors 0.8, -2.4, loss 3.2, gradients -3.2 and -1.6: w = 0.72, b = 0.36. Batch x = 1, y = 3: error -1.92,
// loss 3.6864, gradients -3.84: w = 1.104, b = 0.744. The mean over examples is (2 * 5 + 2 * 3.2 + 3.6864) / 5.
#[test]
fn an_epoch_worked_out_by_hand() {
    let (model, map, train, whole) = toy::line();
    let (mut opt, mut log) = (toy::optimizer(&map, 0.1), Log::default());
    // A gradient left from before must not count.
    opt.backward(&loss::mse(&model.forward_t(&tensor(5.0), true).unwrap(), &tensor(0.0)).unwrap())
        .unwrap();
    let scores =
        train_epoch(&model, &train, &mut opt, loss::mse, Task::Regression, &mut log).unwrap();
    near(scores.loss, 4.01728);
    assert_eq!((scores.accuracy, scores.examples), (None, 5));
    let [w, b] = toy::values(&map).map(f64::from);
    near(w, 1.104);
    near(b, 0.744);
    assert_eq!(log.1, [(1, 1, 3)]);
    for (record, (loss, examples)) in log.0.iter().zip([(5.0, 2), (3.2, 2), (3.6864, 1)]) {
        near(record.loss, loss);
        assert_eq!((record.examples, record.lr, record.batches), (examples, 0.1, 3));
        assert_eq!(record.batch, record.step);
    }
    // Errors 0.64 (twice) and -1.152 (three times): (2 * 0.4096 + 3 * 1.327104) / 5.
    for loader in [&train, &whole] {
        let scores = evaluate(&model, loader, loss::mse, Task::Regression).unwrap();
        near(scores.loss, 0.960_102_4);
        assert_eq!(scores.examples, 5);
    }
    assert_eq!(toy::values(&map).map(f64::from), [w, b], "an evaluation changes nothing");
}

fn tensor(x: f32) -> Tensor {
    Tensor::new(&[[x]], &Device::Cpu).unwrap()
}

/// Remembers the `train` flags it was called with.
struct Flags(Var, Mutex<Vec<bool>>);

impl ModuleT for Flags {
    fn forward_t(&self, x: &Tensor, train: bool) -> candle_core::Result<Tensor> {
        self.1.lock().unwrap().push(train);
        x.broadcast_mul(&self.0)
    }
}

#[test]
fn the_model_knows_whether_it_trains() {
    let (_, _, train, _) = toy::line();
    let model = Flags(Var::new(&[1f32], &Device::Cpu).unwrap(), Mutex::new(Vec::new()));
    let mut opt = Optimizer::new(Sgd::lr(0.1), &model.0).unwrap();
    train_epoch(&model, &train, &mut opt, loss::mse, Task::Regression, &mut ()).unwrap();
    let seen = |y: &Tensor, t: &Tensor| {
        assert!(!y.track_op(), "the output of an evaluation has no graph");
        loss::mse(y, t)
    };
    evaluate(&model, &train, seen, Task::Regression).unwrap();
    assert_eq!(*model.1.lock().unwrap(), [true, true, true, false, false, false]);
}

#[test]
fn a_loss_that_is_not_finite_is_not_learned_from() {
    for (bad, text) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let (model, map, train, _) = toy::line();
        let (mut opt, mut history) = (toy::optimizer(&map, 0.1), History::default());
        let calls = std::cell::Cell::new(0);
        let loss = |y: &Tensor, t: &Tensor| {
            calls.set(calls.get() + 1);
            let loss = loss::mse(y, t)?;
            if calls.get() < 3 { Ok(loss) } else { Ok((loss * bad)?) }
        };
        let error = train_epoch(&model, &train, &mut opt, loss, Task::Regression, &mut history)
            .unwrap_err()
            .to_string();
        for part in ["на шаге 3", text, "lr = 0.1", "до 1e-2", "clip_grad_norm"] {
            assert!(error.contains(part), "{part}: {error}");
        }
        let [w, b] = toy::values(&map).map(f64::from);
        near(w, 0.72);
        near(b, 0.36);
        assert_eq!(history.steps.len(), 3);
        assert!(!history.steps[2].loss.is_finite());
    }
}

/// An item whose target has rows of its own.
struct Odd;

impl Dataset for Odd {
    fn len(&self) -> usize {
        4
    }

    fn get(&self, _: usize) -> Result<(Tensor, Tensor)> {
        Ok((tensor(1.0), tensor(1.0)))
    }

    fn batch(&self, _: &[usize]) -> Result<Batch> {
        Ok(Batch { x: tensor(1.0), y: Tensor::new(&[[1f32], [2.0]], &Device::Cpu)? })
    }
}

#[test]
fn what_does_not_fit_is_told() {
    let (model, map, train, _) = toy::line();
    let mut opt = toy::optimizer(&map, 0.1);
    let mut error = |loss: &dyn Fn(&Tensor, &Tensor) -> Result<Tensor>, task| {
        train_epoch(&model, &train, &mut opt, loss, task, &mut ()).unwrap_err().to_string()
    };
    let told = error(&|y, t| Ok((y - t)?.sqr()?), Task::Regression);
    assert!(told.contains("[2, 1]") && told.contains("mean_all"), "{told}");
    let told = error(&|y, t| Ok(loss::mse(y, t)?.to_dtype(DType::U32)?), Task::Regression);
    assert!(told.contains("U32"), "{told}");
    let told = error(&loss::mse, Task::Classification);
    assert!(told.contains("accuracy: labels"), "{told}");
    let odd = DataLoader::new(Odd, LoaderOptions::default()).unwrap();
    let told = evaluate(&model, &odd, loss::mse, Task::Regression).unwrap_err().to_string();
    assert!(told.contains("x формы [1, 1], y формы [2, 1]"), "{told}");
}

#[test]
fn f64_and_a_loss_of_shape_1_are_fine() {
    let x = Tensor::new(&[[1f64], [2.0]], &Device::Cpu).unwrap();
    let set = crate::batches::TensorDataset::new(x.clone(), x).unwrap();
    let loader = DataLoader::new(set, LoaderOptions::default()).unwrap();
    let w = Var::new(&[0f64], &Device::Cpu).unwrap();
    let model = |x: &Tensor| x.broadcast_mul(&w);
    let mut opt = Optimizer::new(Sgd::lr(0.1), &w).unwrap();
    let loss = |y: &Tensor, t: &Tensor| Ok(loss::mse(y, t)?.reshape(1)?);
    // Loss (1 + 4) / 2, gradient -5.
    let scores = train_epoch(&model, &loader, &mut opt, loss, Task::Regression, &mut ()).unwrap();
    assert_eq!((scores.loss, w.to_vec1::<f64>().unwrap()), (2.5, vec![0.5]));
}
