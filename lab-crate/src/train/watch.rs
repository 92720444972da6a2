//! Which number of an epoch decides that a model is better. Read next: `early_stop.rs`.

use super::{EpochRecord, Metric};
use crate::{Error, Result};

/// A number of an epoch, and so a direction: losses are better lower, accuracies higher.
///
/// ```
/// use lab::train::{EpochRecord, Metric, Scores, Watch};
/// let train = Scores { loss: 0.4, accuracy: Some(0.9), examples: 100 };
/// let epoch = EpochRecord { epoch: 1, step: 4, train, val: None, lr: 0.1, seconds: 0.2 };
/// assert_eq!(Watch::TrainAccuracy.of(&epoch)?, 0.9);
/// assert!(Watch::ValLoss.of(&epoch).is_err()); // nothing was validated
/// assert!(Watch::ValLoss.metric() == Metric::Loss);
/// println!("{}", Watch::ValLoss.name());
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// The loss on the training data; lower is better.
    TrainLoss,
    /// The accuracy on the training data; higher is better.
    TrainAccuracy,
    /// The loss on the validation data; lower is better.
    ValLoss,
    /// The accuracy on the validation data; higher is better.
    ValAccuracy,
}

impl Watch {
    /// The metric.
    pub fn metric(self) -> Metric {
        match self {
            Self::TrainLoss | Self::ValLoss => Metric::Loss,
            Self::TrainAccuracy | Self::ValAccuracy => Metric::Accuracy,
        }
    }

    /// The Russian name with the part of the data.
    pub fn name(self) -> String {
        let part = match self {
            Self::TrainLoss | Self::TrainAccuracy => "при обучении",
            Self::ValLoss | Self::ValAccuracy => "на проверке",
        };
        format!("{} {part}", self.metric().name())
    }

    /// The number in an epoch.
    ///
    /// # Errors
    /// The epoch has no such number: there was no validation data, or the task is a regression.
    pub fn of(self, epoch: &EpochRecord) -> Result<f64> {
        let scores = match self {
            Self::TrainLoss | Self::TrainAccuracy => Some(&epoch.train),
            Self::ValLoss | Self::ValAccuracy => epoch.val.as_ref(),
        };
        let Some(scores) = scores else {
            return Err(Error::Argument(format!(
                "выбрано Watch::{self:?}, а проверочных данных нет: передайте в fit загрузчик Some(&val) или \
                 возьмите Watch::TrainLoss"
            )));
        };
        self.metric().of(scores).ok_or_else(|| {
            Error::Argument(format!(
                "выбрано Watch::{self:?}, а точность не считается: поставьте в Fit task: Task::Classification или \
                 возьмите потери, Watch::ValLoss"
            ))
        })
    }

    /// Whether `value` is better than `best` by more than `min_delta`; what is not a number is never better.
    pub(super) fn is_better(self, value: f64, best: Option<f64>, min_delta: f64) -> bool {
        match best {
            None => !value.is_nan(),
            Some(best) if self.metric().higher_is_better() => value > best + min_delta,
            Some(best) => value < best - min_delta,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Scores;
    use super::*;

    #[test]
    fn directions_and_missing_numbers() {
        assert!(Watch::ValLoss.is_better(0.8, Some(1.0), 0.1));
        assert!(!Watch::ValLoss.is_better(0.95, Some(1.0), 0.1));
        assert!(Watch::ValAccuracy.is_better(0.95, Some(0.9), 0.0));
        assert!(!Watch::ValAccuracy.is_better(0.9, Some(0.9), 0.0), "equal is not better");
        for watch in [Watch::ValLoss, Watch::ValAccuracy] {
            assert!(!watch.is_better(f64::NAN, None, 0.0));
            assert!(!watch.is_better(f64::NAN, Some(0.5), 0.0));
        }
        let train = Scores { loss: 1.0, accuracy: None, examples: 4 };
        let epoch = EpochRecord { epoch: 1, step: 1, train, val: None, lr: 0.1, seconds: 1.0 };
        assert_eq!(Watch::TrainLoss.of(&epoch).unwrap(), 1.0);
        let error = Watch::ValLoss.of(&epoch).unwrap_err().to_string();
        assert!(error.contains("Watch::ValLoss") && error.contains("Some(&val)"), "{error}");
        let error = Watch::TrainAccuracy.of(&epoch).unwrap_err().to_string();
        assert!(error.contains("Task::Classification"), "{error}");
    }
}
