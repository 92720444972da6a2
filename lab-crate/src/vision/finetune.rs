//! Transfer learning: a trained network learns new classes.
//!
//! [`train_model`] is the lab's function of that name, made of `train::fit`; [`features_once`] is the short cut for a
//! frozen body. Not here: which parts are trained (`models/vision_model.rs`), the loop (`train/`).

use std::fmt;
use std::time::{Duration, Instant};

use candle_core::Tensor;
use candle_nn::VarMap;

use crate::batches::{Batch, DataLoader, TensorDataset};
use crate::models::VisionModel;
use crate::optim::{Optimizer, Scheduler};
use crate::train::{BestWeights, Fit, History, Observer, Task, Watch, fit};
use crate::{Error, Result, loss};

/// What [`train_model`] found.
///
/// ```
/// use lab::{train::History, vision::Trained};
/// let elapsed = std::time::Duration::from_secs(90);
/// let trained = Trained { history: History::default(), best: Some((0.95, 3)), elapsed };
/// println!("{trained}");
/// assert_eq!(trained.best, Some((0.95, 3))); // 95 % after the third epoch
/// ```
#[derive(Clone, Debug)]
pub struct Trained {
    /// Every step and epoch.
    pub history: History,
    /// The best accuracy on the validation data, 0 to 1, and its epoch, from 1; `None` when no epoch was finished.
    pub best: Option<(f64, usize)>,
    /// The whole time.
    pub elapsed: Duration,
}

impl fmt::Display for Trained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs();
        write!(f, "Обучение заняло {} мин {} с. ", seconds / 60, seconds % 60)?;
        match self.best {
            Some((accuracy, epoch)) => write!(
                f,
                "Лучшая точность на проверке {accuracy:.4} (эпоха {epoch}), её веса возвращены в модель"
            ),
            None => f.write_str("Ни одной эпохи не закончено, веса остались какими были"),
        }
    }
}

/// Trains `model` on `train` for `num_epochs` epochs, each followed by an evaluation on `val`, and leaves it with the
/// weights of its best epoch (as `train_model` of PyTorch's tutorial on transfer learning).
///
/// `map` holds the variables of the model: a real copy of them all, running statistics included, is kept for the best
/// accuracy. The loss is the cross-entropy. `scheduler` is stepped once an epoch, after the optimizer. The observer
/// sees the epochs; `()` is none. An interrupt keeps the best weights so far.
///
/// # Errors
/// As for [`fit`].
///
/// ```
/// use lab::prelude::*;
/// use lab::optim::StepLr;
/// use lab::{models, vision};
/// let map = VarMap::new();
/// let model = models::resnet18(2, nn::var_builder(&map, 42, &Device::Cpu))?;
/// let mut opt = Optimizer::new(Sgd { momentum: 0.9, ..Sgd::lr(0.001) }, model.params())?;
/// let mut scheduler = Scheduler::new(StepLr { step_size: 7, gamma: 0.1 }, &mut opt)?;
/// let x = Rng::seed(1).randn((4, 3, 32, 32), &Device::Cpu)?;
/// let set = TensorDataset::new(x, Tensor::new(&[0u32, 1, 0, 1], &Device::Cpu)?)?;
/// let loader = DataLoader::new(set, LoaderOptions { batch_size: 2, ..Default::default() })?;
/// let trained =
///     vision::train_model(&model, &map, &mut opt, &mut scheduler, [&loader, &loader], 1, &mut ())?;
/// assert_eq!(trained.history.epochs.len(), 1);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn train_model(
    model: &VisionModel,
    map: &VarMap,
    opt: &mut Optimizer,
    scheduler: &mut Scheduler,
    [train, val]: [&DataLoader; 2],
    num_epochs: usize,
    observer: &mut dyn Observer,
) -> Result<Trained> {
    let start = Instant::now();
    let mut best = BestWeights::new(map, Watch::ValAccuracy)?;
    let options = Fit {
        num_epochs,
        task: Task::Classification,
        scheduler: Some(scheduler),
        ..Default::default()
    };
    let both = &mut (&mut best, observer);
    let history = fit(model, opt, loss::cross_entropy, train, Some(val), options, both)?;
    if best.epoch().is_some() {
        best.restore()?;
    }
    Ok(Trained { history, best: best.value().zip(best.epoch()), elapsed: start.elapsed() })
}

/// What goes into the head of `model`, `(N, C)`, for every image of `batches`, with the labels: data on which a new
/// head trains in a moment. Give one epoch of a loader, in a cell inside of [`crate::progress()`].
///
/// It gives up two things. Every epoch sees the same features, so random transforms are drawn once
/// and no longer protect from overfitting; and the body cannot learn. Batch norm uses its running statistics.
///
/// # Errors
/// There are no batches; whatever the batches or the model cannot do; [`crate::Error::Interrupted`].
///
/// ```
/// use lab::prelude::*;
/// use lab::{models, vision};
/// let model = models::resnet18(2, nn::var_builder(&VarMap::new(), 42, &Device::Cpu))?;
/// let x = Rng::seed(1).randn((3, 3, 32, 32), &Device::Cpu)?;
/// let set = TensorDataset::new(x, Tensor::new(&[0u32, 1, 0], &Device::Cpu)?)?;
/// let loader = DataLoader::new(set, LoaderOptions::default())?;
/// let features = vision::features_once(&model, loader.epoch(0))?;
/// assert_eq!(features.x().dims(), [3, 512]);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn features_once(
    model: &VisionModel,
    batches: impl IntoIterator<Item = Result<Batch>>,
) -> Result<TensorDataset> {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for batch in batches {
        let Batch { x: images, y: labels } = batch?;
        x.push(model.features(&images, false)?.detach());
        y.push(labels);
    }
    if x.is_empty() {
        return Err(Error::Argument(
            "features_once: не дано ни одного пакета; передайте эпоху загрузчика: loader.epoch(0)"
                .into(),
        ));
    }
    TensorDataset::new(Tensor::cat(&x, 0)?, Tensor::cat(&y, 0)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{models, nn};
    use candle_core::Device;

    #[test]
    fn no_batches_are_told() {
        let vb = nn::var_builder(&VarMap::new(), 1, &Device::Cpu);
        let model = models::resnet18(2, vb).unwrap();
        let error = features_once(&model, []).err().unwrap().to_string();
        assert!(error.contains("loader.epoch(0)"), "{error}");
    }
}
