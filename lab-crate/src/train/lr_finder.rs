//! The range test of the learning rate (Smith, 2017, arXiv:1506.01186): steps with a rate that grows.
//!
//! Not here: what is read from its result (`lr_sweep.rs`).

use candle_core::{ModuleT, Tensor};

use super::epoch::number;
use super::history_plot::smoothed;
use super::lr_sweep::LrSweep;
use super::weights::Weights;
use crate::batches::DataLoader;
use crate::optim::{Optimizer, Params};
use crate::{Error, Result};

/// How the range test goes: the rate grows by one factor a step, from `start_lr` to `end_lr`.
///
/// ```
/// use lab::train::LrFinder;
/// let finder = LrFinder { end_lr: 10.0, ..Default::default() };
/// assert_eq!((finder.start_lr, finder.num_steps), (1e-6, 100));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LrFinder {
    /// The first rate, more than 0. 1e-6: too small for every optimizer here.
    pub start_lr: f64,
    /// The last rate, more than the first. 1: where most networks have diverged.
    pub end_lr: f64,
    /// The number of steps, at least 10. 100: three or four batches for each doubling.
    pub num_steps: usize,
    /// The weight of the past in the smoothed loss, in `[0, 1)`. 0.9: a mean over ten steps.
    pub smoothing: f64,
    /// The test ends when the smoothed loss is more than this times its least value, more than 1. 4, as in fastai.
    pub stop_factor: f64,
}

impl Default for LrFinder {
    fn default() -> Self {
        Self { start_lr: 1e-6, end_lr: 1.0, num_steps: 100, smoothing: 0.9, stop_factor: 4.0 }
    }
}

impl LrFinder {
    /// Runs the test with the rule and the variables of `opt`; afterwards the weights are as before.
    ///
    /// `opt` itself is not touched: the test has an optimizer of its own, with fresh buffers and one rate for all
    /// groups. The batches are those of the loader's epochs 0, 1, ...; its own counter stays. `loss` as for
    /// [`train_epoch`](super::train_epoch). Only variables of `opt` are put back: give it the whole `VarMap`
    /// where the model has batch norm.
    ///
    /// # Errors
    /// A number is out of its range, the first loss is not finite, the cell is interrupted, or a step fails.
    ///
    /// ```
    /// use lab::prelude::*;
    /// use lab::train::LrFinder;
    /// let x = Rng::seed(1).randn((64, 3), &Device::Cpu)?;
    /// let y = x.sum_keepdim(1)?;
    /// let train = DataLoader::new(TensorDataset::new(x, y)?, LoaderOptions::default())?;
    /// let map = VarMap::new();
    /// let model = nn::linear(3, 1, nn::var_builder(&map, 0, &Device::Cpu))?;
    /// let mut opt = Optimizer::new(Sgd::lr(0.1), &map)?;
    /// let sweep = LrFinder { end_lr: 10.0, ..Default::default() }.run(&model, &train, &opt, loss::mse)?;
    /// if let Some(lr) = sweep.suggestion() {
    ///     opt.set_lr(lr)?;
    /// }
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn run(
        &self,
        model: &dyn ModuleT,
        loader: &DataLoader,
        opt: &Optimizer,
        loss: impl Fn(&Tensor, &Tensor) -> Result<Tensor>,
    ) -> Result<LrSweep> {
        self.check()?;
        let weights = Weights::of(opt.params())?;
        let swept = self.sweep(model, loader, opt, &loss);
        weights.restore(opt.params())?;
        swept
    }

    fn sweep(
        &self,
        model: &dyn ModuleT,
        loader: &DataLoader,
        opt: &Optimizer,
        loss: &dyn Fn(&Tensor, &Tensor) -> Result<Tensor>,
    ) -> Result<LrSweep> {
        let mut opt = Optimizer::new(*opt.rule(), numbered(opt.params()))?;
        let (mut lrs, mut losses) = (Vec::new(), Vec::new());
        let mut batches = (0..).flat_map(|epoch| loader.epoch(epoch));
        for step in 0..self.num_steps {
            let Some(batch) = batches.next().transpose()? else { break };
            let lr = self.lr(step);
            opt.set_lr(lr)?;
            let loss = loss(&model.forward_t(&batch.x, true)?, &batch.y)?;
            let value = number(&loss)?;
            if !value.is_finite() {
                break;
            }
            lrs.push(lr);
            losses.push(value);
            if self.is_over(&losses) {
                break;
            }
            opt.zero_grad();
            opt.backward(&loss)?;
            opt.step()?;
        }
        if losses.is_empty() {
            return Err(Error::Argument(
                "LrFinder: функция потерь уже на первом шаге не число; проверьте веса модели и данные на NaN".into(),
            ));
        }
        let smoothed = smoothed(&losses, self.smoothing);
        Ok(LrSweep { lrs, losses, smoothed, skipped: self.num_steps / 10 })
    }

    /// The rate of a step.
    fn lr(&self, step: usize) -> f64 {
        let part = step as f64 / (self.num_steps - 1) as f64;
        self.start_lr * (self.end_lr / self.start_lr).powf(part)
    }

    /// Whether the smoothed loss has left its least value far below.
    fn is_over(&self, losses: &[f64]) -> bool {
        let smoothed = smoothed(losses, self.smoothing);
        let least = smoothed.iter().copied().fold(f64::INFINITY, f64::min);
        // A loss of 0 or below has no "times more".
        least > 0.0 && smoothed.last().is_some_and(|&last| last > self.stop_factor * least)
    }

    fn check(&self) -> Result<()> {
        let Self { start_lr, end_lr, num_steps, smoothing, stop_factor } = *self;
        let wrong = |field: &str, given: String, needed: &str| {
            Err(Error::Argument(format!("LrFinder: {field} = {given}, а нужно {needed}")))
        };
        if !(start_lr.is_finite() && start_lr > 0.0) {
            return wrong("start_lr", start_lr.to_string(), "конечное число больше 0");
        }
        if !(end_lr.is_finite() && end_lr > start_lr) {
            return wrong(
                "end_lr",
                end_lr.to_string(),
                &format!("конечное число больше start_lr = {start_lr}"),
            );
        }
        if num_steps < 10 {
            return wrong("num_steps", num_steps.to_string(), "хотя бы 10; обычно 100");
        }
        if !(0.0..1.0).contains(&smoothing) {
            return wrong("smoothing", smoothing.to_string(), "число от 0 до 1, не включая 1");
        }
        if !(stop_factor.is_finite() && stop_factor > 1.0) {
            return wrong("stop_factor", stop_factor.to_string(), "конечное число больше 1");
        }
        Ok(())
    }
}

/// The same variables with a number before each name: names of two groups may be the same.
fn numbered(params: &Params) -> Params {
    let pairs = params.iter().enumerate();
    Params::from(
        pairs.map(|(i, (name, var))| (format!("{i}/{name}"), var.clone())).collect::<Vec<_>>(),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::toy;
    use super::*;
    use crate::loss;

    #[test]
    fn weights_and_the_optimizer_are_as_before() {
        let (model, map, train, _) = toy::line();
        let mut opt = toy::optimizer(&map, 0.01);
        let before = toy::values(&map);
        let sweep = LrFinder { end_lr: 100.0, ..Default::default() }
            .run(&model, &train, &opt, loss::mse)
            .unwrap();
        assert_eq!(toy::values(&map), before);
        assert_eq!(opt.lr(), 0.01);
        assert!(opt.step().is_err(), "it holds no gradient");
        assert!(sweep.lrs.len() < 100, "rates up to 100 diverge");
        assert!(sweep.losses.iter().all(|loss| loss.is_finite()));
        // The Hessian of this loss is 2 for both variables (toy.rs), so SGD diverges above 1.
        let lr = sweep.suggestion().unwrap();
        assert!((0.001..1.0).contains(&lr), "{lr}");
    }

    #[test]
    fn rates_grow_by_one_factor() {
        let finder = LrFinder { start_lr: 1e-4, end_lr: 1e-1, num_steps: 31, ..Default::default() };
        for (step, right) in [(0, 1e-4), (10, 1e-3), (20, 1e-2), (30, 1e-1)] {
            assert!((finder.lr(step) / right - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn weights_come_back_after_an_error_too() {
        let (model, map, train, _) = toy::line();
        let (opt, before) = (toy::optimizer(&map, 0.01), toy::values(&map));
        let calls = std::cell::Cell::new(0);
        let failing = |y: &Tensor, t: &Tensor| {
            calls.set(calls.get() + 1);
            if calls.get() > 60 {
                Err(Error::Argument("сломано".into()))
            } else {
                loss::mse(y, t)
            }
        };
        let finder = LrFinder { end_lr: 0.1, ..Default::default() };
        let error = finder.run(&model, &train, &opt, failing).unwrap_err();
        assert_eq!((error.to_string().as_str(), calls.get()), ("сломано", 61));
        assert_eq!(toy::values(&map), before);
        let nan = |y: &Tensor, t: &Tensor| Ok((loss::mse(y, t)? * f64::NAN)?);
        let error = finder.run(&model, &train, &opt, nan).unwrap_err().to_string();
        assert!(error.contains("уже на первом шаге"), "{error}");
    }

    #[test]
    fn wrong_numbers_name_the_field() {
        let (model, map, train, _) = toy::line();
        let opt = toy::optimizer(&map, 0.01);
        let good = LrFinder::default();
        let wrong = [
            (LrFinder { start_lr: 0.0, ..good }, "start_lr = 0"),
            (LrFinder { end_lr: 1e-7, ..good }, "end_lr = 0.0000001"),
            (LrFinder { num_steps: 9, ..good }, "num_steps = 9"),
            (LrFinder { smoothing: 1.0, ..good }, "smoothing = 1"),
            (LrFinder { stop_factor: f64::NAN, ..good }, "stop_factor = NaN"),
        ];
        for (finder, text) in wrong {
            let error = finder.run(&model, &train, &opt, loss::mse).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }
}
