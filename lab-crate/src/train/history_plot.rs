//! The pictures of a [`History`]: the curve of the lab's `progress.png`. Not here: curves that move (`curves.rs`).

use super::{History, Metric};
use crate::{Error, Figure, Result};

/// The default weight of the past in a smoothed curve.
const SMOOTHING: f64 = 0.95;
/// Curves shorter than this are not smoothed by default.
const SHORT: usize = 100;

impl History {
    /// The metric over the steps: the batches of the training, a smoothed line where they are many, points of validation.
    ///
    /// # Errors
    /// There is no number to draw.
    ///
    /// ```
    /// use lab::train::{History, Metric, StepRecord};
    /// let mut history = History::default();
    /// assert!(history.figure(Metric::Loss).is_err()); // nothing to draw
    /// for step in 1..=20 {
    ///     history.steps.push(StepRecord { step, loss: 1.0 / step as f64, accuracy: None, lr: 0.1 });
    /// }
    /// assert!(history.figure(Metric::Loss)?.to_svg()?.starts_with("<svg"));
    /// assert!(history.smoothed_figure(Metric::Loss, 1.0).is_err()); // it would never move
    /// history.evcxr_display(); // what a cell does with its last expression
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn figure(&self, metric: Metric) -> Result<Figure> {
        let smoothing = if self.steps.len() < SHORT { 0.0 } else { SMOOTHING };
        self.smoothed_figure(metric, smoothing)
    }

    /// As [`History::figure`], with the smoothing of the line: 0 is none, towards 1 the line becomes slower.
    ///
    /// # Errors
    /// `smoothing` is not in `[0, 1)`, or there is no number to draw.
    pub fn smoothed_figure(&self, metric: Metric, smoothing: f64) -> Result<Figure> {
        if !(0.0..1.0).contains(&smoothing) {
            return Err(Error::Argument(format!(
                "History: smoothing = {smoothing}, а нужно число от 0 до 1, не включая 1; обычно 0.95"
            )));
        }
        let (x, y) = self.train_points(metric);
        let (val_x, val_y) = self.val_points(metric);
        if !y.iter().chain(&val_y).any(|value| value.is_finite()) {
            return Err(Error::Argument(format!(
                "History: рисовать нечего, величины «{}» нет ни на одном шаге; для точности нужна задача \
                 Task::Classification",
                metric.name()
            )));
        }
        let mut figure = Figure::new().title("Ход обучения").x_label("шаг").y_label(metric.name());
        if y.iter().any(|value| value.is_finite()) {
            figure = figure.line(&x, &y)?.color("blue");
            if smoothing == 0.0 {
                figure = figure.label("обучение, пакеты").width(1.5);
            } else {
                figure = figure.label("обучение, пакеты").width(1.0).alpha(0.3);
                figure = figure.line(&x, &smoothed(&y, smoothing))?;
                figure = figure.color("blue").label("обучение, сглажено");
            }
        }
        if val_y.iter().any(|value| value.is_finite()) {
            figure = figure.line(&val_x, &val_y)?.color("orange").width(1.0);
            figure = figure.scatter(&val_x, &val_y)?.color("orange").label("проверка");
        }
        Ok(figure)
    }
}

/// The running mean with weights that fall by `beta` a step, without the bias to 0 at its start (as the means
/// of Adam: Kingma and Ba, 2015, arXiv:1412.6980). Numbers that are not finite stay out of the mean.
pub(super) fn smoothed(y: &[f64], beta: f64) -> Vec<f64> {
    let (mut mean, mut weight) = (0.0, 0.0);
    let mut one = |&value: &f64| {
        if !value.is_finite() {
            return value;
        }
        mean = beta * mean + (1.0 - beta) * value;
        weight = beta * weight + (1.0 - beta);
        mean / weight
    };
    y.iter().map(&mut one).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::history::tests::example;
    use super::*;

    #[test]
    fn smoothing_starts_at_the_first_number() {
        // By hand for beta 0.5: 4; (2 + 1) / 0.75 of 0.5 * 4 / 2 + 0.5 * 1 = 1.5, that is 2; NaN stays.
        assert_eq!(smoothed(&[4.0, 1.0, f64::NAN, 2.0], 0.5)[..2], [4.0, 2.0]);
        let all = smoothed(&[4.0, 1.0, f64::NAN, 2.0], 0.5);
        assert!(all[2].is_nan());
        // 0.5 * 1.5 + 0.5 * 2 = 1.75, weight 0.875.
        assert_eq!(all[3], 2.0);
        assert_eq!(smoothed(&[3.0, 5.0], 0.0), [3.0, 5.0]);
    }

    #[test]
    fn the_figure_has_the_curves_that_exist() {
        let mut history = example();
        let svg = history.figure(Metric::Loss).unwrap().to_svg().unwrap();
        assert!(svg.contains("обучение, пакеты") && svg.contains("проверка"));
        assert!(!svg.contains("сглажено"), "six steps are too few");
        let svg = history.smoothed_figure(Metric::Loss, 0.9).unwrap().to_svg().unwrap();
        assert!(svg.contains("сглажено"));
        history.epochs.clear();
        let svg = history.figure(Metric::Accuracy).unwrap().to_svg().unwrap();
        assert!(!svg.contains("проверка") && svg.contains("точность"));
    }

    #[test]
    fn what_cannot_be_drawn_is_told() {
        let error = History::default().figure(Metric::Accuracy).unwrap_err().to_string();
        assert!(error.contains("рисовать нечего") && error.contains("Classification"), "{error}");
        for bad in [1.0, -0.1, f64::NAN] {
            let error = example().smoothed_figure(Metric::Loss, bad).unwrap_err().to_string();
            assert!(error.contains(&format!("smoothing = {bad}")), "{error}");
        }
    }
}
