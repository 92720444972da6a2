//! A random part, brought to one size. Read next: `vision/view.rs`.

use super::{check_range, check_side, uniform};
use crate::vision::resize::resize;
use crate::vision::view::View;
use crate::{Result, Rng};

/// How often a part is drawn before the middle is taken, as in torchvision.
const TRIES: usize = 10;

/// Cuts out a random part and brings it to a size (torchvision's `RandomResizedCrop`; Szegedy and others,
/// "Going deeper with convolutions", 2014, arXiv:1409.4842).
///
/// The distribution is torchvision's; the numbers drawn are those of [`Rng`], not of PyTorch's generator.
///
/// ```
/// use lab::{Rng, vision::{Image, transforms::{Compose, RandomResizedCrop}}};
/// let crop = RandomResizedCrop { scale: (0.5, 1.0), ..RandomResizedCrop::new(32) };
/// let image = Image::new(60, 40, vec![128; 7200])?;
/// let part = Compose::new().then(crop).image(&image, &mut Rng::seed(42))?;
/// assert_eq!((part.width(), part.height()), (32, 32));
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomResizedCrop {
    /// Height and width of the result, in pixels.
    pub size: (usize, usize),
    /// The share of the area that the part has, from and to.
    pub scale: (f64, f64),
    /// Width divided by height of the part, from and to.
    pub ratio: (f64, f64),
}

impl RandomResizedCrop {
    /// A square of `side` by `side` pixels, with torchvision's `scale` and `ratio`.
    pub fn new(side: usize) -> Self {
        // As ImageNet's models are trained: from a small detail to the whole image.
        Self { size: (side, side), scale: (0.08, 1.0), ratio: (3.0 / 4.0, 4.0 / 3.0) }
    }

    pub(super) fn check(&self) -> Result<()> {
        check_side("RandomResizedCrop", self.size.0)?;
        check_side("RandomResizedCrop", self.size.1)?;
        // An empty part and a part without height cannot be drawn.
        check_range("RandomResizedCrop: scale", self.scale, f64::MIN_POSITIVE)?;
        check_range("RandomResizedCrop: ratio", self.ratio, f64::MIN_POSITIVE)
    }

    pub(super) fn apply<'a>(&self, view: View<'a>, rng: &mut Rng) -> Result<View<'a>> {
        let [left, top, width, height] = self.part(view.width(), view.height(), rng);
        // Cut first: pixels beside the part have no say in the result.
        resize(view.crop(left, top, width, height), self.size.1, self.size.0)
    }

    /// Left, top, width and height of the part of an image of `width` by `height` pixels.
    fn part(&self, width: usize, height: usize, rng: &mut Rng) -> [usize; 4] {
        let area = (width * height) as f64;
        let logs = (self.ratio.0.ln(), self.ratio.1.ln());
        for _ in 0..TRIES {
            let target = area * uniform(rng, self.scale);
            let ratio = uniform(rng, logs).exp();
            let w = (target * ratio).sqrt().round_ties_even() as usize;
            let h = (target / ratio).sqrt().round_ties_even() as usize;
            if (1..=width).contains(&w) && (1..=height).contains(&h) {
                let top = rng.below(height - h + 1);
                return [rng.below(width - w + 1), top, w, h];
            }
        }
        self.middle(width, height)
    }

    /// The largest part in the middle whose ratio is allowed.
    fn middle(&self, width: usize, height: usize) -> [usize; 4] {
        let ratio = width as f64 / height as f64;
        let rounded = |side: f64| (side.round_ties_even() as usize).max(1);
        let (w, h) = if ratio < self.ratio.0 {
            (width, rounded(width as f64 / self.ratio.0).min(height))
        } else if ratio > self.ratio.1 {
            (rounded(height as f64 * self.ratio.1).min(width), height)
        } else {
            (width, height)
        };
        [(width - w) / 2, (height - h) / 2, w, h]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Compose;
    use super::*;
    use crate::vision::Image;

    #[test]
    fn without_a_fitting_part_the_middle_is_taken() {
        // from torchvision.transforms import RandomResizedCrop as R; from PIL import Image
        // [R.get_params(Image.new("RGB", s), (2., 2.), (3/4, 4/3)) for s in ((100, 20), (20, 100), (50, 50), (7, 3))]
        // (top, left, height, width)
        let step = RandomResizedCrop { scale: (2.0, 2.0), ..RandomResizedCrop::new(8) };
        let part = |w, h| step.part(w, h, &mut Rng::seed(0));
        assert_eq!(part(100, 20), [36, 0, 27, 20]);
        assert_eq!(part(20, 100), [0, 36, 20, 27]);
        assert_eq!(part(50, 50), [0, 0, 50, 50]);
        assert_eq!(part(7, 3), [1, 0, 4, 3]);
    }

    #[test]
    fn the_parts_are_distributed_as_torchvisions() {
        // import torch; from torchvision.transforms import RandomResizedCrop as R; from PIL import Image
        // torch.manual_seed(0); im = Image.new("RGB", (500, 375))
        // p = torch.tensor([R.get_params(im, (.08, 1.), (3/4, 4/3)) for _ in range(200000)]).double()
        // p.mean(0); p.std(0); (p[:, 2] * p[:, 3] / 500 / 375 > .5).double().mean()
        // columns: top, left, height, width
        let step = RandomResizedCrop::new(224);
        let mut rng = Rng::seed(11);
        let n = 40_000;
        let parts: Vec<[usize; 4]> = (0..n).map(|_| step.part(500, 375, &mut rng)).collect();
        let moments = |column: usize| {
            let values = || parts.iter().map(|part| part[column] as f64);
            let mean = values().sum::<f64>() / n as f64;
            (mean, (values().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64).sqrt())
        };
        let expected: [(f64, f64); 4] =
            [(52.37, 50.75), (108.84, 80.47), (270.36, 70.25), (282.08, 86.34)];
        for (column, (mean, std)) in [1, 0, 3, 2].into_iter().zip(expected) {
            let ours = moments(column);
            assert!(
                (ours.0 - mean).abs() < 0.04 * mean && (ours.1 - std).abs() < 0.04 * std,
                "{ours:?}"
            );
        }
        let is_large = |part: &&[usize; 4]| part[2] * part[3] * 2 > 500 * 375;
        let large = parts.iter().filter(is_large).count() as f64 / n as f64;
        assert!((large - 0.3861).abs() < 0.015, "{large}");
    }

    #[test]
    fn every_size_gives_the_size_asked_for() {
        let mut rng = Rng::seed(2);
        for _ in 0..200 {
            let (w, h) = (1 + rng.below(40), 1 + rng.below(40));
            let image = Image::new(w, h, vec![9; w * h * 3]).unwrap();
            let step = RandomResizedCrop { size: (5, 3), ..RandomResizedCrop::new(1) };
            let out = Compose::new().then(step).image(&image, &mut rng).unwrap();
            assert_eq!((out.height(), out.width()), (5, 3));
            assert!(out.pixels().iter().all(|&byte| byte == 9));
        }
    }

    #[test]
    fn wrong_bounds_are_told() {
        let right = RandomResizedCrop::new(8);
        let error = |step: RandomResizedCrop| step.check().unwrap_err().to_string();
        assert!(
            error(RandomResizedCrop { scale: (1.0, 0.5), ..right }).contains("scale = (1, 0.5)")
        );
        assert!(error(RandomResizedCrop { ratio: (0.0, 1.0), ..right }).contains("ratio = (0, 1)"));
        assert!(error(RandomResizedCrop { ratio: (1.0, f64::NAN), ..right }).contains("ratio"));
        assert!(error(RandomResizedCrop { size: (8, 0), ..right }).contains("сторона 0"));
    }
}
