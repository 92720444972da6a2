//! The learning rate rises and falls once in the whole training; the momentum goes the other way.
//!
//! Not here: the setting of the rate (`scheduler.rs`). Read next: `scheduler.rs`.

use std::f64::consts::PI;

use super::Schedule;
use super::rule::{at_least_zero, below_one, require};
use super::scheduler::check_steps;
use crate::{Error, Result};

/// As `torch.optim.lr_scheduler.OneCycleLR` (Smith and Topin, 2017, arXiv:1708.07120), stepped once a batch.
///
/// Every group goes from `max_lr / div_factor` up to `max_lr` in the first `pct_start` of the steps, and down to
/// `max_lr / div_factor / final_div_factor` in the rest; the rate it had before does not matter.
///
/// ```
/// use lab::candle_core::{Device, Var};
/// use lab::optim::{OneCycleLr, Optimizer, Scheduler, Sgd};
/// let rule = Sgd { momentum: 0.9, ..Sgd::lr(0.1) };
/// let mut opt = Optimizer::new(rule, &Var::new(&[0f32], &Device::Cpu)?)?;
/// let mut sched = Scheduler::new(OneCycleLr::new(0.5, 10), &mut opt)?;
/// let mut lrs = Vec::new();
/// for _batch in 0..10 {
///     lrs.push(opt.lr());
///     sched.step(&mut opt)?;
/// }
/// assert!((lrs[0] - 0.02).abs() < 1e-12); // max_lr / 25
/// assert!((lrs[2] - 0.5).abs() < 1e-12); // the top, after 30 % of the steps
/// assert!(lrs[9] < 1e-4 && sched.step(&mut opt).is_err()); // more than total_steps
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycleLr {
    /// The largest rate, 0 or more.
    pub max_lr: f64,
    /// The number of batches in the whole training, 1 or more.
    pub total_steps: usize,
    /// The part of the steps in which the rate rises, from 0 to 1.
    pub pct_start: f64,
    /// Whether the rate goes along straight lines; otherwise along a cosine.
    pub linear: bool,
    /// Whether the momentum (the first beta of Adam) is set too.
    pub cycle_momentum: bool,
    /// The momentum at the largest rate, in `[0, 1)`.
    pub base_momentum: f64,
    /// The momentum at both ends, in `[0, 1)`.
    pub max_momentum: f64,
    /// The first rate is `max_lr` divided by this, more than 0.
    pub div_factor: f64,
    /// The last rate is the first one divided by this, more than 0.
    pub final_div_factor: f64,
    /// Whether the fall mirrors the rise first, and only then goes to the last rate.
    pub three_phase: bool,
}

/// A stretch of steps with the rate and the momentum at its end.
struct Phase {
    end: f64,
    lr: f64,
    momentum: f64,
}

impl OneCycleLr {
    /// PyTorch's defaults with the given largest rate and number of batches.
    pub fn new(max_lr: f64, total_steps: usize) -> Self {
        Self {
            max_lr,
            total_steps,
            pct_start: 0.3,
            linear: false,
            cycle_momentum: true,
            base_momentum: 0.85,
            max_momentum: 0.95,
            div_factor: 25.0,
            final_div_factor: 1e4,
            three_phase: false,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        at_least_zero("OneCycleLr: max_lr", self.max_lr)?;
        check_steps("OneCycleLr: total_steps", self.total_steps)?;
        let pct = self.pct_start;
        require((0.0..=1.0).contains(&pct), "OneCycleLr: pct_start", pct, "число от 0 до 1")?;
        below_one("OneCycleLr: base_momentum", self.base_momentum)?;
        below_one("OneCycleLr: max_momentum", self.max_momentum)?;
        for (field, value) in [
            ("OneCycleLr: div_factor", self.div_factor),
            ("OneCycleLr: final_div_factor", self.final_div_factor),
        ] {
            require(value.is_finite() && value > 0.0, field, value, "конечное число больше 0")?;
        }
        Ok(())
    }

    /// The step is not past the end.
    pub(super) fn check_step(&self, step: usize) -> Result<()> {
        let total = self.total_steps;
        if step <= total {
            return Ok(());
        }
        Err(Error::Argument(format!(
            "OneCycleLr: шаг {step}, а total_steps = {total}; в total_steps нужно число всех пакетов: \
             num_epochs * loader.len()"
        )))
    }

    fn phases(&self) -> Vec<Phase> {
        let rise = self.pct_start * self.total_steps as f64;
        let (low, high) = (self.max_lr / self.div_factor, self.max_momentum);
        let mut phases =
            vec![Phase { end: rise - 1.0, lr: self.max_lr, momentum: self.base_momentum }];
        if self.three_phase {
            phases.push(Phase { end: 2.0 * rise - 2.0, lr: low, momentum: high });
        }
        let end = self.total_steps as f64 - 1.0;
        phases.push(Phase { end, lr: low / self.final_div_factor, momentum: high });
        phases
    }

    /// The rate and the momentum; the last step's values stay, where PyTorch goes on past its end.
    fn at(&self, step: usize) -> (f64, f64) {
        let step = step as f64;
        let first = (0.0, self.max_lr / self.div_factor, self.max_momentum);
        let (mut start, mut lr, mut momentum) = first;
        for phase in self.phases() {
            if step <= phase.end {
                let part = (step - start) / (phase.end - start);
                let part = if part.is_nan() { 1.0 } else { part };
                return (
                    self.between(lr, phase.lr, part),
                    self.between(momentum, phase.momentum, part),
                );
            }
            (start, lr, momentum) = (phase.end, phase.lr, phase.momentum);
        }
        (lr, momentum)
    }

    fn between(&self, from: f64, to: f64, part: f64) -> f64 {
        if self.linear {
            (to - from) * part + from
        } else {
            to + (from - to) / 2.0 * ((PI * part).cos() + 1.0)
        }
    }

    pub(super) fn rate(&self, step: usize) -> f64 {
        self.at(step).0
    }

    pub(super) fn momentum(&self, step: usize) -> f64 {
        self.at(step).1
    }
}

impl From<OneCycleLr> for Schedule {
    fn from(rule: OneCycleLr) -> Self {
        Self::OneCycle(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::super::scheduler::assert_rates;
    use super::*;

    // OneCycleLR(opt, 1.0, total_steps=10), PyTorch 2.15.
    #[test]
    fn the_rates_are_pytorch_s() {
        let rule = OneCycleLr::new(1.0, 10);
        let recorded = [
            0.040000000000000036,
            0.52,
            1.0,
            0.9504846320134737,
            0.8117456539497631,
            0.6112620219362893,
            0.38874197806371075,
            0.18825834605023697,
            0.049519367986526286,
            4e-06,
        ];
        assert_rates(|step| rule.rate(step), &recorded);
        let momentum = [
            0.95,
            0.8999999999999999,
            0.85,
            0.854951556604879,
            0.8688255099070633,
            0.8888739533021842,
            0.9111260466978157,
            0.9311744900929366,
            0.945048443395121,
            0.95,
        ];
        assert_rates(|step| rule.momentum(step), &momentum);
        assert_eq!(rule.at(10), rule.at(9));
    }

    // OneCycleLR(opt, 1.0, total_steps=10, pct_start=0.4, anneal_strategy='linear', three_phase=True,
    //     div_factor=10., final_div_factor=100., base_momentum=0.8, max_momentum=0.9)
    #[test]
    fn three_straight_phases_are_pytorch_s() {
        let rule = OneCycleLr {
            pct_start: 0.4,
            linear: true,
            three_phase: true,
            div_factor: 10.0,
            final_div_factor: 100.0,
            base_momentum: 0.8,
            max_momentum: 0.9,
            ..OneCycleLr::new(1.0, 10)
        };
        let recorded = [0.1, 0.4, 0.7, 1.0, 0.7, 0.4, 0.1, 0.067, 0.034, 0.001];
        assert_rates(|step| rule.rate(step), &recorded);
        let (a, b) = (0.8666666666666667, 0.8333333333333334);
        let momentum = [0.9, a, b, 0.8, b, a, 0.9, 0.9, 0.9, 0.9];
        assert_rates(|step| rule.momentum(step), &momentum);
    }

    #[test]
    fn short_and_one_sided_cycles_stay_between_their_ends() {
        for total in 1..6 {
            for pct_start in [0.0, 0.3, 1.0] {
                for linear in [false, true] {
                    let rule = OneCycleLr { pct_start, linear, ..OneCycleLr::new(1.0, total) };
                    for step in 0..=total {
                        let (lr, momentum) = rule.at(step);
                        assert!((4e-6 - 1e-12..=1.0).contains(&lr), "{rule:?} {step} {lr}");
                        assert!((0.85..=0.95 + 1e-12).contains(&momentum), "{momentum}");
                    }
                }
            }
        }
    }
}
