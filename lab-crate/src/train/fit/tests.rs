//! Tests of `fit.rs`, with the observers that change a training.
#![allow(clippy::unwrap_used)]

use candle_core::Device;
use candle_nn::VarMap;

use super::super::{BatchRecord, BestWeights, EarlyStop, Metric, Watch, toy};
use super::*;
use crate::batches::{LoaderOptions, TensorDataset};
use crate::optim::{Adam, ExponentialLr};
use crate::{Rng, loss, nn};

/// Stops after some steps, and keeps what it was told at the end.
#[derive(Default)]
struct Enough {
    steps: usize,
    limit: usize,
    end: Option<Option<Stop>>,
}

impl Observer for Enough {
    fn on_batch(&mut self, _: &BatchRecord) -> Result<()> {
        self.steps += 1;
        Ok(())
    }

    fn on_end(&mut self, stopped: Option<&Stop>) -> Result<()> {
        self.end = Some(stopped.cloned());
        Ok(())
    }

    fn keep_going(&self) -> bool {
        self.limit == 0 || self.steps < self.limit
    }

    fn reason(&self) -> String {
        format!("шагов {}", self.steps)
    }
}

fn epochs(num_epochs: usize) -> Fit<'static> {
    Fit { num_epochs, ..Fit::default() }
}

#[test]
fn epochs_and_steps_are_counted_and_the_line_is_learned() {
    let (model, map, train, val) = toy::line();
    let (mut opt, mut own) = (toy::optimizer(&map, 0.1), (History::default(), Enough::default()));
    let history =
        fit(&model, &mut opt, loss::mse, &train, Some(&val), epochs(40), &mut own).unwrap();
    assert_eq!((history.steps.len(), history.epochs.len(), &history.stopped), (120, 40, &None));
    let steps: Vec<usize> = history.steps.iter().map(|one| one.step).collect();
    assert_eq!(steps, (1..=120).collect::<Vec<_>>());
    let last = history.epochs[39];
    assert_eq!((last.epoch, last.step, last.train.examples), (40, 120, 5));
    assert!(last.val.unwrap().loss < 1e-6 && last.seconds > 0.0);
    let [w, b] = toy::values(&map);
    assert!((w - 2.0).abs() < 1e-3 && (b - 1.0).abs() < 1e-3, "{w} {b}");
    assert_eq!(own.0, history, "a history of one's own is the same");
    assert_eq!(own.1.end, Some(None));
    fit(&model, &mut opt, loss::mse, &train, None, epochs(1), &mut own).unwrap();
    assert_eq!((own.0.epochs.len(), own.0.epochs[40].epoch, own.0.steps[122].step), (41, 41, 123));
    assert_eq!(own.0.epochs[40].val, None);
}

#[test]
fn an_observer_ends_it_in_the_middle_of_an_epoch() {
    let (model, map, train, val) = toy::line();
    let mut opt = toy::optimizer(&map, 0.1);
    let mut enough = Enough { limit: 4, ..Enough::default() };
    let history =
        fit(&model, &mut opt, loss::mse, &train, Some(&val), epochs(9), &mut enough).unwrap();
    assert_eq!((history.steps.len(), history.epochs.len()), (4, 1));
    let stop = Some(Stop::Observer("шагов 4".into()));
    assert_eq!((history.stopped, enough.end), (stop.clone(), Some(stop)));
}

#[test]
fn an_interrupt_keeps_history_and_weights() {
    let (model, map, train, val) = toy::line();
    let mut opt = toy::optimizer(&map, 0.1);
    let calls = std::cell::Cell::new(0);
    // Calls 1-3 train, 4 evaluates, 5 and 6 train, 7 is interrupted: what the poll inside a loop does.
    let loss = |y: &Tensor, t: &Tensor| {
        calls.set(calls.get() + 1);
        if calls.get() == 7 { Err(Error::Interrupted) } else { loss::mse(y, t) }
    };
    let mut enough = Enough::default();
    let history = fit(&model, &mut opt, loss, &train, Some(&val), epochs(9), &mut enough).unwrap();
    assert_eq!((history.steps.len(), history.epochs.len()), (5, 1));
    assert_eq!(history.stopped, Some(Stop::Interrupted));
    assert_eq!(enough.end, Some(Some(Stop::Interrupted)));
    assert_ne!(toy::values(&map), [0.0, 0.0]);
}

#[test]
fn a_training_that_diverges_is_an_error_and_its_history_stays() {
    let (model, map, train, _) = toy::line();
    let mut opt = toy::optimizer(&map, 1e15);
    let mut own = (History::default(), Enough::default());
    let error = fit(&model, &mut opt, loss::mse, &train, None, epochs(9), &mut own)
        .unwrap_err()
        .to_string();
    let step = own.0.steps.len();
    assert!(step > 1 && error.contains(&format!("на шаге {step}")), "{error}");
    let Some(Stop::Diverged { step: told, loss, lr }) = own.0.stopped.clone() else {
        panic!("{:?}", own.0.stopped)
    };
    assert_eq!((told, lr, loss.is_finite()), (step, 1e15, false));
    assert_eq!(own.1.end, Some(own.0.stopped));
    assert!(toy::values(&map).iter().all(|w| w.is_finite()));
}

#[test]
fn other_errors_reach_the_observers_and_the_caller() {
    let (model, map, train, _) = toy::line();
    let mut opt = toy::optimizer(&map, 0.1);
    let mut enough = Enough::default();
    let loss = |_: &Tensor, _: &Tensor| Err(Error::Argument("сломано".into()));
    let error = fit(&model, &mut opt, loss, &train, None, epochs(1), &mut enough).unwrap_err();
    assert_eq!(error.to_string(), "сломано");
    assert_eq!(enough.end, Some(Some(Stop::Failed("сломано".into()))));
    let error = fit(&model, &mut opt, loss::mse, &train, None, epochs(0), &mut ()).unwrap_err();
    assert!(error.to_string().contains("num_epochs = 0"));
    let mut stop = EarlyStop::new(Watch::ValLoss, 1, 0.0).unwrap();
    let error = fit(&model, &mut opt, loss::mse, &train, None, epochs(1), &mut stop).unwrap_err();
    assert!(error.to_string().contains("проверочных данных нет"), "{error}");
}

#[test]
fn the_schedule_goes_by_epochs_or_by_steps() {
    let rates = |schedule_steps| {
        let (model, map, train, _) = toy::line();
        let mut opt = toy::optimizer(&map, 0.1);
        let mut halves = Scheduler::new(ExponentialLr { gamma: 0.5 }, &mut opt).unwrap();
        let options =
            Fit { scheduler: Some(&mut halves), num_epochs: 2, schedule_steps, ..Fit::default() };
        let history = fit(&model, &mut opt, loss::mse, &train, None, options, &mut ()).unwrap();
        (history.lrs(), halves.steps(), opt.lr())
    };
    assert_eq!(rates(false), (vec![0.1, 0.1, 0.1, 0.05, 0.05, 0.05], 2, 0.025));
    let (lrs, steps, last) = rates(true);
    assert_eq!((steps, last), (6, 0.1 / 64.0));
    assert!(lrs.windows(2).all(|pair| pair[1] == pair[0] / 2.0), "{lrs:?}");
}

#[test]
fn the_best_weights_come_back_after_an_early_stop() {
    let (model, map, train, val) = toy::line();
    // SGD on curvature 2 grows by |1 - 2 lr| = 1.2 a step: every epoch is worse than the first.
    let mut opt = toy::optimizer(&map, 1.1);
    let mut best = BestWeights::new(&map, Watch::ValLoss).unwrap();
    let mut stop = EarlyStop::new(Watch::ValLoss, 2, 0.0).unwrap();
    let watching = &mut (&mut best, &mut stop);
    let history =
        fit(&model, &mut opt, loss::mse, &train, Some(&val), epochs(50), watching).unwrap();
    let kept = history.best(Metric::Loss).unwrap();
    assert_eq!(history.epochs.len(), kept.epoch + 2);
    let Some(Stop::Observer(reason)) = &history.stopped else { panic!("{:?}", history.stopped) };
    assert!(reason.contains("эпох подряд: 2"), "{reason}");
    assert_eq!((best.epoch(), best.value()), (Some(kept.epoch), Some(kept.val.unwrap().loss)));
    let loss = || super::super::evaluate(&model, &val, loss::mse, Task::Regression).unwrap().loss;
    assert_ne!(loss(), kept.val.unwrap().loss);
    best.restore().unwrap();
    assert_eq!(loss(), kept.val.unwrap().loss);
}

#[test]
fn classes_have_an_accuracy() {
    let mut rng = Rng::seed(2);
    let labels: Vec<u32> = (0..90).map(|i| i % 3).collect();
    // Three clouds of deviation 0.3 around (0, 3), (3, 0), (-3, -3).
    let centres = [[0.0, 3.0], [3.0, 0.0], [-3.0, -3.0]];
    let rows: Vec<f32> = labels
        .iter()
        .flat_map(|&k| centres[k as usize].map(|c| c + 0.3 * rng.normal()))
        .map(|x| x as f32)
        .collect();
    let x = Tensor::from_vec(rows, (90, 2), &Device::Cpu).unwrap();
    let set = TensorDataset::new(x, Tensor::new(labels, &Device::Cpu).unwrap()).unwrap();
    let options = LoaderOptions { batch_size: 16, shuffle: true, ..Default::default() };
    let loader = DataLoader::new(set, options).unwrap();
    let map = VarMap::new();
    let model = nn::linear(2, 3, nn::var_builder(&map, 1, &Device::Cpu)).unwrap();
    let mut opt = Optimizer::new(Adam::lr(0.1), &map).unwrap();
    let options = Fit { task: Task::Classification, ..epochs(10) };
    let history =
        fit(&model, &mut opt, loss::cross_entropy, &loader, Some(&loader), options, &mut ())
            .unwrap();
    assert_eq!(history.epochs[9].val.unwrap().accuracy, Some(1.0));
    assert_eq!(history.train_points(Metric::Accuracy).1.len(), 60);
    assert_eq!(history.best(Metric::Accuracy).unwrap().val.unwrap().accuracy, Some(1.0));
}
