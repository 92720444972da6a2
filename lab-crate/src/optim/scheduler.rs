//! A scheduler: sets the learning rates of an optimizer by the number of the step.
//!
//! Not here: the formulas (`step_lr.rs`, `cosine_annealing_lr.rs`, ...). Read next: `step_lr.rs`.

use super::rule::require;
use super::{
    CosineAnnealingLr, ExponentialLr, LinearLr, MultiStepLr, OneCycleLr, Optimizer, StepLr,
};
use crate::{Error, Result};

/// How the learning rate depends on the step; made from any of the structs.
///
/// ```
/// use lab::optim::{ExponentialLr, Schedule};
/// let schedule = Schedule::from(ExponentialLr { gamma: 0.5 });
/// assert!(matches!(schedule, Schedule::Exponential(_)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// Falls every so many steps.
    Step(StepLr),
    /// Falls at given steps.
    MultiStep(MultiStepLr),
    /// Falls at every step by the same factor.
    Exponential(ExponentialLr),
    /// Falls along half a wave of the cosine.
    Cosine(CosineAnnealingLr),
    /// Rises, then falls; the momentum goes the other way.
    OneCycle(OneCycleLr),
    /// Changes along a straight line, then stays: a warm-up.
    Linear(LinearLr),
}

impl Schedule {
    fn check(&self) -> Result<()> {
        match self {
            Self::Step(rule) => rule.check(),
            Self::MultiStep(rule) => rule.check(),
            Self::Exponential(rule) => rule.check(),
            Self::Cosine(rule) => rule.check(),
            Self::OneCycle(rule) => rule.check(),
            Self::Linear(rule) => rule.check(),
        }
    }

    /// The rate of a group whose rate before the schedule was `base`.
    fn rate(&self, base: f64, step: usize) -> f64 {
        match self {
            Self::Step(rule) => rule.rate(base, step),
            Self::MultiStep(rule) => rule.rate(base, step),
            Self::Exponential(rule) => rule.rate(base, step),
            Self::Cosine(rule) => rule.rate(base, step),
            Self::OneCycle(rule) => rule.rate(step),
            Self::Linear(rule) => rule.rate(base, step),
        }
    }
}

/// Sets the learning rates of an optimizer, as the schedulers of `torch.optim.lr_scheduler` do.
///
/// The rates the groups have when the scheduler is made are its base; a rate depends only on the base and the
/// number of the step, so `set_lr` in between lasts until the next call. Call `step` after the optimizer's
/// own step: once an epoch, or once a batch for [`OneCycleLr`].
///
/// ```
/// use lab::candle_core::{Device, Var};
/// use lab::optim::{Optimizer, Scheduler, Sgd, StepLr};
/// let w = Var::new(&[2f32, -1.0], &Device::Cpu)?;
/// let mut opt = Optimizer::new(Sgd::lr(0.5), &w)?;
/// let mut sched = Scheduler::new(StepLr { step_size: 2, gamma: 0.5 }, &mut opt)?;
/// let mut lrs = Vec::new();
/// for epoch in 0..5 {
///     lrs.push(opt.lr());
///     sched.step(&mut opt)?;
/// }
/// assert_eq!(lrs, [0.5, 0.5, 0.25, 0.25, 0.125]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scheduler {
    schedule: Schedule,
    base: Vec<f64>,
    steps: usize,
}

impl Scheduler {
    /// A scheduler at step 0; sets the rates for that step, which a warm-up makes smaller than the base.
    ///
    /// # Errors
    /// A number of the schedule is out of range; [`OneCycleLr`] is to change the momentum of a rule that has none.
    pub fn new(schedule: impl Into<Schedule>, opt: &mut Optimizer) -> Result<Self> {
        let schedule = schedule.into();
        schedule.check()?;
        let mut scheduler = Self { schedule, base: opt.lrs(), steps: 0 };
        scheduler.resume_at(0, opt)?;
        Ok(scheduler)
    }

    /// Goes to the next step and sets its rates.
    ///
    /// # Errors
    /// The optimizer has another number of groups, or [`OneCycleLr`] is over.
    pub fn step(&mut self, opt: &mut Optimizer) -> Result<()> {
        self.resume_at(self.steps + 1, opt)
    }

    /// Goes to the given step and sets its rates: after [`Optimizer::load`], so that training goes on as it was.
    ///
    /// # Errors
    /// As [`Scheduler::step`].
    ///
    /// ```
    /// use lab::candle_core::{Device, Var};
    /// use lab::optim::{Optimizer, Scheduler, Sgd, StepLr};
    /// let w = Var::new(&[0f32], &Device::Cpu)?;
    /// let mut opt = Optimizer::new(Sgd::lr(0.5), &w)?;
    /// let mut sched = Scheduler::new(StepLr { step_size: 2, gamma: 0.5 }, &mut opt)?;
    /// sched.resume_at(4, &mut opt)?;
    /// assert_eq!((sched.steps(), opt.lr()), (4, 0.125));
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn resume_at(&mut self, steps: usize, opt: &mut Optimizer) -> Result<()> {
        let (groups, own) = (opt.lrs().len(), self.base.len());
        if groups != own {
            return Err(Error::Argument(format!(
                "расписание: у оптимизатора групп {groups}, а расписание сделано для {own}; \
                 передавайте тот же оптимизатор, что и в Scheduler::new"
            )));
        }
        if let Schedule::OneCycle(cycle) = &self.schedule {
            cycle.check_step(steps)?;
            if cycle.cycle_momentum {
                opt.set_momentum(cycle.momentum(steps))?;
            }
        }
        for (group, &base) in self.base.iter().enumerate() {
            opt.set_group_lr(group, self.schedule.rate(base, steps))?;
        }
        self.steps = steps;
        Ok(())
    }

    /// How many times [`Scheduler::step`] was called.
    pub fn steps(&self) -> usize {
        self.steps
    }
}

/// The factor is a positive number.
pub(super) fn check_gamma(field: &str, gamma: f64) -> Result<()> {
    let legal = gamma.is_finite() && gamma > 0.0;
    require(legal, field, gamma, "конечное число больше 0 (обычно меньше 1)")
}

/// The number of steps is not 0.
pub(super) fn check_steps(field: &str, steps: usize) -> Result<()> {
    if steps > 0 {
        return Ok(());
    }
    Err(Error::Argument(format!("{field} = 0, а нужно целое число не меньше 1")))
}

/// Tests only: the rates of `recorded.len()` steps lie within 1e-12 (relative) of those of PyTorch.
#[cfg(test)]
pub(super) fn assert_rates(rate: impl Fn(usize) -> f64, recorded: &[f64]) {
    for (step, &theirs) in recorded.iter().enumerate() {
        let ours = rate(step);
        assert!((ours - theirs).abs() <= 1e-12 * theirs, "step {step}: {ours} {theirs}");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{Adagrad, Adam, Group, Rule, Sgd};
    use super::*;
    use candle_core::{DType, Device, Var};

    fn optimizer(rule: impl Into<Rule>) -> Optimizer {
        let var = || Var::zeros(1, DType::F32, &Device::Cpu).unwrap();
        let second = Group { lr: Some(0.5), ..Group::new(&var()) };
        Optimizer::with_groups(rule, [Group::new(&var()), second]).unwrap()
    }

    // CosineAnnealingLR(opt, 5, 0.01) with groups of lr 0.1 and 0.5, as PyTorch 2.15 gives them.
    #[test]
    fn every_group_has_its_own_base() {
        let mut opt = optimizer(Sgd::lr(0.1));
        let cosine = CosineAnnealingLr { t_max: 5, eta_min: 0.01 };
        let mut sched = Scheduler::new(cosine, &mut opt).unwrap();
        let recorded = [[0.1, 0.5], [0.09140576474687263, 0.45320916362186214]];
        for recorded in recorded {
            for (ours, theirs) in opt.lrs().into_iter().zip(recorded) {
                assert!((ours - theirs).abs() <= 1e-12, "{ours} {theirs}");
            }
            sched.step(&mut opt).unwrap();
        }
    }

    #[test]
    fn a_warm_up_begins_small_and_a_later_schedule_takes_over() {
        let mut opt = optimizer(Sgd::lr(0.1));
        let mut sched = Scheduler::new(LinearLr::warm_up(4), &mut opt).unwrap();
        assert!((opt.lr() - 0.1 / 3.0).abs() < 1e-12);
        for _ in 0..4 {
            sched.step(&mut opt).unwrap();
        }
        let mut sched = Scheduler::new(ExponentialLr { gamma: 0.5 }, &mut opt).unwrap();
        sched.step(&mut opt).unwrap();
        assert!((opt.lr() - 0.05).abs() < 1e-12, "{}", opt.lr());
        assert_eq!(sched.steps(), 1);
    }

    #[test]
    fn one_cycle_moves_the_momentum_against_the_rate() {
        let mut opt = optimizer(Adam::lr(0.1));
        let mut sched = Scheduler::new(OneCycleLr::new(1.0, 10), &mut opt).unwrap();
        let beta = |opt: &Optimizer| opt.rule().momentum().unwrap();
        assert_eq!(beta(&opt), 0.95);
        assert!(opt.lrs().iter().all(|lr| (lr - 0.04).abs() < 1e-12), "{:?}", opt.lrs());
        sched.resume_at(2, &mut opt).unwrap();
        assert_eq!((beta(&opt), opt.lr()), (0.85, 1.0));
        sched.resume_at(10, &mut opt).unwrap();
        let error = sched.step(&mut opt).unwrap_err().to_string();
        assert!(error.contains("11") && error.contains("total_steps = 10"), "{error}");
        assert_eq!(sched.steps(), 10, "a refused step changes nothing");
        let error = Scheduler::new(OneCycleLr::new(1.0, 10), &mut optimizer(Adagrad::lr(0.1)));
        assert!(error.unwrap_err().to_string().contains("Adagrad"));
        let calm = OneCycleLr { cycle_momentum: false, ..OneCycleLr::new(1.0, 10) };
        Scheduler::new(calm, &mut optimizer(Adagrad::lr(0.1))).unwrap();
    }

    #[test]
    fn another_optimizer_is_told() {
        let mut opt = optimizer(Sgd::lr(0.1));
        let mut sched = Scheduler::new(ExponentialLr { gamma: 0.5 }, &mut opt).unwrap();
        let var = Var::zeros(1, DType::F32, &Device::Cpu).unwrap();
        let mut other = Optimizer::new(Sgd::lr(0.1), &var).unwrap();
        let error = sched.step(&mut other).unwrap_err().to_string();
        assert!(error.contains("групп 1") && error.contains("для 2"), "{error}");
    }

    #[test]
    fn wrong_numbers_name_field_value_and_range() {
        let bad = f64::NAN;
        let wrong: [(Schedule, &str); 9] = [
            (StepLr { step_size: 0, gamma: 0.1 }.into(), "StepLr: step_size = 0"),
            (StepLr { step_size: 1, gamma: bad }.into(), "StepLr: gamma = NaN"),
            (MultiStepLr { milestones: vec![3], gamma: 0.0 }.into(), "MultiStepLr: gamma = 0"),
            (ExponentialLr { gamma: -1.0 }.into(), "ExponentialLr: gamma = -1"),
            (CosineAnnealingLr { t_max: 0, eta_min: 0.0 }.into(), "t_max = 0"),
            (CosineAnnealingLr { t_max: 1, eta_min: -1.0 }.into(), "eta_min = -1"),
            (OneCycleLr::new(bad, 10).into(), "OneCycleLr: max_lr = NaN"),
            (OneCycleLr::new(1.0, 0).into(), "OneCycleLr: total_steps = 0"),
            (LinearLr { start_factor: 0.0, ..LinearLr::warm_up(5) }.into(), "start_factor = 0"),
        ];
        for (schedule, expected) in wrong {
            let mut opt = optimizer(Sgd::lr(0.1));
            let error = Scheduler::new(schedule, &mut opt).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("а нужно"), "{error}");
            assert_eq!(opt.lr(), 0.1);
        }
    }
}
