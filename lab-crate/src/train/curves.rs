//! The curve of a metric, drawn anew while the model trains. Read next: `../plot/live.rs`.

use std::time::{Duration, Instant};

use super::{BatchRecord, EpochRecord, History, Metric, Observer, Stop};
use crate::output::Surface;
use crate::throttle::Throttle;
use crate::{Live, Result};

/// A frame is made at most once in this time: it costs some milliseconds of the training's own thread.
const EVERY: Duration = Duration::from_millis(250);

/// The figure of [`History::figure`], updated in place in the notebook.
///
/// Without our kernel only the last frame appears; in a terminal nothing does. It keeps a history of its own, which
/// outlives a training that fails.
///
/// ```
/// use lab::train::{LiveCurves, Metric};
/// let curves = LiveCurves::new(Metric::Loss);
/// assert!(curves.history().steps.is_empty());
/// ```
#[derive(Debug)]
pub struct LiveCurves {
    metric: Metric,
    history: History,
    live: Live,
    throttle: Throttle,
    surface: Surface,
}

impl LiveCurves {
    /// The curve of one metric.
    pub fn new(metric: Metric) -> Self {
        let throttle = Throttle::new(EVERY);
        let (history, live) = (History::default(), Live::new());
        Self { metric, history, live, throttle, surface: Surface::current() }
    }

    /// What was recorded so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Makes a frame, if a number of the metric is there already.
    fn draw(&mut self) -> Result<()> {
        let (_, train) = self.history.train_points(self.metric);
        let (_, val) = self.history.val_points(self.metric);
        if !train.iter().chain(&val).any(|value| value.is_finite()) {
            return Ok(());
        }
        let drawn = self.live.show(&self.history.figure(self.metric)?);
        // Counted from the end of the drawing, so that a large figure leaves time for the training.
        self.throttle.passed(Instant::now());
        drawn
    }
}

impl Observer for LiveCurves {
    fn on_begin(&mut self, epoch: usize, num_epochs: usize, batches: usize) -> Result<()> {
        self.history.on_begin(epoch, num_epochs, batches)
    }

    fn on_batch(&mut self, batch: &BatchRecord) -> Result<()> {
        self.history.on_batch(batch)?;
        if self.surface == Surface::Lab && self.throttle.is_ready(Instant::now()) {
            return self.draw();
        }
        Ok(())
    }

    fn on_epoch(&mut self, epoch: &EpochRecord) -> Result<()> {
        self.history.on_epoch(epoch)
    }

    fn on_end(&mut self, stopped: Option<&Stop>) -> Result<()> {
        self.history.on_end(stopped)?;
        if self.surface != Surface::Terminal {
            self.draw()?;
        }
        self.live.finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::toy::RECORD;
    use super::*;

    #[test]
    fn a_frame_is_made_in_our_kernel_only_and_not_too_often() {
        for (surface, drawn) in [(Surface::Lab, true), (Surface::Stock, false)] {
            let mut curves = LiveCurves::new(Metric::Loss);
            curves.surface = surface;
            curves.on_batch(&RECORD).unwrap();
            assert_eq!(!curves.throttle.is_ready(Instant::now()), drawn, "{surface:?}");
            curves.on_batch(&RECORD).unwrap();
            assert_eq!(curves.history().steps.len(), 2);
        }
    }

    #[test]
    fn without_a_number_there_is_no_frame_and_no_error() {
        let mut curves = LiveCurves::new(Metric::Accuracy);
        curves.surface = Surface::Lab;
        curves.on_batch(&RECORD).unwrap();
        assert!(curves.throttle.is_ready(Instant::now()));
        curves.on_end(Some(&Stop::Interrupted)).unwrap();
        assert_eq!(curves.history().stopped, Some(Stop::Interrupted));
    }
}
