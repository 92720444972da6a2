//! What a range test found. Read next: `lr_finder.rs`, the test.

use crate::{Figure, Result};

/// The losses over the rates of an [`LrFinder`](super::LrFinder).
///
/// ```
/// use lab::prelude::*;
/// use lab::train::LrFinder;
/// let x = Rng::seed(1).randn((64, 3), &Device::Cpu)?;
/// let train = DataLoader::new(TensorDataset::new(x.clone(), x.sum_keepdim(1)?)?, Default::default())?;
/// let map = VarMap::new();
/// let model = nn::linear(3, 1, nn::var_builder(&map, 0, &Device::Cpu))?;
/// let opt = Optimizer::new(Sgd::lr(0.1), &map)?;
/// let sweep = LrFinder::default().run(&model, &train, &opt, loss::mse)?;
/// assert_eq!(sweep.lrs.len(), sweep.losses.len());
/// assert!(sweep.suggestion().is_some_and(|lr| lr > 1e-6 && lr < 1.0));
/// assert!(sweep.figure()?.to_svg()?.starts_with("<svg"));
/// sweep.evcxr_display(); // what a cell does with its last expression
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LrSweep {
    /// The rates, growing.
    pub lrs: Vec<f64>,
    /// The loss at each rate.
    pub losses: Vec<f64>,
    /// The same, smoothed.
    pub smoothed: Vec<f64>,
    /// The first steps, whose smoothed loss is a mean of too few.
    pub(super) skipped: usize,
}

impl LrSweep {
    /// The rate at which the smoothed loss falls fastest over the logarithm of the rate, before its least value.
    ///
    /// A rate to start from, not the best one. `None` where the loss falls nowhere: the range is too low, or
    /// already too high at its start. The first tenth of the steps is left out.
    pub fn suggestion(&self) -> Option<f64> {
        let least = self.least()?;
        let first = self.skipped.max(1);
        let slope = |i: usize| self.smoothed[i + 1] - self.smoothed[i - 1];
        let steepest = (first..least).min_by(|&a, &b| slope(a).total_cmp(&slope(b)))?;
        (slope(steepest) < 0.0).then(|| self.lrs[steepest])
    }

    /// The losses over the decimal logarithm of the rate, with the suggestion as a line; a steep rise at the end is cut off.
    ///
    /// # Errors
    /// There is nothing to draw.
    pub fn figure(&self) -> Result<Figure> {
        let x: Vec<f64> = self.lrs.iter().map(|lr| lr.log10()).collect();
        let mut figure = Figure::new()
            .title("Подбор шага обучения")
            .x_label("log10(lr): −3 значит lr = 0.001")
            .y_label("функция потерь")
            .line(&x, &self.losses)?
            .color("blue")
            .width(1.0)
            .alpha(0.35)
            .label("пакеты")
            .line(&x, &self.smoothed)?
            .color("blue")
            .label("сглажено");
        if let Some((from, to)) = self.view() {
            figure = figure.y_range(from, to);
        }
        if let Some(lr) = self.suggestion() {
            figure = figure
                .vline(lr.log10())
                .color("red")
                .label(format!("быстрее всего падает: lr = {lr:.1e}"));
        }
        Ok(figure)
    }

    /// The losses up to the least one, with room for the beginning of the rise; all of it would flatten the rest.
    fn view(&self) -> Option<(f64, f64)> {
        let least = self.least()?;
        let top = self.smoothed[..=least].iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let bottom = self.losses.iter().copied().fold(f64::INFINITY, f64::min);
        let room = 0.3 * (top - bottom);
        (room > 0.0).then_some((bottom - room / 3.0, top + room))
    }

    /// The place of the least smoothed loss.
    fn least(&self) -> Option<usize> {
        (0..self.smoothed.len()).min_by(|&a, &b| self.smoothed[a].total_cmp(&self.smoothed[b]))
    }

    /// Shows the figure as the last expression of a cell.
    pub fn evcxr_display(&self) {
        if let Ok(figure) = self.figure() {
            figure.evcxr_display();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sweep(smoothed: &[f64], skipped: usize) -> LrSweep {
        let lrs = (0..smoothed.len()).map(|i| 10f64.powi(i as i32 - 5)).collect();
        LrSweep { lrs, losses: smoothed.to_vec(), smoothed: smoothed.to_vec(), skipped }
    }

    #[test]
    fn the_steepest_place_before_the_least_loss() {
        // Slopes at 1.. are -0.2, -1.0, -1.3, -0.6, +4.7: the steepest is number 3, lr = 1e-2.
        let found = sweep(&[2.0, 1.9, 1.8, 0.9, 0.5, 0.3, 5.2], 0);
        assert!((found.suggestion().unwrap() / 1e-2 - 1.0).abs() < 1e-9);
        let later = sweep(&[2.0, 1.9, 1.8, 0.9, 0.5, 0.3, 5.2], 4);
        assert!(
            (later.suggestion().unwrap() / 1e-1 - 1.0).abs() < 1e-9,
            "the first ones are left out"
        );
        let svg = found.figure().unwrap().to_svg().unwrap();
        assert!(svg.contains("lr = 1.0e-2") && svg.contains("log10(lr)"), "{svg}");
    }

    #[test]
    fn where_nothing_falls_there_is_no_suggestion() {
        for smoothed in [&[1.0][..], &[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0], &[]] {
            assert_eq!(sweep(smoothed, 0).suggestion(), None);
        }
        assert!(sweep(&[1.0, 2.0], 0).figure().is_ok());
        // Down from 2 to 1, then far up: the view ends at 2 + 0.3.
        assert_eq!(sweep(&[2.0, 1.0, 99.0], 0).view(), Some((1.0 - 0.1, 2.0 + 0.3)));
        assert_eq!(sweep(&[1.0, 1.0], 0).view(), None);
        assert!(sweep(&[], 0).figure().is_err());
    }
}
