//! Ends a training that no longer gets better. Not here: going back to the best weights (`best_weights.rs`).

use super::{EpochRecord, Observer, Watch};
use crate::{Error, Result};

/// Stops when a number has not become better for some epochs (as `EarlyStopping` of Keras).
///
/// ```
/// use lab::train::{EarlyStop, Watch};
/// let stop = EarlyStop::new(Watch::ValLoss, 3, 0.001)?;
/// assert_eq!(stop.best(), None);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EarlyStop {
    watch: Watch,
    patience: usize,
    min_delta: f64,
    best: Option<f64>,
    /// Epochs since the best one.
    waited: usize,
}

impl EarlyStop {
    /// Stops after `patience` epochs in a row (at least 1) in which `watch` is not better than its best
    /// value by more than `min_delta` (0 or more, in the units of the number). NaN is never better.
    ///
    /// # Errors
    /// `patience` is 0, or `min_delta` is negative or not finite.
    pub fn new(watch: Watch, patience: usize, min_delta: f64) -> Result<Self> {
        if patience == 0 {
            return Err(Error::Argument(
                "EarlyStop: patience = 0, а нужно хотя бы 1: сколько эпох ждать улучшения".into(),
            ));
        }
        if !(min_delta.is_finite() && min_delta >= 0.0) {
            return Err(Error::Argument(format!(
                "EarlyStop: min_delta = {min_delta}, а нужно конечное число не меньше 0: меньшее улучшение не считается"
            )));
        }
        Ok(Self { watch, patience, min_delta, best: None, waited: 0 })
    }

    /// The best value so far.
    pub fn best(&self) -> Option<f64> {
        self.best
    }
}

impl Observer for EarlyStop {
    /// A new training waits anew, for a value better than the best of all trainings.
    fn on_begin(&mut self, epoch: usize, _: usize, _: usize) -> Result<()> {
        if epoch == 1 {
            self.waited = 0;
        }
        Ok(())
    }

    fn on_epoch(&mut self, epoch: &EpochRecord) -> Result<()> {
        let value = self.watch.of(epoch)?;
        if self.watch.is_better(value, self.best, self.min_delta) {
            (self.best, self.waited) = (Some(value), 0);
        } else {
            self.waited += 1;
        }
        Ok(())
    }

    fn keep_going(&self) -> bool {
        self.waited < self.patience
    }

    fn reason(&self) -> String {
        let best = self.best.map_or("не найдено".to_string(), |best| format!("{best:.6}"));
        format!(
            "{} не улучшается, эпох подряд: {}; лучшее значение {best}",
            self.watch.name(),
            self.waited
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Scores;
    use super::*;

    /// After how many epochs it stops.
    fn stops(mut stop: EarlyStop, values: &[f64]) -> Option<usize> {
        for (i, &value) in values.iter().enumerate() {
            let scores = Scores { loss: value, accuracy: Some(value), examples: 1 };
            let val = Some(scores);
            let epoch = i + 1;
            let record = EpochRecord { epoch, step: 1, train: scores, val, lr: 0.1, seconds: 0.0 };
            stop.on_epoch(&record).unwrap();
            if !stop.keep_going() {
                return Some(i + 1);
            }
        }
        None
    }

    #[test]
    fn it_waits_for_an_improvement() {
        let stop = |watch, patience, delta| EarlyStop::new(watch, patience, delta).unwrap();
        let falling = [1.0, 0.9, 0.95, 0.92, 0.5, 0.6, 0.6];
        assert_eq!(stops(stop(Watch::ValLoss, 2, 0.0), &falling), Some(4));
        assert_eq!(stops(stop(Watch::ValLoss, 3, 0.0), &falling), None);
        assert_eq!(stops(stop(Watch::ValAccuracy, 2, 0.0), &falling), Some(3), "higher is better");
        assert_eq!(stops(stop(Watch::TrainLoss, 1, 0.2), &falling), Some(2), "0.1 is too little");
        assert_eq!(stops(stop(Watch::ValLoss, 2, 0.0), &[f64::NAN; 3]), Some(2));
        assert_eq!(
            stops(stop(Watch::ValLoss, 1, 0.0), &[1.0, 1.0]),
            Some(2),
            "equal is not better"
        );
    }

    #[test]
    fn a_new_training_waits_anew_and_says_why_it_ends() {
        let mut stop = EarlyStop::new(Watch::ValLoss, 1, 0.0).unwrap();
        (stop.best, stop.waited) = (Some(0.5), 1);
        assert!(!stop.keep_going());
        let reason = stop.reason();
        assert!(
            reason.contains("функция потерь на проверке") && reason.contains("0.5"),
            "{reason}"
        );
        stop.on_begin(1, 5, 10).unwrap();
        assert!(stop.keep_going());
    }

    #[test]
    fn wrong_numbers_are_told() {
        let error = |patience, delta| {
            EarlyStop::new(Watch::ValLoss, patience, delta).unwrap_err().to_string()
        };
        assert!(error(0, 0.0).contains("patience = 0"));
        for bad in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(error(1, bad).contains(&format!("min_delta = {bad}")));
        }
    }
}
