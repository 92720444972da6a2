//! RMSprop: every weight has its own scale, a running root mean square of its gradient.
//!
//! Not here: the loop over parameters (`optimizer.rs`). Read next: `adam.rs`, which adds a running mean.

use candle_core::FloatDType;
use num_traits::Float;

use super::rule::{At, Rule, at_least_zero, below_one};
use super::slices::{Slices, each1, each2, each3};
use crate::Result;

/// RMSprop (Hinton, lecture 6e of "Neural Networks for Machine Learning", 2012), as `torch.optim.RMSprop` does it.
///
/// With `g` the gradient plus `weight_decay * w`: `v = alpha * v + (1 - alpha) * g²`, then
/// `w -= lr * g / (sqrt(v) + eps)`. `centered` takes the variance instead of the mean square (Graves, 2013,
/// arXiv:1308.0850); with `momentum` the quotient goes through a buffer `b = momentum * b + quotient` first.
///
/// ```
/// use lab::optim::RmsProp;
/// assert_eq!(RmsProp::lr(1e-3).alpha, 0.99);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp {
    /// The learning rate, 0 or more.
    pub lr: f64,
    /// How much of the running mean square is kept, in `[0, 1)`.
    pub alpha: f64,
    /// Added to the root so that a zero gradient divides nothing by zero; 0 or more.
    pub eps: f64,
    /// Whether to subtract the square of the running mean.
    pub centered: bool,
    /// How much of the last step is kept, 0 or more.
    pub momentum: f64,
    /// The coefficient of the L2 penalty, 0 or more.
    pub weight_decay: f64,
}

impl Default for RmsProp {
    fn default() -> Self {
        // PyTorch's defaults.
        Self { lr: 1e-2, alpha: 0.99, eps: 1e-8, centered: false, momentum: 0.0, weight_decay: 0.0 }
    }
}

impl RmsProp {
    /// PyTorch's defaults with the given learning rate.
    pub fn lr(lr: f64) -> Self {
        Self { lr, ..Self::default() }
    }

    pub(super) fn check(&self) -> Result<()> {
        at_least_zero("RmsProp: lr", self.lr)?;
        below_one("RmsProp: alpha", self.alpha)?;
        at_least_zero("RmsProp: eps", self.eps)?;
        at_least_zero("RmsProp: momentum", self.momentum)?;
        at_least_zero("RmsProp: weight_decay", self.weight_decay)
    }

    pub(super) fn update<T: FloatDType + Float>(&self, at: At, part: Slices<'_, T>) {
        let (lr, decay) = (T::from_f64(at.lr), T::from_f64(at.weight_decay));
        let (alpha, rest) = (T::from_f64(self.alpha), T::from_f64(1.0 - self.alpha));
        let (eps, momentum) = (T::from_f64(self.eps), T::from_f64(self.momentum));
        let decayed = |g: T, w: T| if at.weight_decay == 0.0 { g } else { g + decay * w };
        let square = |v: &mut T, g: T| *v = *v * alpha + rest * g * g;
        let spread = |v: T, m: &mut T, g: T| {
            *m = lerp(*m, g, rest, self.alpha);
            (v - *m * *m).sqrt() + eps
        };
        let push = |w: &mut T, b: &mut T, ratio: T| {
            *b = *b * momentum + ratio;
            *w -= lr * *b;
        };
        let Slices { w, g, s: [v, m, b] } = part;
        match (self.centered, self.momentum > 0.0) {
            (false, false) => each1(w, g, v, |w, g, v| {
                let g = decayed(g, *w);
                square(v, g);
                *w -= lr * g / (v.sqrt() + eps);
            }),
            (false, true) => each2(w, g, v, b, |w, g, v, b| {
                let g = decayed(g, *w);
                square(v, g);
                push(w, b, g / (v.sqrt() + eps));
            }),
            (true, false) => each2(w, g, v, m, |w, g, v, m| {
                let g = decayed(g, *w);
                square(v, g);
                *w -= lr * g / spread(*v, m, g);
            }),
            (true, true) => each3(w, g, [v, m, b], |w, g, v, m, b| {
                let g = decayed(g, *w);
                square(v, g);
                push(w, b, g / spread(*v, m, g));
            }),
        }
    }
}

/// From `from` towards `to` by the part `weight = 1 - kept`, in the order of operations of `torch.lerp`.
pub(super) fn lerp<T: Float>(from: T, to: T, weight: T, kept: f64) -> T {
    if kept > 0.5 { from + weight * (to - from) } else { to - (to - from) * (T::one() - weight) }
}

impl From<RmsProp> for Rule {
    fn from(rule: RmsProp) -> Self {
        Self::RmsProp(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::super::trajectory::assert_follows;
    use super::*;

    // torch.optim.RMSprop(lr=0.01): see trajectory.rs for the script.
    const PLAIN_F32: [[f32; 3]; 3] = [
        [-0.5374949, 0.91249996, -0.85],
        [-0.706992, 0.6677887, -0.8102707],
        [-1.3080233, -0.21135512, -0.8211991],
    ];
    const PLAIN_F64: [[f64; 3]; 3] = [
        [-0.5374948802621305, 0.9124999466666951, -0.8499999955555557],
        [-0.7069919366327826, 0.6677886663378786, -0.8102706243047326],
        [-1.3080234484398428, -0.21135520711609415, -0.8211989588996785],
    ];
    // lr=0.01, centered=True
    const CENTERED_F32: [[f32; 3]; 3] = [
        [-0.5379986, 0.91300374, -0.8505038],
        [-0.70910394, 0.6663974, -0.8110245],
        [-1.3300667, -0.2648565, -0.8221681],
    ];
    const CENTERED_F64: [[f64; 3]; 3] = [
        [-0.5379986100748616, 0.9130037276538961, -0.8505037770365835],
        [-0.7091040066213143, 0.6663973498878021, -0.8110244955459175],
        [-1.330067259404204, -0.2648566836852885, -0.8221681360403422],
    ];
    // lr=0.01, momentum=0.9
    const MOMENTUM_F32: [[f32; 3]; 3] = [
        [-0.5374949, 0.91249996, -0.85],
        [-1.9371883, 0.08184697, -1.235605],
        [-8.655016, -8.6431675, -1.3199526],
    ];
    const MOMENTUM_F64: [[f64; 3]; 3] = [
        [-0.5374948802621305, 0.9124999466666951, -0.8499999955555557],
        [-1.9371883662197058, 0.08184705203016841, -1.2356049965185754],
        [-8.655017761504713, -8.643167746643593, -1.3199524161106106],
    ];
    // lr=0.01, alpha=0.9, eps=1e-4, centered=True, momentum=0.5, weight_decay=0.1
    const ALL_F32: [[f32; 3]; 3] = [
        [-0.4044304, 0.84572905, -0.78332824],
        [-0.13674164, 0.6276429, -0.77622914],
        [-0.054823905, -0.5835477, -0.6368206],
    ];
    const ALL_F64: [[f64; 3]; 3] = [
        [-0.4044303993077018, 0.8457290852228303, -0.7833282255593013],
        [-0.1367416695638728, 0.6276429883591382, -0.7762292027390015],
        [-0.05482390122325852, -0.5835474303409155, -0.6368203955136569],
    ];

    #[test]
    fn the_weights_go_where_pytorch_takes_them() {
        let plain = RmsProp::lr(0.01);
        assert_follows(plain, PLAIN_F32, PLAIN_F64);
        assert_follows(RmsProp { centered: true, ..plain }, CENTERED_F32, CENTERED_F64);
        assert_follows(RmsProp { momentum: 0.9, ..plain }, MOMENTUM_F32, MOMENTUM_F64);
        let (centered, momentum) = (true, 0.5);
        let all =
            RmsProp { lr: 0.01, alpha: 0.9, eps: 1e-4, centered, momentum, weight_decay: 0.1 };
        assert_follows(all, ALL_F32, ALL_F64);
    }
}
