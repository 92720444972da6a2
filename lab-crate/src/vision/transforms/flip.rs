//! The mirror image. Read next: `random_resized_crop.rs`.

use crate::vision::view::View;
use crate::{Error, Result, Rng};

/// Swaps left and right with probability `p` (torchvision's `RandomHorizontalFlip`).
///
/// ```
/// use lab::{Rng, vision::{Image, transforms::{Compose, RandomHorizontalFlip}}};
/// let image = Image::new(2, 1, vec![1, 1, 1, 2, 2, 2])?;
/// let always = Compose::new().then(RandomHorizontalFlip { p: 1.0 });
/// assert_eq!(always.image(&image, &mut Rng::seed(0))?.pixels(), [2, 2, 2, 1, 1, 1]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomHorizontalFlip {
    /// The probability, in `[0, 1]`.
    pub p: f64,
}

impl Default for RandomHorizontalFlip {
    fn default() -> Self {
        // An insect looks as well to the left as to the right.
        Self { p: 0.5 }
    }
}

impl RandomHorizontalFlip {
    pub(super) fn check(&self) -> Result<()> {
        if (0.0..=1.0).contains(&self.p) {
            return Ok(());
        }
        let p = self.p;
        Err(Error::Argument(format!("RandomHorizontalFlip: p = {p}, а нужно число от 0 до 1")))
    }

    pub(super) fn apply<'a>(&self, view: View<'a>, rng: &mut Rng) -> View<'a> {
        if rng.uniform() < self.p { view.flip() } else { view }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Compose;
    use super::*;
    use crate::vision::Image;

    #[test]
    fn it_happens_as_often_as_asked() {
        let image = Image::new(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        let flipped = |p| {
            let chain = Compose::new().then(RandomHorizontalFlip { p });
            let mut rng = Rng::seed(1);
            let mut is_flipped =
                |_| chain.image(&image, &mut rng).unwrap().pixels() == [4, 5, 6, 1, 2, 3];
            (0..1000).filter(|&i: &u32| is_flipped(i)).count()
        };
        assert_eq!((flipped(0.0), flipped(1.0)), (0, 1000));
        assert!((450..550).contains(&flipped(0.5)), "{}", flipped(0.5));
        assert!(
            RandomHorizontalFlip { p: 1.5 }.check().unwrap_err().to_string().contains("p = 1.5")
        );
        assert!(RandomHorizontalFlip { p: f64::NAN }.check().is_err());
    }
}
