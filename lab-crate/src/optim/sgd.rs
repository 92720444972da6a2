//! Stochastic gradient descent: plain, with momentum, with Nesterov's momentum.
//!
//! Not here: the loop over parameters (`optimizer.rs`). Read next: `rmsprop.rs`.

use candle_core::FloatDType;
use num_traits::Float;

use super::rule::{At, Rule, at_least_zero, require};
use super::slices::{Slices, each0, each1};
use crate::Result;

/// Stochastic gradient descent, as `torch.optim.SGD` does it (momentum: Sutskever et al., ICML 2013).
///
/// With `g` the gradient plus `weight_decay * w`, and `b` the buffer:
/// `b = momentum * b + (1 - dampening) * g` (the first time `b = g`), then `w -= lr * b`;
/// with `nesterov` `w -= lr * (g + momentum * b)`.
///
/// ```
/// use lab::optim::Sgd;
/// let rule = Sgd { momentum: 0.9, nesterov: true, ..Sgd::lr(0.1) };
/// assert_eq!(rule.dampening, 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// The learning rate, 0 or more.
    pub lr: f64,
    /// How much of the last step is kept, 0 or more; 0 means no buffer at all.
    pub momentum: f64,
    /// How much less of the gradient enters the buffer.
    pub dampening: f64,
    /// Whether to look ahead (Nesterov); needs `momentum > 0` and `dampening = 0`.
    pub nesterov: bool,
    /// The coefficient of the L2 penalty, 0 or more.
    pub weight_decay: f64,
}

impl Default for Sgd {
    fn default() -> Self {
        // PyTorch's defaults.
        Self { lr: 1e-3, momentum: 0.0, dampening: 0.0, nesterov: false, weight_decay: 0.0 }
    }
}

impl Sgd {
    /// PyTorch's defaults with the given learning rate.
    pub fn lr(lr: f64) -> Self {
        Self { lr, ..Self::default() }
    }

    pub(super) fn check(&self) -> Result<()> {
        at_least_zero("Sgd: lr", self.lr)?;
        at_least_zero("Sgd: momentum", self.momentum)?;
        at_least_zero("Sgd: weight_decay", self.weight_decay)?;
        let dampening = self.dampening;
        require(dampening.is_finite(), "Sgd: dampening", dampening, "конечное число")?;
        if self.nesterov {
            let momentum = self.momentum;
            require(momentum > 0.0, "Sgd: momentum", momentum, "больше 0, раз nesterov = true")?;
            require(dampening == 0.0, "Sgd: dampening", dampening, "0, раз nesterov = true")?;
        }
        Ok(())
    }

    pub(super) fn update<T: FloatDType + Float>(&self, at: At, part: Slices<'_, T>) {
        let lr = T::from_f64(at.lr);
        let decay = T::from_f64(at.weight_decay);
        let decayed = |g: T, w: T| if at.weight_decay == 0.0 { g } else { g + decay * w };
        let Slices { w, g, s: [b, ..] } = part;
        if self.momentum == 0.0 {
            return each0(w, g, |w, g| *w -= lr * decayed(g, *w));
        }
        // The first time the buffer is the gradient itself.
        let (keep, take) =
            if at.fresh { (0.0, 1.0) } else { (self.momentum, 1.0 - self.dampening) };
        let (keep, take) = (T::from_f64(keep), T::from_f64(take));
        let momentum = T::from_f64(self.momentum);
        each1(w, g, b, |w, g, b| {
            let g = decayed(g, *w);
            *b = keep * *b + take * g;
            let step = if self.nesterov { g + momentum * *b } else { *b };
            *w -= lr * step;
        });
    }
}

impl From<Sgd> for Rule {
    fn from(rule: Sgd) -> Self {
        Self::Sgd(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::super::trajectory::assert_follows;
    use super::*;

    // torch.optim.SGD(lr=0.1): see trajectory.rs for the script.
    const PLAIN_F32: [[f32; 3]; 3] = [
        [-0.43769532, 0.83125, -0.975],
        [-0.44121096, 0.7000001, -0.85],
        [-0.47773433, -1.0874996, -1.0],
    ];
    const PLAIN_F64: [[f64; 3]; 3] = [
        [-0.4376953125, 0.83125, -0.975],
        [-0.4412109375, 0.7, -0.8500000000000001],
        [-0.47773437500000004, -1.0875000000000008, -1.0],
    ];
    // lr=0.1, momentum=0.9
    const MOMENTUM_F32: [[f32; 3]; 3] = [
        [-0.43769532, 0.83125, -0.975],
        [-0.45519868, 0.14739496, -1.6799228],
        [-0.8006372, -16.06123, -1.9011395],
    ];
    const MOMENTUM_F64: [[f64; 3]; 3] = [
        [-0.4376953125, 0.83125, -0.975],
        [-0.45519869642167965, 0.14739499110625, -1.679922933025],
        [-0.8006375202027817, -16.061234561284056, -1.9011400336814566],
    ];
    // lr=0.1, momentum=0.9, dampening=0.5, weight_decay=0.01
    const DAMPED_F32: [[f32; 3]; 3] = [
        [-0.43725783, 0.8304375, -0.97425],
        [-0.43651295, 0.5220119, -1.9182975],
        [-0.42184514, -6.462625, -1.5590918],
    ];
    const DAMPED_F64: [[f64; 3]; 3] = [
        [-0.4372578125, 0.8304375, -0.9742500000000001],
        [-0.43651291073043363, 0.5220119223175169, -1.91829764047905],
        [-0.4218451587946745, -6.462625879203745, -1.5590920677014533],
    ];
    // lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01
    const NESTEROV_F32: [[f32; 3]; 3] = [
        [-0.43703985, 0.8465812, -1.176075],
        [-0.43646002, 0.07028891, -1.6224042],
        [-0.41261038, -11.509043, -0.813993],
    ];
    const NESTEROV_F64: [[f64; 3]; 3] = [
        [-0.43703984375, 0.84658125, -1.1760750000000002],
        [-0.43646003518958637, 0.07028895171223622, -1.6224042655837783],
        [-0.41261038989654564, -11.509045938584583, -0.8139930972201413],
    ];

    #[test]
    fn the_weights_go_where_pytorch_takes_them() {
        let plain = Sgd::lr(0.1);
        assert_follows(plain, PLAIN_F32, PLAIN_F64);
        let momentum = Sgd { momentum: 0.9, ..plain };
        assert_follows(momentum, MOMENTUM_F32, MOMENTUM_F64);
        let decayed = Sgd { weight_decay: 0.01, ..momentum };
        assert_follows(Sgd { dampening: 0.5, ..decayed }, DAMPED_F32, DAMPED_F64);
        assert_follows(Sgd { nesterov: true, ..decayed }, NESTEROV_F32, NESTEROV_F64);
    }
}
