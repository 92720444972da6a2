//! The learning rate falls by one factor at given steps.
//!
//! Not here: the setting of the rate (`scheduler.rs`). Read next: `exponential_lr.rs`.

use super::Schedule;
use super::scheduler::check_gamma;
use crate::Result;

/// As `torch.optim.lr_scheduler.MultiStepLR`: `base * gamma^n`, where `n` milestones are reached.
///
/// ```
/// use lab::candle_core::{Device, Var};
/// use lab::optim::{MultiStepLr, Optimizer, Scheduler, Sgd};
/// let mut opt = Optimizer::new(Sgd::lr(1.0), &Var::new(&[0f32], &Device::Cpu)?)?;
/// let falls = MultiStepLr { milestones: vec![1, 3], gamma: 0.5 };
/// let mut sched = Scheduler::new(falls, &mut opt)?;
/// let mut lrs = Vec::new();
/// for _ in 0..4 {
///     lrs.push(opt.lr());
///     sched.step(&mut opt)?;
/// }
/// assert_eq!(lrs, [1.0, 0.5, 0.5, 0.25]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MultiStepLr {
    /// The steps at which the rate falls, in any order; one given twice counts twice.
    pub milestones: Vec<usize>,
    /// The factor, more than 0.
    pub gamma: f64,
}

impl MultiStepLr {
    pub(super) fn check(&self) -> Result<()> {
        check_gamma("MultiStepLr: gamma", self.gamma)
    }

    pub(super) fn rate(&self, base: f64, step: usize) -> f64 {
        let reached = self.milestones.iter().filter(|&&milestone| milestone <= step).count();
        base * self.gamma.powf(reached as f64)
    }
}

impl From<MultiStepLr> for Schedule {
    fn from(rule: MultiStepLr) -> Self {
        Self::MultiStep(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::super::scheduler::assert_rates;
    use super::*;

    // MultiStepLR(opt, [2, 5, 5], 0.5) with lr=0.1, PyTorch 2.15.
    #[test]
    fn the_rates_are_pytorch_s() {
        let rule = MultiStepLr { milestones: vec![5, 2, 5], gamma: 0.5 };
        let recorded = [0.1, 0.1, 0.05, 0.05, 0.05, 0.0125, 0.0125, 0.0125];
        assert_rates(|step| rule.rate(0.1, step), &recorded);
    }
}
