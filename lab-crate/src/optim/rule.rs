//! A rule of an update: which of the optimizers it is, and whether its numbers are legal.
//!
//! Not here: the arithmetic, which is in the file of each rule. Read next: `sgd.rs`, the simplest one.

use candle_core::FloatDType;
use num_traits::Float;

use super::slices::Slices;
use super::{Adagrad, Adam, AdamW, RmsProp, Sgd};
use crate::{Error, Result};

/// The rule by which an [`Optimizer`](super::Optimizer) changes the weights; made from any of the structs.
///
/// ```
/// use lab::optim::{Rule, Sgd};
/// let rule = Rule::from(Sgd { momentum: 0.9, ..Sgd::lr(0.1) });
/// assert_eq!(rule.name(), "Sgd");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Gradient descent, with or without momentum.
    Sgd(Sgd),
    /// Steps divided by a running root mean square of the gradient.
    RmsProp(RmsProp),
    /// Steps divided by the root of the sum of all squared gradients.
    Adagrad(Adagrad),
    /// Running mean of the gradient over its running root mean square.
    Adam(Adam),
    /// Adam with weight decay apart from the gradient.
    AdamW(AdamW),
}

/// What the parameters of one group have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// The learning rate.
    pub(super) lr: f64,
    /// The weight decay.
    pub(super) weight_decay: f64,
}

/// What one step of one parameter needs beside the rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// The learning rate of the group.
    pub(super) lr: f64,
    /// The weight decay of the group.
    pub(super) weight_decay: f64,
    /// The number of this step for this parameter, from 1.
    pub(super) step: u64,
    /// Whether the buffers were made for this very step.
    pub(super) fresh: bool,
}

impl Rule {
    /// The name of the rule, as its struct is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sgd(_) => "Sgd",
            Self::RmsProp(_) => "RmsProp",
            Self::Adagrad(_) => "Adagrad",
            Self::Adam(_) => "Adam",
            Self::AdamW(_) => "AdamW",
        }
    }

    /// The learning rate a group has unless it names its own.
    pub(super) fn lr(&self) -> f64 {
        match self {
            Self::Sgd(rule) => rule.lr,
            Self::RmsProp(rule) => rule.lr,
            Self::Adagrad(rule) => rule.lr,
            Self::Adam(rule) => rule.lr,
            Self::AdamW(rule) => rule.lr,
        }
    }

    /// The weight decay a group has unless it names its own.
    pub(super) fn weight_decay(&self) -> f64 {
        match self {
            Self::Sgd(rule) => rule.weight_decay,
            Self::RmsProp(rule) => rule.weight_decay,
            Self::Adagrad(rule) => rule.weight_decay,
            Self::Adam(rule) => rule.weight_decay,
            Self::AdamW(rule) => rule.weight_decay,
        }
    }

    /// The momentum, or the first beta of Adam; Adagrad has none.
    pub(super) fn momentum(&self) -> Option<f64> {
        match self {
            Self::Sgd(rule) => Some(rule.momentum),
            Self::RmsProp(rule) => Some(rule.momentum),
            Self::Adagrad(_) => None,
            Self::Adam(rule) => Some(rule.betas.0),
            Self::AdamW(rule) => Some(rule.betas.0),
        }
    }

    /// The same rule with another momentum, not yet checked.
    pub(super) fn with_momentum(self, momentum: f64) -> Self {
        match self {
            Self::Sgd(rule) => Sgd { momentum, ..rule }.into(),
            Self::RmsProp(rule) => RmsProp { momentum, ..rule }.into(),
            Self::Adagrad(rule) => rule.into(),
            Self::Adam(rule) => Adam { betas: (momentum, rule.betas.1), ..rule }.into(),
            Self::AdamW(rule) => AdamW { betas: (momentum, rule.betas.1), ..rule }.into(),
        }
    }

    /// The buffers a parameter has, by PyTorch's names; the place in the array is the place in `Slices`.
    pub(super) fn buffers(&self) -> [Option<&'static str>; 3] {
        let moments = |amsgrad: bool| {
            [Some("exp_avg"), Some("exp_avg_sq"), amsgrad.then_some("max_exp_avg_sq")]
        };
        match self {
            Self::Sgd(rule) => [(rule.momentum != 0.0).then_some("momentum_buffer"), None, None],
            Self::RmsProp(rule) => [
                Some("square_avg"),
                rule.centered.then_some("grad_avg"),
                (rule.momentum > 0.0).then_some("momentum_buffer"),
            ],
            Self::Adagrad(_) => [Some("sum"), None, None],
            Self::Adam(rule) => moments(rule.amsgrad),
            Self::AdamW(rule) => moments(rule.amsgrad),
        }
    }

    /// What a new buffer is filled with.
    pub(super) fn initial(&self) -> f64 {
        match self {
            Self::Adagrad(rule) => rule.initial_accumulator_value,
            _ => 0.0,
        }
    }

    /// Whether the numbers of the rule are legal.
    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::Sgd(rule) => rule.check(),
            Self::RmsProp(rule) => rule.check(),
            Self::Adagrad(rule) => rule.check(),
            Self::Adam(rule) => rule.check(),
            Self::AdamW(rule) => rule.check(),
        }
    }

    /// One step over some numbers of a parameter.
    pub(super) fn update<T: FloatDType + Float>(&self, at: At, part: Slices<'_, T>) {
        match self {
            Self::Sgd(rule) => rule.update(at, part),
            Self::RmsProp(rule) => rule.update(at, part),
            Self::Adagrad(rule) => rule.update(at, part),
            Self::Adam(rule) => rule.update(at, part),
            Self::AdamW(rule) => rule.update(at, part),
        }
    }
}

/// `Ok` when `legal`, else an error that names the field, its value and the legal range.
pub(super) fn require(legal: bool, field: &str, value: f64, range: &str) -> Result<()> {
    if legal {
        return Ok(());
    }
    Err(Error::Argument(format!("{field} = {value}, а нужно {range}")))
}

/// The field is a finite number, 0 or more.
pub(super) fn at_least_zero(field: &str, value: f64) -> Result<()> {
    let legal = value.is_finite() && value >= 0.0;
    require(legal, field, value, "конечное число не меньше 0")
}

/// The field is in `[0, 1)`.
pub(super) fn below_one(field: &str, value: f64) -> Result<()> {
    require((0.0..1.0).contains(&value), field, value, "число от 0 до 1, не включая 1")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn message(rule: impl Into<Rule>) -> String {
        rule.into().check().unwrap_err().to_string()
    }

    #[test]
    fn wrong_numbers_name_field_value_and_range() {
        for bad in [f64::NAN, f64::INFINITY, -0.5] {
            for (text, field) in [
                (message(Sgd::lr(bad)), "Sgd: lr"),
                (message(Sgd { momentum: bad, ..Sgd::lr(0.1) }), "Sgd: momentum"),
                (message(RmsProp { eps: bad, ..RmsProp::lr(0.1) }), "RmsProp: eps"),
                (message(RmsProp { momentum: bad, ..RmsProp::lr(0.1) }), "RmsProp: momentum"),
                (message(Adagrad { lr_decay: bad, ..Adagrad::lr(0.1) }), "Adagrad: lr_decay"),
                (message(Adam { weight_decay: bad, ..Adam::lr(0.1) }), "Adam: weight_decay"),
            ] {
                let expected = format!("{field} = {bad}, а нужно конечное число не меньше 0");
                assert_eq!(text, expected);
            }
        }
        for bad in [f64::NAN, 1.0, -0.1] {
            for (text, field) in [
                (message(RmsProp { alpha: bad, ..RmsProp::lr(0.1) }), "RmsProp: alpha"),
                (message(Adam { betas: (bad, 0.9), ..Adam::lr(0.1) }), "Adam: betas.0"),
                (message(AdamW { betas: (0.9, bad), ..AdamW::lr(0.1) }), "AdamW: betas.1"),
            ] {
                let expected = format!("{field} = {bad}, а нужно число от 0 до 1, не включая 1");
                assert_eq!(text, expected);
            }
        }
    }

    #[test]
    fn a_rate_of_zero_is_legal() {
        assert!(Rule::from(Sgd::lr(0.0)).check().is_ok());
    }

    #[test]
    fn nesterov_needs_momentum_and_no_dampening() {
        let nesterov = Sgd { nesterov: true, ..Sgd::lr(0.1) };
        assert!(message(nesterov).contains("momentum = 0"));
        let damped = Sgd { momentum: 0.9, dampening: 0.1, ..nesterov };
        assert!(message(damped).contains("dampening = 0.1"));
        assert!(Rule::from(Sgd { momentum: 0.9, ..nesterov }).check().is_ok());
    }
}
