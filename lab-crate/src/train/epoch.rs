//! One pass over the data: with steps ([`train_epoch`]) or without ([`evaluate`]).
//!
//! Not here: many epochs (`fit.rs`), what is seen meanwhile (`observer.rs`).

use candle_core::{DType, ModuleT, Tensor};

use super::scores::Tally;
use super::{BatchRecord, Observer, Scores, Stop, Task};
use crate::batches::{Batch, DataLoader};
use crate::optim::{Optimizer, Scheduler};
use crate::{Error, Result};

/// Trains on every batch of one epoch of `loader`; returns the means over the examples it saw.
///
/// `loss` takes the output of the model and the targets and gives one number, f32 or f64. Each step: forward with
/// `train = true`, loss, backward, [`Optimizer::step`]. A loss that is not finite is not learned from.
/// An observer that wants no more ends the epoch early.
///
/// # Errors
/// [`Error::Interrupted`] when the student interrupts the cell (the steps made so far stay); the loss is
/// not finite (the text says the step, the loss, the rate and what to try); whatever the model, the loss,
/// the loader, the optimizer or the observer cannot do.
///
/// ```
/// use lab::prelude::*;
/// use lab::train::{Task, train_epoch};
/// let x = Tensor::new(&[[0f32], [1.0], [2.0], [3.0]], &Device::Cpu)?;
/// let y = ((&x * 2.0)? + 1.0)?;
/// let train = DataLoader::new(TensorDataset::new(x, y)?, LoaderOptions::default())?;
/// let map = VarMap::new();
/// let model = nn::linear(1, 1, nn::var_builder(&map, 0, &Device::Cpu))?;
/// let mut opt = Optimizer::new(Sgd::lr(0.1), &map)?;
/// let first = train_epoch(&model, &train, &mut opt, loss::mse, Task::Regression, &mut ())?;
/// let second = train_epoch(&model, &train, &mut opt, loss::mse, Task::Regression, &mut ())?;
/// assert!(second.loss < first.loss);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn train_epoch(
    model: &dyn ModuleT,
    loader: &DataLoader,
    opt: &mut Optimizer,
    loss: impl Fn(&Tensor, &Tensor) -> Result<Tensor>,
    task: Task,
    observer: &mut dyn Observer,
) -> Result<Scores> {
    let pass = Pass { model, loss: &loss, task };
    pass.train(loader, opt, None, Place { epoch: 1, num_epochs: 1, step: 0 }, observer)
}

/// The scores of `model` on all batches of `loader`, forward with `train = false`; no weight changes, no graph is kept.
///
/// The batches are those of epoch 0, so that a shuffled loader gives the same result each time.
///
/// # Errors
/// As [`train_epoch`]; a loss that is not finite is a result here, not an error.
///
/// ```
/// use lab::prelude::*;
/// use lab::train::{Task, evaluate};
/// let x = Tensor::new(&[[2f32, 0.0], [0.0, 2.0], [2.0, 0.0]], &Device::Cpu)?;
/// let labels = Tensor::new(&[0u32, 1, 1], &Device::Cpu)?;
/// let options = LoaderOptions { batch_size: 2, ..Default::default() };
/// let val = DataLoader::new(TensorDataset::new(x, labels)?, options)?;
/// let same = |x: &Tensor| Ok(x.clone()); // a model whose logits are its inputs
/// let scores = evaluate(&same, &val, loss::cross_entropy, Task::Classification)?;
/// assert_eq!((scores.accuracy, scores.examples), (Some(2.0 / 3.0), 3));
/// # Ok::<(), lab::Error>(())
/// ```
pub fn evaluate(
    model: &dyn ModuleT,
    loader: &DataLoader,
    loss: impl Fn(&Tensor, &Tensor) -> Result<Tensor>,
    task: Task,
) -> Result<Scores> {
    Pass { model, loss: &loss, task }.evaluate(loader)
}

/// Where in the training an epoch begins.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// This epoch, from 1.
    pub(super) epoch: usize,
    pub(super) num_epochs: usize,
    /// The steps done before it.
    pub(super) step: usize,
}

/// What both kinds of passes need.
pub(super) struct Pass<'a> {
    pub(super) model: &'a dyn ModuleT,
    pub(super) loss: &'a dyn Fn(&Tensor, &Tensor) -> Result<Tensor>,
    pub(super) task: Task,
}

impl Pass<'_> {
    /// An epoch of steps; `scheduler` is stepped after each of them.
    pub(super) fn train(
        &self,
        loader: &DataLoader,
        opt: &mut Optimizer,
        mut scheduler: Option<&mut Scheduler>,
        place: Place,
        observer: &mut dyn Observer,
    ) -> Result<Scores> {
        let Place { epoch, num_epochs, step } = place;
        let (batches, mut tally) = (loader.len(), Tally::default());
        observer.on_begin(epoch, num_epochs, batches)?;
        for (index, batch) in loader.iter().enumerate() {
            let Batch { x, y } = batch?;
            let (examples, lr, step) = (examples(&x, &y)?, opt.lr(), step + index + 1);
            let output = self.model.forward_t(&x, true)?;
            let loss = (self.loss)(&output, &y)?;
            let value = number(&loss)?;
            if value.is_finite() {
                opt.zero_grad();
                opt.backward(&loss)?;
                opt.step()?;
            }
            if let Some(scheduler) = scheduler.as_deref_mut().filter(|_| value.is_finite()) {
                scheduler.step(opt)?;
            }
            let accuracy = self.task.accuracy(&output, &y)?;
            tally.add(value, accuracy, examples);
            let batch = index + 1;
            observer.on_batch(&BatchRecord {
                epoch,
                num_epochs,
                batch,
                batches,
                step,
                loss: value,
                accuracy,
                examples,
                lr,
            })?;
            if !value.is_finite() {
                return Err(Error::Argument(Stop::diverged(step, value, lr)));
            }
            if !observer.keep_going() {
                break;
            }
        }
        tally.scores().ok_or_else(|| nothing("train_epoch"))
    }

    /// A pass without steps.
    pub(super) fn evaluate(&self, loader: &DataLoader) -> Result<Scores> {
        let mut tally = Tally::default();
        for batch in loader.epoch(0) {
            let Batch { x, y } = batch?;
            let examples = examples(&x, &y)?;
            let output = self.model.forward_t(&x, false)?.detach();
            let loss = number(&(self.loss)(&output, &y)?)?;
            tally.add(loss, self.task.accuracy(&output, &y)?, examples);
        }
        tally.scores().ok_or_else(|| nothing("evaluate"))
    }
}

/// The number of examples of a batch.
fn examples(x: &Tensor, y: &Tensor) -> Result<usize> {
    match (x.dims().first(), y.dims().first()) {
        (Some(&n), Some(&targets)) if n == targets && n > 0 => Ok(n),
        _ => Err(Error::Argument(format!(
            "обучение: в пакете x формы {:?}, y формы {:?}, а нужны (N, …) и (N, …) с одним N не меньше 1; \
             исправьте batch своего Dataset",
            x.dims(),
            y.dims()
        ))),
    }
}

/// The one number of a loss.
pub(super) fn number(loss: &Tensor) -> Result<f64> {
    if loss.elem_count() != 1 {
        return Err(Error::Argument(format!(
            "обучение: функция потерь дала тензор формы {:?}, а нужно одно число; добавьте .mean_all()?",
            loss.dims()
        )));
    }
    let loss = if loss.rank() == 0 { loss.clone() } else { loss.reshape(())? };
    match loss.dtype() {
        DType::F32 => Ok(f64::from(loss.to_scalar::<f32>()?)),
        DType::F64 => Ok(loss.to_scalar::<f64>()?),
        other => Err(Error::Argument(format!(
            "обучение: функция потерь типа {other:?}, а нужна f32 или f64: .to_dtype(DType::F32)?"
        ))),
    }
}

fn nothing(call: &str) -> Error {
    Error::Argument(format!("{call}: загрузчик не дал ни одного пакета; нужен хотя бы один пример"))
}

#[cfg(test)]
mod tests;
