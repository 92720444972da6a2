//! Adagrad: every weight has its own scale, the root of the sum of all its squared gradients.
//!
//! Not here: the loop over parameters (`optimizer.rs`). Read next: `rmsprop.rs`, which forgets old gradients.

use candle_core::FloatDType;
use num_traits::Float;

use super::rule::{At, Rule, at_least_zero};
use super::slices::{Slices, each1};
use crate::Result;

/// Adagrad (Duchi, Hazan and Singer, JMLR 12, 2011), as `torch.optim.Adagrad` does it.
///
/// With `g` the gradient plus `weight_decay * w`: `s = s + g²`, then
/// `w -= lr / (1 + (step - 1) * lr_decay) * g / (sqrt(s) + eps)`.
///
/// ```
/// use lab::optim::Adagrad;
/// assert_eq!(Adagrad::lr(0.1).eps, 1e-10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adagrad {
    /// The learning rate, 0 or more.
    pub lr: f64,
    /// How fast the rate falls with the steps, 0 or more.
    pub lr_decay: f64,
    /// Added to the root so that a zero gradient divides nothing by zero; 0 or more.
    pub eps: f64,
    /// What the sum of squares starts from, 0 or more.
    pub initial_accumulator_value: f64,
    /// The coefficient of the L2 penalty, 0 or more.
    pub weight_decay: f64,
}

impl Default for Adagrad {
    fn default() -> Self {
        // PyTorch's defaults.
        Self {
            lr: 1e-2,
            lr_decay: 0.0,
            eps: 1e-10,
            initial_accumulator_value: 0.0,
            weight_decay: 0.0,
        }
    }
}

impl Adagrad {
    /// PyTorch's defaults with the given learning rate.
    pub fn lr(lr: f64) -> Self {
        Self { lr, ..Self::default() }
    }

    pub(super) fn check(&self) -> Result<()> {
        at_least_zero("Adagrad: lr", self.lr)?;
        at_least_zero("Adagrad: lr_decay", self.lr_decay)?;
        at_least_zero("Adagrad: eps", self.eps)?;
        let initial = self.initial_accumulator_value;
        at_least_zero("Adagrad: initial_accumulator_value", initial)?;
        at_least_zero("Adagrad: weight_decay", self.weight_decay)
    }

    pub(super) fn update<T: FloatDType + Float>(&self, at: At, part: Slices<'_, T>) {
        let rate = at.lr / (1.0 + (at.step - 1) as f64 * self.lr_decay);
        let (rate, eps) = (T::from_f64(rate), T::from_f64(self.eps));
        let decay = T::from_f64(at.weight_decay);
        let decayed = |g: T, w: T| if at.weight_decay == 0.0 { g } else { g + decay * w };
        let Slices { w, g, s: [sum, ..] } = part;
        each1(w, g, sum, |w, g, sum| {
            let g = decayed(g, *w);
            *sum += g * g;
            *w -= rate * g / (sum.sqrt() + eps);
        });
    }
}

impl From<Adagrad> for Rule {
    fn from(rule: Adagrad) -> Self {
        Self::Adagrad(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::super::trajectory::assert_follows;
    use super::*;

    // torch.optim.Adagrad(lr=0.1): see trajectory.rs for the script.
    const PLAIN_F32: [[f32; 3]; 3] = [
        [-0.5375, 0.9125, -0.85],
        [-0.70614654, 0.66821975, -0.81095237],
        [-1.2458355, -0.12105972, -0.82062835],
    ];
    const PLAIN_F64: [[f64; 3]; 3] = [
        [-0.5374999948800002, 0.9124999999466666, -0.8499999999955555],
        [-0.706146525163732, 0.6682196062537717, -0.810952395531827],
        [-1.2458357907047912, -0.12105993925307709, -0.8206283945242376],
    ];
    // lr=0.1, lr_decay=0.01, eps=1e-4, initial_accumulator_value=0.5, weight_decay=0.1
    const ALL_F32: [[f32; 3]; 3] = [
        [-0.43160015, 0.8273571, -0.8450963],
        [-0.38684863, 0.63840836, -0.7861108],
        [-0.19392873, 0.070909046, -0.73052084],
    ];
    const ALL_F64: [[f64; 3]; 3] = [
        [-0.4316001615194224, 0.8273571310823129, -0.8450962693663978],
        [-0.38684864467334096, 0.6384084087833608, -0.7861108319108105],
        [-0.19392869249404815, 0.0709091993164633, -0.7305209541177485],
    ];

    #[test]
    fn the_weights_go_where_pytorch_takes_them() {
        let plain = Adagrad::lr(0.1);
        assert_follows(plain, PLAIN_F32, PLAIN_F64);
        let (initial_accumulator_value, weight_decay) = (0.5, 0.1);
        let eps = 1e-4;
        let all = Adagrad { lr_decay: 0.01, eps, initial_accumulator_value, weight_decay, ..plain };
        assert_follows(all, ALL_F32, ALL_F64);
    }
}
