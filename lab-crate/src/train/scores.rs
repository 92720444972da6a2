//! What an epoch is judged by: the loss, and for classes the accuracy. Read next: `epoch.rs`.

use candle_core::Tensor;

use crate::metrics::Mean;
use crate::{Result, metrics};

/// What a model is for; decides which metrics are computed beside the loss.
///
/// ```
/// use lab::train::Task;
/// assert!(matches!(Task::default(), Task::Regression)); // classification is asked for
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Task {
    /// Outputs are numbers: the loss is the only metric.
    #[default]
    Regression,
    /// Outputs are scores `(N, C)` of classes, targets are labels `(N)`: the accuracy is computed too.
    Classification,
}

impl Task {
    /// The accuracy of a batch, where the task has one.
    pub(super) fn accuracy(self, output: &Tensor, targets: &Tensor) -> Result<Option<f64>> {
        match self {
            Self::Regression => Ok(None),
            Self::Classification => metrics::accuracy(output, targets).map(Some),
        }
    }
}

/// The means over examples; a short last batch weighs what it holds.
///
/// ```
/// use lab::train::{Metric, Scores};
/// let scores = Scores { loss: 0.4, accuracy: Some(0.9), examples: 100 };
/// assert_eq!(Metric::Accuracy.of(&scores), Some(0.9));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores {
    /// The loss; lower is better.
    pub loss: f64,
    /// The share of right answers, 0 to 1; higher is better. `None` for a regression.
    pub accuracy: Option<f64>,
    /// The number of examples.
    pub examples: usize,
}

/// A number of [`Scores`].
///
/// ```
/// use lab::train::{Metric, Scores};
/// assert!(Metric::Accuracy.higher_is_better() && !Metric::Loss.higher_is_better());
/// let scores = Scores { loss: 0.4, accuracy: None, examples: 100 };
/// assert_eq!((Metric::Loss.of(&scores), Metric::Accuracy.of(&scores)), (Some(0.4), None));
/// println!("{}", Metric::Loss.name()); // for the axis of a plot
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// The loss, in the units of the loss function.
    Loss,
    /// The share of right answers, 0 to 1.
    Accuracy,
}

impl Metric {
    /// The Russian name for axes and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loss => "функция потерь",
            Self::Accuracy => "точность (доля верных)",
        }
    }

    /// Whether a larger number is a better model.
    pub fn higher_is_better(self) -> bool {
        self == Self::Accuracy
    }

    /// The number, where there is one.
    pub fn of(self, scores: &Scores) -> Option<f64> {
        match self {
            Self::Loss => Some(scores.loss),
            Self::Accuracy => scores.accuracy,
        }
    }
}

/// Scores that grow with the batches.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    loss: Mean,
    accuracy: Mean,
}

impl Tally {
    pub(super) fn add(&mut self, loss: f64, accuracy: Option<f64>, examples: usize) {
        self.loss.add(loss, examples);
        if let Some(accuracy) = accuracy {
            self.accuracy.add(accuracy, examples);
        }
    }

    /// The means so far; `None` before the first example.
    pub(super) fn scores(&self) -> Option<Scores> {
        let loss = self.loss.value()?;
        Some(Scores { loss, accuracy: self.accuracy.value(), examples: self.loss.count() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_batch_weighs_less() {
        let mut tally = Tally::default();
        assert_eq!(tally.scores(), None);
        tally.add(1.0, Some(0.5), 30);
        tally.add(4.0, Some(1.0), 10);
        let right = Scores { loss: 1.75, accuracy: Some(0.625), examples: 40 };
        assert_eq!(tally.scores(), Some(right));
        assert_eq!(
            (Metric::Loss.of(&right), Metric::Accuracy.of(&right)),
            (Some(1.75), Some(0.625))
        );
        assert!(Metric::Accuracy.higher_is_better() && !Metric::Loss.higher_is_better());
    }
}
