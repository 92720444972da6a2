//! A progress bar for each epoch. Read next: `../progress/mod.rs`, the bar itself.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use super::scores::Tally;
use super::{BatchRecord, EpochRecord, Observer, Stop};
use crate::throttle::Throttle;
use crate::{Progress, Result, progress};

/// The text beside the bar changes at most once in this time; the bar is drawn less often still.
const EVERY: Duration = Duration::from_millis(100);

/// A bar over the epochs, and one over the batches of each, with the mean loss of the epoch so far.
///
/// ```
/// use lab::train::{Observer, ProgressBar};
/// let mut bar = ProgressBar::new(); // given to `fit`, which tells it what follows
/// bar.on_begin(1, 2, 100)?; // epoch 1 of 2, 100 batches each
/// assert!(bar.keep_going()); // it only watches
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Debug)]
pub struct ProgressBar {
    epochs: Option<Progress<RangeInclusive<usize>>>,
    batches: Option<Progress<RangeInclusive<usize>>>,
    tally: Tally,
    throttle: Throttle,
}

impl ProgressBar {
    /// A bar that appears when the training begins.
    pub fn new() -> Self {
        let throttle = Throttle::new(EVERY);
        Self { epochs: None, batches: None, tally: Tally::default(), throttle }
    }

    fn comment(&self, batch: &BatchRecord) -> String {
        let scores = self.tally.scores();
        let loss = scores.map_or(f64::NAN, |scores| scores.loss);
        let accuracy = scores.and_then(|scores| scores.accuracy);
        let accuracy = accuracy.map_or(String::new(), |value| format!(", точность {value:.4}"));
        format!("эпоха {}: потери {loss:.4}{accuracy}", batch.epoch)
    }
}

impl Default for ProgressBar {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for ProgressBar {
    fn on_begin(&mut self, epoch: usize, num_epochs: usize, batches: usize) -> Result<()> {
        if epoch == 1 {
            self.epochs = None;
            // One epoch needs no bar of epochs.
            self.epochs = (num_epochs > 1).then(|| progress(1..=num_epochs).comment("эпохи"));
            if let Some(bar) = &mut self.epochs {
                bar.next();
            }
        }
        self.tally = Tally::default();
        self.batches = None;
        let mut bar = progress(1..=batches).comment(format!("эпоха {epoch}"));
        bar.next();
        self.batches = Some(bar);
        Ok(())
    }

    fn on_batch(&mut self, batch: &BatchRecord) -> Result<()> {
        self.tally.add(batch.loss, batch.accuracy, batch.examples);
        let now = Instant::now();
        if self.throttle.is_ready(now) || batch.batch == batch.batches {
            self.throttle.passed(now);
            let comment = self.comment(batch);
            if let Some(bar) = &mut self.batches {
                bar.set_comment(comment);
            }
        }
        if let Some(bar) = &mut self.batches {
            bar.next();
        }
        Ok(())
    }

    fn on_epoch(&mut self, _: &EpochRecord) -> Result<()> {
        self.batches = None;
        if let Some(bar) = &mut self.epochs {
            bar.next();
        }
        Ok(())
    }

    fn on_end(&mut self, _: Option<&Stop>) -> Result<()> {
        (self.batches, self.epochs) = (None, None);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::toy::RECORD;
    use super::*;

    #[test]
    fn the_comment_weighs_the_short_batch_and_starts_anew() {
        let mut bar = ProgressBar::new();
        let mut record = RECORD;
        bar.on_begin(1, 1, 2).unwrap();
        bar.on_batch(&record).unwrap();
        (record.batch, record.loss, record.examples) = (2, 5.0, 1);
        bar.on_batch(&record).unwrap();
        assert_eq!(bar.comment(&record), "эпоха 1: потери 2.0000");
        assert!(bar.epochs.is_none(), "one epoch needs no bar of epochs");
        bar.on_begin(1, 2, 2).unwrap();
        assert!(bar.epochs.is_some());
        (record.epoch, record.accuracy) = (1, Some(0.25));
        bar.on_batch(&record).unwrap();
        assert_eq!(bar.comment(&record), "эпоха 1: потери 5.0000, точность 0.2500");
        bar.on_end(None).unwrap();
        assert!(bar.batches.is_none() && bar.epochs.is_none());
    }
}
