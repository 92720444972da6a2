//! Adam: a running mean of the gradient over its running root mean square.
//!
//! Not here: the loop over parameters (`optimizer.rs`). Read next: `adamw.rs`, which shares the arithmetic.

use candle_core::FloatDType;
use num_traits::Float;

use super::rmsprop::lerp;
use super::rule::{At, Rule, at_least_zero, below_one};
use super::slices::{Slices, each2, each3};
use crate::Result;

/// Adam (Kingma and Ba, 2015, arXiv:1412.6980), as `torch.optim.Adam` does it.
///
/// With `g` the gradient plus `weight_decay * w`: `m` and `v` are the running means of `g` and `g²`, both start
/// from zero and are divided by `1 - beta^step`; `w -= lr * m / (sqrt(v) + eps)`.
///
/// ```
/// use lab::optim::Adam;
/// assert_eq!(Adam::lr(1e-3).betas, (0.9, 0.999));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// The learning rate, 0 or more.
    pub lr: f64,
    /// How much is kept of the running mean and of the running mean square; each in `[0, 1)`.
    pub betas: (f64, f64),
    /// Added to the root so that a zero gradient divides nothing by zero; 0 or more.
    pub eps: f64,
    /// The coefficient of the L2 penalty, 0 or more.
    pub weight_decay: f64,
    /// Whether to divide by the largest mean square so far (Reddi et al., 2018, arXiv:1904.09237).
    pub amsgrad: bool,
}

impl Default for Adam {
    fn default() -> Self {
        // PyTorch's defaults.
        Self { lr: 1e-3, betas: (0.9, 0.999), eps: 1e-8, weight_decay: 0.0, amsgrad: false }
    }
}

impl Adam {
    /// PyTorch's defaults with the given learning rate.
    pub fn lr(lr: f64) -> Self {
        Self { lr, ..Self::default() }
    }

    pub(super) fn check(&self) -> Result<()> {
        self.check_as("Adam")
    }

    /// The same check for [`AdamW`](super::AdamW), under its own name.
    pub(super) fn check_as(&self, name: &str) -> Result<()> {
        at_least_zero(&format!("{name}: lr"), self.lr)?;
        below_one(&format!("{name}: betas.0"), self.betas.0)?;
        below_one(&format!("{name}: betas.1"), self.betas.1)?;
        at_least_zero(&format!("{name}: eps"), self.eps)?;
        at_least_zero(&format!("{name}: weight_decay"), self.weight_decay)
    }

    pub(super) fn update<T: FloatDType + Float>(&self, at: At, part: Slices<'_, T>) {
        let decay = T::from_f64(at.weight_decay);
        if at.weight_decay == 0.0 {
            self.moments(at, part, |g, w| (g, w));
        } else {
            self.moments(at, part, |g, w| (g + decay * w, w));
        }
    }

    /// The arithmetic of Adam after `decayed` has put the weight decay into the gradient or the weight.
    pub(super) fn moments<T: FloatDType + Float>(
        &self,
        at: At,
        part: Slices<'_, T>,
        decayed: impl Fn(T, T) -> (T, T),
    ) {
        let power = |beta: f64| 1.0 - beta.powf(at.step as f64);
        let size = T::from_f64(at.lr / power(self.betas.0));
        let root = T::from_f64(power(self.betas.1).sqrt());
        let (kept, keep) = (self.betas.0, T::from_f64(self.betas.1));
        let (take1, take2) = (T::from_f64(1.0 - self.betas.0), T::from_f64(1.0 - self.betas.1));
        let eps = T::from_f64(self.eps);
        let means = |g: T, m: &mut T, v: &mut T| {
            *m = lerp(*m, g, take1, kept);
            *v = *v * keep + take2 * g * g;
        };
        let Slices { w, g, s: [m, v, largest] } = part;
        if !self.amsgrad {
            return each2(w, g, m, v, |w, g, m, v| {
                let (g, old) = decayed(g, *w);
                means(g, m, v);
                *w = old - size * *m / (v.sqrt() / root + eps);
            });
        }
        each3(w, g, [m, v, largest], |w, g, m, v, largest| {
            let (g, old) = decayed(g, *w);
            means(g, m, v);
            // As torch.maximum: not a number wins.
            *largest = if *v > *largest || v.is_nan() { *v } else { *largest };
            *w = old - size * *m / (largest.sqrt() / root + eps);
        });
    }
}

impl From<Adam> for Rule {
    fn from(rule: Adam) -> Self {
        Self::Adam(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::super::trajectory::assert_follows;
    use super::*;

    // torch.optim.Adam(lr=0.01): see trajectory.rs for the script.
    const PLAIN_F32: [[f32; 3]; 3] = [
        [-0.44749996, 0.8225, -0.76],
        [-0.4893986, 0.7838126, -0.7767838],
        [-0.83745944, 0.30084684, -0.77803165],
    ];
    const PLAIN_F64: [[f64; 3]; 3] = [
        [-0.4474999488002621, 0.8224999994666667, -0.7599999999555556],
        [-0.48939858612665965, 0.7838126129589899, -0.7767838632212769],
        [-0.8374595911547553, 0.30084673764751246, -0.7780316600955582],
    ];
    // lr=0.01, betas=(0.8, 0.99), eps=1e-4, weight_decay=0.1
    const ALL_F32: [[f32; 3]; 3] = [
        [-0.42752388, 0.8224906, -0.7599995],
        [-0.34154522, 0.76090187, -0.766023],
        [-0.042694364, 0.20664082, -0.70627224],
    ];
    const ALL_F64: [[f64; 3]; 3] = [
        [-0.42752386812858956, 0.8224905970850964, -0.7599995402510229],
        [-0.34154526752804504, 0.7609019434501763, -0.7660229319176182],
        [-0.042694362762898626, 0.20664089747035727, -0.7062722947139733],
    ];
    // lr=0.01, betas=(0.4, 0.9), amsgrad=True; a first beta below a half takes the other branch of lerp.
    const AMSGRAD_F32: [[f32; 3]; 3] = [
        [-0.44749996, 0.8225, -0.76],
        [-0.48411566, 0.7788789, -0.7576887],
        [-0.81289285, 0.32197022, -0.7589005],
    ];
    const AMSGRAD_F64: [[f64; 3]; 3] = [
        [-0.4474999488002621, 0.8224999994666667, -0.7599999999555556],
        [-0.48411567817816215, 0.7788789229922712, -0.7576887301054784],
        [-0.8128925918621779, 0.3219701741614049, -0.7589005356521842],
    ];

    #[test]
    fn the_weights_go_where_pytorch_takes_them() {
        let plain = Adam::lr(0.01);
        assert_follows(plain, PLAIN_F32, PLAIN_F64);
        let all = Adam { betas: (0.8, 0.99), eps: 1e-4, weight_decay: 0.1, ..plain };
        assert_follows(all, ALL_F32, ALL_F64);
        let amsgrad = Adam { betas: (0.4, 0.9), amsgrad: true, ..plain };
        assert_follows(amsgrad, AMSGRAD_F32, AMSGRAD_F64);
    }
}
