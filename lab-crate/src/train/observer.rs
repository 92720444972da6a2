//! Who watches a training, and what it is told. Not here: the loop that tells (`epoch.rs`, `fit.rs`).
//!
//! Read next: `early_stop.rs`, a short observer.

use super::{Scores, Stop};
use crate::Result;

/// What is known when a step is done.
///
/// ```
/// use lab::train::{BatchRecord, Observer};
/// /// Keeps the largest loss.
/// #[derive(Default)]
/// struct Worst(f64);
/// impl Observer for Worst {
///     fn on_batch(&mut self, batch: &BatchRecord) -> lab::Result<()> {
///         self.0 = self.0.max(batch.loss);
///         Ok(())
///     }
/// }
/// let mut worst = Worst::default();
/// let batch = BatchRecord {
///     epoch: 1, num_epochs: 1, batch: 1, batches: 1, step: 1,
///     loss: 0.7, accuracy: None, examples: 32, lr: 0.1,
/// };
/// worst.on_batch(&batch)?;
/// assert_eq!(worst.0, 0.7);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchRecord {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The number of epochs asked for.
    pub num_epochs: usize,
    /// The batch in this epoch, from 1.
    pub batch: usize,
    /// The number of batches of an epoch.
    pub batches: usize,
    /// The step since the training began, from 1.
    pub step: usize,
    /// The loss of the batch, before the step changed the weights.
    pub loss: f64,
    /// The share of right answers in the batch, 0 to 1; `None` for a regression.
    pub accuracy: Option<f64>,
    /// The number of examples in the batch.
    pub examples: usize,
    /// The learning rate of the step; of the first group where there are several.
    pub lr: f64,
}

/// What is known when an epoch is done.
///
/// ```
/// use lab::train::{EpochRecord, Scores, Watch};
/// let train = Scores { loss: 0.4, accuracy: None, examples: 100 };
/// let epoch = EpochRecord { epoch: 1, step: 4, train, val: None, lr: 0.1, seconds: 0.2 };
/// assert_eq!(Watch::TrainLoss.of(&epoch)?, 0.4);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochRecord {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The steps done so far.
    pub step: usize,
    /// The means over the epoch, each batch before its step.
    pub train: Scores,
    /// The scores on the validation data after the epoch, where there is any.
    pub val: Option<Scores>,
    /// The learning rate of the last step of the epoch.
    pub lr: f64,
    /// The time of the epoch with its validation, in seconds.
    pub seconds: f64,
}

/// Someone who watches a training; every method has an empty body to start from.
///
/// `()` watches nothing. Several observers are one: a tuple of 2 to 6, or a `Vec<Box<dyn Observer>>`; a `&mut`
/// of an observer is one too, so that it can be asked afterwards.
///
/// ```
/// use lab::prelude::*;
/// use lab::train::{BatchRecord, EpochRecord, Fit, Observer, Stop, fit};
/// /// Writes down what it is told, and wants no more after three steps.
/// #[derive(Default)]
/// struct Diary(Vec<String>);
/// impl Observer for Diary {
///     fn on_begin(&mut self, epoch: usize, num_epochs: usize, batches: usize) -> lab::Result<()> {
///         self.0.push(format!("epoch {epoch} of {num_epochs}, {batches} batches"));
///         Ok(())
///     }
///     fn on_batch(&mut self, batch: &BatchRecord) -> lab::Result<()> {
///         self.0.push(format!("step {}", batch.step));
///         Ok(())
///     }
///     fn on_epoch(&mut self, epoch: &EpochRecord) -> lab::Result<()> {
///         self.0.push(format!("epoch {} is done", epoch.epoch));
///         Ok(())
///     }
///     fn on_end(&mut self, stopped: Option<&Stop>) -> lab::Result<()> {
///         self.0.push(format!("early: {}", stopped.is_some()));
///         Ok(())
///     }
///     fn keep_going(&self) -> bool {
///         self.0.len() < 5
///     }
///     fn reason(&self) -> String {
///         "хватит".to_string()
///     }
/// }
/// let x = Tensor::new(&[[0f32], [1.0], [2.0], [3.0]], &Device::Cpu)?;
/// let options = LoaderOptions { batch_size: 2, ..Default::default() };
/// let train = DataLoader::new(TensorDataset::new(x.clone(), x)?, options)?;
/// let map = VarMap::new();
/// let model = nn::linear(1, 1, nn::var_builder(&map, 0, &Device::Cpu))?;
/// let mut opt = Optimizer::new(Sgd::lr(0.01), &map)?;
/// let (mut diary, options) = (Diary::default(), Fit { num_epochs: 9, ..Default::default() });
/// let history = fit(&model, &mut opt, loss::mse, &train, None, options, &mut diary)?;
/// assert_eq!(diary.0[..3], ["epoch 1 of 9, 2 batches", "step 1", "step 2"]);
/// assert_eq!(diary.0.last().map(String::as_str), Some("early: true"));
/// assert!(matches!(history.stopped, Some(Stop::Observer(reason)) if reason == "хватит"));
/// # Ok::<(), lab::Error>(())
/// ```
pub trait Observer {
    /// An epoch begins: its number from 1, the number of epochs, the batches of one epoch.
    ///
    /// # Errors
    /// Whatever the observer cannot do; an error ends the training.
    fn on_begin(&mut self, epoch: usize, num_epochs: usize, batches: usize) -> Result<()> {
        let _ = (epoch, num_epochs, batches);
        Ok(())
    }

    /// A step is done. Also told of a loss that is not finite, whose step is not made.
    ///
    /// # Errors
    /// As [`Observer::on_begin`].
    fn on_batch(&mut self, batch: &BatchRecord) -> Result<()> {
        let _ = batch;
        Ok(())
    }

    /// An epoch is done, with its validation.
    ///
    /// # Errors
    /// As [`Observer::on_begin`].
    fn on_epoch(&mut self, epoch: &EpochRecord) -> Result<()> {
        let _ = epoch;
        Ok(())
    }

    /// The training is over: `None` after the last epoch, else why it ended early.
    ///
    /// # Errors
    /// As [`Observer::on_begin`].
    fn on_end(&mut self, stopped: Option<&Stop>) -> Result<()> {
        let _ = stopped;
        Ok(())
    }

    /// Whether to go on; asked after each step and each epoch.
    fn keep_going(&self) -> bool {
        true
    }

    /// Why not, in Russian; asked when [`Observer::keep_going`] is `false`.
    fn reason(&self) -> String {
        "остановлено наблюдателем".to_string()
    }
}
