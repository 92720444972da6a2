//! A figure that moves: one output, updated in place while a model trains.
//!
//! Read next: `figure.rs`; `../output.rs`, the lines that update an output.

use std::time::{Duration, Instant};

use super::figure::Figure;
use crate::Result;
use crate::output::{Place, Surface, fresh_name};
use crate::throttle::Throttle;

/// At most one frame in this time; more would only be drawn over.
const EVERY: Duration = Duration::from_millis(100);

/// A place in the notebook for a figure that changes.
///
/// [`Live::show`] draws at most ten frames a second; the last frame is drawn by [`Live::finish`], or when
/// the value is dropped. At the top of a cell a variable outlives the cell, so end the loop with
/// `live.finish()?`. On a stock kernel only the last frame appears; in a terminal nothing does.
///
/// ```
/// use lab::{Figure, Live};
/// let mut live = Live::new();
/// for step in 1..=3 {
///     let loss: Vec<f64> = (1..=step).map(|i| 1.0 / i as f64).collect();
///     let steps: Vec<f64> = (1..=step).map(|i| i as f64).collect();
///     live.show(&Figure::new().title("Ошибка").line(&steps, &loss)?)?;
/// }
/// assert!(live.finish().is_ok()); // live.finish()? in a cell
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Debug)]
pub struct Live {
    surface: Surface,
    /// The name of the output, once it is shown.
    name: Option<String>,
    throttle: Throttle,
    /// The last frame, while it is not drawn.
    waiting: Option<Figure>,
}

impl Live {
    /// A place that appears with its first figure.
    pub fn new() -> Self {
        Self::on(Surface::current())
    }

    fn on(surface: Surface) -> Self {
        Self { surface, name: None, throttle: Throttle::new(EVERY), waiting: None }
    }

    /// Shows the figure in this place: at once, or with the next frame when the last one is fresh.
    ///
    /// # Errors
    /// The figure cannot be drawn, or the output cannot be written.
    pub fn show(&mut self, figure: &Figure) -> Result<()> {
        figure.verify()?;
        if self.must_wait(Instant::now()) {
            self.waiting = Some(figure.clone());
            return Ok(());
        }
        self.draw(figure)
    }

    /// Draws the last figure if it is not drawn yet, and closes this place: the next figure opens a new one.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(&mut self) -> Result<()> {
        let drawn = match self.waiting.take() {
            Some(figure) => self.draw(&figure),
            None => Ok(()),
        };
        self.name = None;
        self.throttle = Throttle::new(EVERY);
        drawn
    }

    /// Whether a frame that comes at `now` is kept for later.
    fn must_wait(&self, now: Instant) -> bool {
        match self.surface {
            Surface::Lab => !self.throttle.is_ready(now),
            // Nothing appears before the end of the cell there.
            Surface::Stock => true,
            Surface::Terminal => false,
        }
    }

    fn draw(&mut self, figure: &Figure) -> Result<()> {
        self.waiting = None;
        match &self.name {
            _ if self.surface != Surface::Lab => figure.show_at(Place::New)?,
            Some(name) => figure.show_at(Place::Update(name))?,
            None => {
                let name = fresh_name("figure");
                figure.show_at(Place::Named(&name))?;
                self.name = Some(name);
            }
        }
        // Counted from the end of the drawing, so that a large figure leaves time for the training.
        self.throttle.passed(Instant::now());
        Ok(())
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // There is no one to tell: the output is what failed.
        self.finish().ok();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn figure(y: f64) -> Figure {
        Figure::new().scatter(&[0.0], &[y]).unwrap()
    }

    #[test]
    fn a_frame_waits_while_the_last_one_is_fresh() {
        let mut live = Live::on(Surface::Lab);
        let start = Instant::now();
        assert!(!live.must_wait(start), "the first frame appears at once");
        live.throttle.passed(start);
        assert!(live.must_wait(start + Duration::from_millis(99)));
        assert!(!live.must_wait(start + Duration::from_millis(100)));
        live.surface = Surface::Terminal;
    }

    #[test]
    fn a_stock_kernel_gets_the_last_frame_only() {
        let mut live = Live::on(Surface::Stock);
        live.show(&figure(1.0)).unwrap();
        live.show(&figure(2.0)).unwrap();
        let waiting = live.waiting.as_ref().map(|figure| figure.layers[0].points()[0].1);
        assert_eq!(waiting, Some(2.0));
        live.finish().unwrap();
        assert!(live.waiting.is_none());
    }

    #[test]
    fn a_wrong_figure_is_told_at_once() {
        let error = Live::on(Surface::Stock).show(&Figure::new()).unwrap_err().to_string();
        assert!(error.contains("рисовать нечего"), "{error}");
    }
}
