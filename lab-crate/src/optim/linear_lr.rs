//! The learning rate changes along a straight line and then stays: a warm-up.
//!
//! Not here: the setting of the rate (`scheduler.rs`). Read next: `one_cycle_lr.rs`.

use super::Schedule;
use super::rule::require;
use super::scheduler::check_steps;
use crate::Result;

/// As `torch.optim.lr_scheduler.LinearLR`: the base times a factor that goes from `start_factor` to `end_factor`
/// in `total_iters` steps. After a warm-up make the next [`Scheduler`](super::Scheduler): its base is the full rate.
///
/// ```
/// use lab::candle_core::{Device, Var};
/// use lab::optim::{LinearLr, Optimizer, Scheduler, Sgd};
/// let mut opt = Optimizer::new(Sgd::lr(1.0), &Var::new(&[0f32], &Device::Cpu)?)?;
/// let slope = LinearLr { start_factor: 0.5, end_factor: 1.0, total_iters: 2 };
/// let mut sched = Scheduler::new(slope, &mut opt)?;
/// let mut lrs = Vec::new();
/// for _ in 0..4 {
///     lrs.push(opt.lr());
///     sched.step(&mut opt)?;
/// }
/// assert_eq!(lrs, [0.5, 0.75, 1.0, 1.0]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearLr {
    /// The factor of step 0, more than 0 and at most 1.
    pub start_factor: f64,
    /// The factor after `total_iters` steps, from 0 to 1.
    pub end_factor: f64,
    /// The number of steps on the way, 1 or more.
    pub total_iters: usize,
}

impl Default for LinearLr {
    fn default() -> Self {
        // PyTorch's defaults.
        Self { start_factor: 1.0 / 3.0, end_factor: 1.0, total_iters: 5 }
    }
}

impl LinearLr {
    /// From a third of the rate to the full rate in `total_iters` steps.
    ///
    /// ```
    /// let warm_up = lab::optim::LinearLr::warm_up(5);
    /// assert_eq!((warm_up.start_factor, warm_up.end_factor), (1.0 / 3.0, 1.0));
    /// ```
    pub fn warm_up(total_iters: usize) -> Self {
        Self { total_iters, ..Self::default() }
    }

    pub(super) fn check(&self) -> Result<()> {
        let start = self.start_factor;
        let range = "число больше 0 и не больше 1";
        require(start > 0.0 && start <= 1.0, "LinearLr: start_factor", start, range)?;
        let end = self.end_factor;
        require((0.0..=1.0).contains(&end), "LinearLr: end_factor", end, "число от 0 до 1")?;
        check_steps("LinearLr: total_iters", self.total_iters)
    }

    pub(super) fn rate(&self, base: f64, step: usize) -> f64 {
        let part = step.min(self.total_iters) as f64 / self.total_iters as f64;
        base * (self.start_factor + (self.end_factor - self.start_factor) * part)
    }
}

impl From<LinearLr> for Schedule {
    fn from(rule: LinearLr) -> Self {
        Self::Linear(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::super::scheduler::assert_rates;
    use super::*;

    // LinearLR(opt, 1/3, 1.0, 4) with lr=0.1, PyTorch 2.15.
    #[test]
    fn the_rates_are_pytorch_s() {
        let rule = LinearLr::warm_up(4);
        let recorded =
            [0.03333333333333333, 0.05, 0.06666666666666668, 0.08333333333333334, 0.1, 0.1, 0.1];
        assert_rates(|step| rule.rate(0.1, step), &recorded);
    }
}
