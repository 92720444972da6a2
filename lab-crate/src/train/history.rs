//! What happened while a model trained: a record of each step and of each epoch.
//!
//! Not here: its pictures (`history_plot.rs`), its file (`history_csv.rs`).

use std::fmt;

use super::{BatchRecord, EpochRecord, Metric, Observer, Stop, Watch};
use crate::Result;

/// One step of a training.
///
/// ```
/// use lab::train::{History, StepRecord};
/// let mut history = History::default();
/// history.steps.push(StepRecord { step: 1, loss: 0.7, accuracy: None, lr: 0.1 });
/// assert_eq!(history.lrs(), [0.1]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepRecord {
    /// The step, from 1.
    pub step: usize,
    /// The loss of the batch before the step.
    pub loss: f64,
    /// The share of right answers in the batch, 0 to 1; `None` for a regression.
    pub accuracy: Option<f64>,
    /// The learning rate of the step.
    pub lr: f64,
}

/// The record of a training, made by [`fit`](super::fit).
///
/// It is an [`Observer`] too: given to several calls of `fit`, it goes on counting steps and epochs, and
/// it stays with the student when a training fails.
///
/// ```
/// use lab::train::{History, Metric};
/// let history = History::default();
/// assert!(history.best(Metric::Loss).is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Every step, in order.
    pub steps: Vec<StepRecord>,
    /// Every finished epoch, in order; there are fewer of them than steps.
    pub epochs: Vec<EpochRecord>,
    /// Why the last training ended early; `None` after its last epoch.
    pub stopped: Option<Stop>,
    /// Epochs and steps of earlier trainings that this record holds.
    before: (usize, usize),
}

impl History {
    /// The training curve: step numbers, and the metric of each step's batch. Steps without it are left out.
    ///
    /// ```
    /// use lab::train::{History, Metric, StepRecord};
    /// let mut history = History::default();
    /// for (step, loss) in [(1, 0.7), (2, 0.4)] {
    ///     history.steps.push(StepRecord { step, loss, accuracy: None, lr: 0.1 });
    /// }
    /// assert_eq!(history.train_points(Metric::Loss), (vec![1.0, 2.0], vec![0.7, 0.4]));
    /// assert!(history.train_points(Metric::Accuracy).0.is_empty()); // a regression has none
    /// assert!(history.val_points(Metric::Loss).0.is_empty()); // nothing was validated
    /// assert_eq!(history.lrs(), [0.1, 0.1]);
    /// ```
    pub fn train_points(&self, metric: Metric) -> (Vec<f64>, Vec<f64>) {
        let value = |one: &StepRecord| match metric {
            Metric::Loss => Some(one.loss),
            Metric::Accuracy => one.accuracy,
        };
        self.steps.iter().filter_map(|one| Some((one.step as f64, value(one)?))).unzip()
    }

    /// The validation curve: the steps done when it was measured, and the metric. Epochs without it are left out.
    pub fn val_points(&self, metric: Metric) -> (Vec<f64>, Vec<f64>) {
        let value = |one: &EpochRecord| one.val.and_then(|val| metric.of(&val));
        self.epochs.iter().filter_map(|one| Some((one.step as f64, value(one)?))).unzip()
    }

    /// The learning rate of each step.
    pub fn lrs(&self) -> Vec<f64> {
        self.steps.iter().map(|one| one.lr).collect()
    }

    /// The epoch with the best metric on the validation data, the first of equal ones.
    ///
    /// `None` where there was no validation, or its numbers are NaN.
    pub fn best(&self, metric: Metric) -> Option<&EpochRecord> {
        let watch = match metric {
            Metric::Loss => Watch::ValLoss,
            Metric::Accuracy => Watch::ValAccuracy,
        };
        let mut best: Option<(&EpochRecord, f64)> = None;
        for epoch in &self.epochs {
            let Some(value) = epoch.val.and_then(|val| metric.of(&val)) else { continue };
            if watch.is_better(value, best.map(|(_, best)| best), 0.0) {
                best = Some((epoch, value));
            }
        }
        best.map(|(epoch, _)| epoch)
    }

    /// The stop that the last step means, if its loss is not finite.
    pub(super) fn diverged(&self) -> Option<Stop> {
        let last = self.steps.last().filter(|last| !last.loss.is_finite())?;
        Some(Stop::Diverged { step: last.step, loss: last.loss, lr: last.lr })
    }

    /// Shows the curve of the loss as the last expression of a cell.
    pub fn evcxr_display(&self) {
        match self.figure(Metric::Loss) {
            Ok(figure) => figure.evcxr_display(),
            // There is no one to tell: the output is what failed.
            Err(_) => crate::output::write_text(&format!("{self}\n")).unwrap_or(()),
        }
    }
}

/// Records; epochs and steps are numbered on from what it holds already.
impl Observer for History {
    fn on_begin(&mut self, epoch: usize, _: usize, _: usize) -> Result<()> {
        if epoch == 1 {
            let last = self.epochs.last().map_or(0, |last| last.epoch);
            self.before = (last, self.steps.last().map_or(0, |last| last.step));
            self.stopped = None;
        }
        Ok(())
    }

    fn on_batch(&mut self, batch: &BatchRecord) -> Result<()> {
        let BatchRecord { loss, accuracy, lr, .. } = *batch;
        self.steps.push(StepRecord { step: self.before.1 + batch.step, loss, accuracy, lr });
        Ok(())
    }

    fn on_epoch(&mut self, epoch: &EpochRecord) -> Result<()> {
        let (epochs, steps) = self.before;
        self.epochs.push(EpochRecord {
            epoch: epochs + epoch.epoch,
            step: steps + epoch.step,
            ..*epoch
        });
        Ok(())
    }

    fn on_end(&mut self, stopped: Option<&Stop>) -> Result<()> {
        self.stopped = stopped.cloned();
        self.before = (0, 0);
        Ok(())
    }
}

/// One line for a student.
impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "шагов: {}, эпох: {}", self.steps.len(), self.epochs.len())?;
        for metric in [Metric::Loss, Metric::Accuracy] {
            let Some(best) = self.best(metric) else { continue };
            if let Some(value) = best.val.and_then(|val| metric.of(&val)) {
                write!(
                    f,
                    "; лучшая {} на проверке: {value:.4} (эпоха {})",
                    metric.name(),
                    best.epoch
                )?;
            }
        }
        match &self.stopped {
            Some(stop) => write!(f, "; остановка: {stop}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Scores;
    use super::*;

    /// Two epochs of three steps, with validation.
    pub(in super::super) fn example() -> History {
        let mut history = History::default();
        let scores = |loss, accuracy, examples| Scores { loss, accuracy: Some(accuracy), examples };
        for epoch in 1..=2 {
            history.on_begin(epoch, 2, 3).unwrap();
            for batch in 1..=3 {
                let step = (epoch - 1) * 3 + batch;
                let record = BatchRecord {
                    epoch,
                    num_epochs: 2,
                    batch,
                    batches: 3,
                    step,
                    loss: 0.1 + 1.0 / step as f64,
                    accuracy: Some(step as f64 / 7.0),
                    examples: 4,
                    lr: 0.1 / epoch as f64,
                };
                history.on_batch(&record).unwrap();
            }
            let train = scores(1.0 / epoch as f64, 0.5, 12);
            let val = Some(scores(2.0 / 3.0, 0.1 * epoch as f64, 5));
            let record = EpochRecord { epoch, step: 3 * epoch, train, val, lr: 0.1, seconds: 0.25 };
            history.on_epoch(&record).unwrap();
        }
        history.on_end(None).unwrap();
        history
    }

    #[test]
    fn curves_have_their_own_lengths() {
        let history = example();
        let (x, y) = history.train_points(Metric::Loss);
        assert_eq!((x, y[1]), (vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 0.6));
        assert_eq!(history.val_points(Metric::Accuracy), (vec![3.0, 6.0], vec![0.1, 0.2]));
        assert_eq!(history.lrs(), [0.1, 0.1, 0.1, 0.05, 0.05, 0.05]);
    }

    #[test]
    fn the_best_epoch_is_the_first_of_equal_ones_and_never_nan() {
        let mut history = example();
        assert_eq!(history.best(Metric::Loss).unwrap().epoch, 1, "equal losses");
        assert_eq!(history.best(Metric::Accuracy).unwrap().epoch, 2);
        for epoch in &mut history.epochs {
            epoch.val = epoch.val.map(|val| Scores { loss: f64::NAN, accuracy: None, ..val });
        }
        assert_eq!(history.best(Metric::Loss), None);
        assert_eq!(history.best(Metric::Accuracy), None);
    }

    #[test]
    fn a_second_training_goes_on_counting() {
        let mut history = example();
        let more = example();
        history.stopped = Some(Stop::Interrupted);
        history.on_begin(1, 2, 3).unwrap();
        assert_eq!(history.stopped, None);
        for (i, one) in more.steps.iter().enumerate() {
            let StepRecord { step, loss, accuracy, lr } = *one;
            let (batch, epoch) = (i % 3 + 1, i / 3 + 1);
            let record = BatchRecord {
                epoch,
                num_epochs: 2,
                batch,
                batches: 3,
                step,
                loss,
                accuracy,
                examples: 4,
                lr,
            };
            history.on_batch(&record).unwrap();
        }
        history.on_epoch(&more.epochs[1]).unwrap();
        assert_eq!(history.steps.last().unwrap().step, 12);
        let last = history.epochs.last().unwrap();
        assert_eq!((last.epoch, last.step), (4, 12));
    }

    #[test]
    fn the_line_says_what_happened() {
        let mut history = example();
        history.stopped = Some(Stop::Observer("хватит".into()));
        assert_eq!(
            history.to_string(),
            "шагов: 6, эпох: 2; лучшая функция потерь на проверке: 0.6667 (эпоха 1); \
             лучшая точность (доля верных) на проверке: 0.2000 (эпоха 2); остановка: хватит"
        );
        assert_eq!(History::default().to_string(), "шагов: 0, эпох: 0");
    }
}
