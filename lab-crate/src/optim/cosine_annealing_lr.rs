//! The learning rate falls along half a wave of the cosine.
//!
//! Not here: the setting of the rate (`scheduler.rs`). Read next: `one_cycle_lr.rs`.

use std::f64::consts::PI;

use super::Schedule;
use super::rule::at_least_zero;
use super::scheduler::check_steps;
use crate::Result;

/// As `torch.optim.lr_scheduler.CosineAnnealingLR` (Loshchilov and Hutter, 2017, arXiv:1608.03983, without restarts):
/// `eta_min + (base - eta_min) * (1 + cos(pi * step / t_max)) / 2`. After `t_max` steps the rate rises again.
///
/// ```
/// use lab::candle_core::{Device, Var};
/// use lab::optim::{CosineAnnealingLr, Optimizer, Scheduler, Sgd};
/// let mut opt = Optimizer::new(Sgd::lr(1.0), &Var::new(&[0f32], &Device::Cpu)?)?;
/// let wave = CosineAnnealingLr { t_max: 4, eta_min: 0.0 };
/// let mut sched = Scheduler::new(wave, &mut opt)?;
/// let mut lrs = Vec::new();
/// for _ in 0..4 {
///     sched.step(&mut opt)?;
///     lrs.push(opt.lr());
/// }
/// assert!((lrs[1] - 0.5).abs() < 1e-12); // half way
/// assert!(lrs[3].abs() < 1e-12);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CosineAnnealingLr {
    /// The number of steps from the base to the smallest rate, 1 or more.
    pub t_max: usize,
    /// The smallest rate, 0 or more.
    pub eta_min: f64,
}

impl CosineAnnealingLr {
    pub(super) fn check(&self) -> Result<()> {
        check_steps("CosineAnnealingLr: t_max", self.t_max)?;
        at_least_zero("CosineAnnealingLr: eta_min", self.eta_min)
    }

    pub(super) fn rate(&self, base: f64, step: usize) -> f64 {
        let wave = (PI * step as f64 / self.t_max as f64).cos();
        self.eta_min + (base - self.eta_min) * (1.0 + wave) / 2.0
    }
}

impl From<CosineAnnealingLr> for Schedule {
    fn from(rule: CosineAnnealingLr) -> Self {
        Self::Cosine(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::super::scheduler::assert_rates;
    use super::*;

    // CosineAnnealingLR(opt, 5, 0.01) with lr=0.1, PyTorch 2.15.
    #[test]
    fn the_rates_are_pytorch_s() {
        let rule = CosineAnnealingLr { t_max: 5, eta_min: 0.01 };
        let recorded = [
            0.1,
            0.09140576474687263,
            0.06890576474687263,
            0.04109423525312736,
            0.018594235253127367,
            0.01,
            0.018594235253127367,
            0.04109423525312739,
            0.06890576474687267,
        ];
        assert_rates(|step| rule.rate(0.1, step), &recorded);
    }
}
