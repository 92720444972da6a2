//! Many epochs: train, evaluate, tell the observer. Read next: `history.rs`, what comes back.

use std::time::Instant;

use candle_core::{ModuleT, Tensor};

use super::epoch::{Pass, Place};
use super::{EpochRecord, History, Observer, Stop, Task};
use crate::batches::DataLoader;
use crate::optim::{Optimizer, Scheduler};
use crate::{Error, Result};

/// How [`fit`] trains.
///
/// ```
/// use lab::train::{Fit, Task};
/// let options = Fit { num_epochs: 5, task: Task::Classification, ..Default::default() };
/// assert!(options.scheduler.is_none() && !options.schedule_steps);
/// ```
#[derive(Debug)]
pub struct Fit<'a> {
    /// The number of epochs, at least 1.
    pub num_epochs: usize,
    /// Whether the accuracy is computed.
    pub task: Task,
    /// Sets the learning rates after each epoch, or after each step.
    pub scheduler: Option<&'a mut Scheduler>,
    /// Whether the scheduler is stepped after each step instead, as `OneCycleLr` needs.
    pub schedule_steps: bool,
}

impl Default for Fit<'_> {
    fn default() -> Self {
        // Ten epochs, as the lab's first network; no accuracy, since targets may be numbers.
        Self { num_epochs: 10, task: Task::Regression, scheduler: None, schedule_steps: false }
    }
}

/// Trains `model` for some epochs and evaluates it on `val` after each; returns what happened.
///
/// The model's weights are the parameters of `opt` and change in place. `loss` as for
/// [`train_epoch`](super::train_epoch). An interrupt of the cell and an observer that wants no more are no errors: the
/// weights stay as they are, and [`History::stopped`] says why. The epochs of `train` go on where its
/// last one ended, so a second `fit` sees other orders.
///
/// # Errors
/// `num_epochs` is 0; the loss is not finite; whatever the model, the loss, the loaders, the optimizer, the scheduler or
/// the observer cannot do. To keep the history of a training that fails, give a `&mut History` as an
/// observer: it watches too.
///
/// ```
/// use lab::prelude::*;
/// use lab::train::{Fit, Metric, fit};
/// let x = Tensor::new(&[[0f32], [1.0], [2.0], [3.0]], &Device::Cpu)?;
/// let set = TensorDataset::new(x.clone(), ((x * 2.0)? + 1.0)?)?;
/// let train = DataLoader::new(set.clone(), LoaderOptions { batch_size: 2, ..Default::default() })?;
/// let val = DataLoader::new(set, LoaderOptions::default())?;
/// let map = VarMap::new();
/// let model = nn::linear(1, 1, nn::var_builder(&map, 0, &Device::Cpu))?;
/// let mut opt = Optimizer::new(Sgd::lr(0.1), &map)?;
/// let options = Fit { num_epochs: 30, ..Default::default() };
/// let history = fit(&model, &mut opt, loss::mse, &train, Some(&val), options, &mut ())?;
/// assert_eq!((history.steps.len(), history.epochs.len()), (60, 30));
/// assert!(history.val_points(Metric::Loss).1[29] < 0.01);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn fit(
    model: &dyn ModuleT,
    opt: &mut Optimizer,
    loss: impl Fn(&Tensor, &Tensor) -> Result<Tensor>,
    train: &DataLoader,
    val: Option<&DataLoader>,
    options: Fit,
    observer: &mut dyn Observer,
) -> Result<History> {
    if options.num_epochs == 0 {
        return Err(Error::Argument(
            "fit: num_epochs = 0, а нужна хотя бы одна эпоха; например, Fit { num_epochs: 10, ..Default::default() }"
                .into(),
        ));
    }
    let mut history = History::default();
    let pass = Pass { model, loss: &loss, task: options.task };
    let both = &mut (&mut history, observer);
    let ended = epochs(&pass, opt, train, val, options, both);
    let stopped = match &ended {
        Ok(stopped) => stopped.clone(),
        Err(Error::Interrupted) => Some(Stop::Interrupted),
        Err(error) => Some(both.0.diverged().unwrap_or_else(|| Stop::Failed(error.to_string()))),
    };
    let told = both.on_end(stopped.as_ref());
    match ended {
        Ok(_) | Err(Error::Interrupted) => told.map(|()| history),
        Err(error) => Err(error),
    }
}

/// The loop; `Some` when an observer ended it.
fn epochs(
    pass: &Pass,
    opt: &mut Optimizer,
    train: &DataLoader,
    val: Option<&DataLoader>,
    options: Fit,
    observer: &mut dyn Observer,
) -> Result<Option<Stop>> {
    let Fit { num_epochs, mut scheduler, schedule_steps, .. } = options;
    let mut step = 0;
    for epoch in 1..=num_epochs {
        let start = Instant::now();
        let by_step = scheduler.as_deref_mut().filter(|_| schedule_steps);
        let place = Place { epoch, num_epochs, step };
        let train_scores = pass.train(train, opt, by_step, place, observer)?;
        if !observer.keep_going() {
            return Ok(Some(Stop::Observer(observer.reason())));
        }
        step += train.len();
        let (lr, val) = (opt.lr(), val.map(|val| pass.evaluate(val)).transpose()?);
        if let Some(scheduler) = scheduler.as_deref_mut().filter(|_| !schedule_steps) {
            scheduler.step(opt)?;
        }
        let seconds = start.elapsed().as_secs_f64();
        observer.on_epoch(&EpochRecord { epoch, step, train: train_scores, val, lr, seconds })?;
        if !observer.keep_going() {
            return Ok(Some(Stop::Observer(observer.reason())));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
