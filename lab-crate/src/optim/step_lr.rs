//! The learning rate falls by one factor every so many steps.
//!
//! Not here: the setting of the rate (`scheduler.rs`). Read next: `multi_step_lr.rs`.

use super::Schedule;
use super::scheduler::{check_gamma, check_steps};
use crate::Result;

/// As `torch.optim.lr_scheduler.StepLR`: `base * gamma^(step / step_size)`, the quotient rounded down.
///
/// ```
/// use lab::candle_core::{Device, Var};
/// use lab::optim::{Optimizer, Scheduler, Sgd, StepLr};
/// let mut opt = Optimizer::new(Sgd::lr(1.0), &Var::new(&[0f32], &Device::Cpu)?)?;
/// let mut sched = Scheduler::new(StepLr { step_size: 3, gamma: 0.5 }, &mut opt)?;
/// let mut lrs = Vec::new();
/// for _ in 0..6 {
///     lrs.push(opt.lr());
///     sched.step(&mut opt)?;
/// }
/// assert_eq!(lrs, [1.0, 1.0, 1.0, 0.5, 0.5, 0.5]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepLr {
    /// The number of steps between two falls, 1 or more.
    pub step_size: usize,
    /// The factor, more than 0.
    pub gamma: f64,
}

impl StepLr {
    pub(super) fn check(&self) -> Result<()> {
        check_steps("StepLr: step_size", self.step_size)?;
        check_gamma("StepLr: gamma", self.gamma)
    }

    pub(super) fn rate(&self, base: f64, step: usize) -> f64 {
        base * self.gamma.powf((step / self.step_size) as f64)
    }
}

impl From<StepLr> for Schedule {
    fn from(rule: StepLr) -> Self {
        Self::Step(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::super::scheduler::assert_rates;
    use super::*;

    // StepLR(opt, 3, 0.1) with lr=0.1, PyTorch 2.15.
    #[test]
    fn the_rates_are_pytorch_s() {
        let rule = StepLr { step_size: 3, gamma: 0.1 };
        let recorded = [0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001];
        assert_rates(|step| rule.rate(0.1, step), &recorded);
    }
}
