//! AdamW: Adam whose weight decay shrinks the weight itself, apart from the gradient.
//!
//! Not here: the running means, which are in `adam.rs`. Read next: `optimizer.rs`.

use candle_core::FloatDType;
use num_traits::Float;

use super::Adam;
use super::rule::{At, Rule};
use super::slices::Slices;
use crate::Result;

/// AdamW (Loshchilov and Hutter, 2019, arXiv:1711.05101), as `torch.optim.AdamW` does it.
///
/// The weight is first multiplied by `1 - lr * weight_decay`; the rest is [`Adam`] without its L2 penalty.
///
/// ```
/// use lab::optim::AdamW;
/// assert_eq!(AdamW::lr(1e-3).weight_decay, 0.01);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// The learning rate, 0 or more.
    pub lr: f64,
    /// How much is kept of the running mean and of the running mean square; each in `[0, 1)`.
    pub betas: (f64, f64),
    /// Added to the root so that a zero gradient divides nothing by zero; 0 or more.
    pub eps: f64,
    /// The part of the weight, times `lr`, that is taken away at every step; 0 or more.
    pub weight_decay: f64,
    /// Whether to divide by the largest mean square so far (Reddi et al., 2018, arXiv:1904.09237).
    pub amsgrad: bool,
}

impl Default for AdamW {
    fn default() -> Self {
        // PyTorch's defaults.
        Self { lr: 1e-3, betas: (0.9, 0.999), eps: 1e-8, weight_decay: 1e-2, amsgrad: false }
    }
}

impl AdamW {
    /// PyTorch's defaults with the given learning rate.
    pub fn lr(lr: f64) -> Self {
        Self { lr, ..Self::default() }
    }

    /// The same numbers as a rule of Adam.
    fn adam(&self) -> Adam {
        let Self { lr, betas, eps, weight_decay, amsgrad } = *self;
        Adam { lr, betas, eps, weight_decay, amsgrad }
    }

    pub(super) fn check(&self) -> Result<()> {
        self.adam().check_as("AdamW")
    }

    pub(super) fn update<T: FloatDType + Float>(&self, at: At, part: Slices<'_, T>) {
        let shrink = T::from_f64(1.0 - at.lr * at.weight_decay);
        self.adam().moments(at, part, |g, w| (g, w * shrink));
    }
}

impl From<AdamW> for Rule {
    fn from(rule: AdamW) -> Self {
        Self::AdamW(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::super::trajectory::assert_follows;
    use super::*;

    // torch.optim.AdamW(lr=0.01): see trajectory.rs for the script.
    const PLAIN_F32: [[f32; 3]; 3] = [
        [-0.4474562, 0.82241875, -0.759925],
        [-0.4889336, 0.7830029, -0.7760142],
        [-0.83105356, 0.29515225, -0.7702897],
    ];
    const PLAIN_F64: [[f64; 3]; 3] = [
        [-0.4474561988002621, 0.8224187494666667, -0.7599249999555555],
        [-0.4889336452873034, 0.7830030364242283, -0.7760142819001807],
        [-0.8310549545009311, 0.29515286973188665, -0.770291143279473],
    ];
    // lr=0.01, betas=(0.8, 0.99), eps=1e-4, weight_decay=0.1, amsgrad=True
    const ALL_F32: [[f32; 3]; 3] = [
        [-0.44657543, 0.8216822, -0.75924957],
        [-0.48301306, 0.7724172, -0.7634614],
        [-0.7705424, 0.24399982, -0.6950779],
    ];
    const ALL_F64: [[f64; 3]; 3] = [
        [-0.4465754375951294, 0.8216821695095949, -0.7592495555753077],
        [-0.4830130062931072, 0.7724169541028835, -0.7634612107935433],
        [-0.770541705117824, 0.24399885270309485, -0.6950770623490764],
    ];

    #[test]
    fn the_weights_go_where_pytorch_takes_them() {
        assert_follows(AdamW::lr(0.01), PLAIN_F32, PLAIN_F64);
        let (betas, amsgrad) = ((0.8, 0.99), true);
        let all = AdamW { lr: 0.01, betas, eps: 1e-4, weight_decay: 0.1, amsgrad };
        assert_follows(all, ALL_F32, ALL_F64);
    }
}
