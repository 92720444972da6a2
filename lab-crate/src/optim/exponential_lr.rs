//! The learning rate falls by one factor at every step.
//!
//! Not here: the setting of the rate (`scheduler.rs`). Read next: `cosine_annealing_lr.rs`.

use super::Schedule;
use super::scheduler::check_gamma;
use crate::Result;

/// As `torch.optim.lr_scheduler.ExponentialLR`: `base * gamma^step`.
///
/// ```
/// use lab::candle_core::{Device, Var};
/// use lab::optim::{ExponentialLr, Optimizer, Scheduler, Sgd};
/// let mut opt = Optimizer::new(Sgd::lr(1.0), &Var::new(&[0f32], &Device::Cpu)?)?;
/// let mut sched = Scheduler::new(ExponentialLr { gamma: 0.5 }, &mut opt)?;
/// sched.step(&mut opt)?;
/// sched.step(&mut opt)?;
/// assert_eq!(opt.lr(), 0.25);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExponentialLr {
    /// The factor, more than 0.
    pub gamma: f64,
}

impl ExponentialLr {
    pub(super) fn check(&self) -> Result<()> {
        check_gamma("ExponentialLr: gamma", self.gamma)
    }

    pub(super) fn rate(&self, base: f64, step: usize) -> f64 {
        base * self.gamma.powf(step as f64)
    }
}

impl From<ExponentialLr> for Schedule {
    fn from(rule: ExponentialLr) -> Self {
        Self::Exponential(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::super::scheduler::assert_rates;
    use super::*;

    // ExponentialLR(opt, 0.9) with lr=0.1, PyTorch 2.15.
    #[test]
    fn the_rates_are_pytorch_s() {
        let rule = ExponentialLr { gamma: 0.9 };
        let recorded = [0.1, 0.09, 0.081, 0.0729, 0.06561, 0.059049];
        assert_rates(|step| rule.rate(0.1, step), &recorded);
    }
}
