//! Random changes of the colours. Not here: their arithmetic (`color.rs`).

use super::{color, uniform};
use crate::vision::view::View;
use crate::{Error, Result, Rng};

/// Changes brightness, contrast, saturation and hue at random, in random order (torchvision's `ColorJitter`).
///
/// Each of the first three is drawn from `[max(0, 1 - v), 1 + v]`, the hue from `[-v, v]` of a turn.
///
/// ```
/// use lab::{Rng, vision::{Image, transforms::{ColorJitter, Compose}}};
/// let image = Image::new(1, 1, vec![100, 100, 100])?;
/// let jitter = ColorJitter { brightness: 0.5, contrast: 0.0, saturation: 0.0, hue: 0.0 };
/// let light = Compose::new().then(jitter).image(&image, &mut Rng::seed(1))?;
/// assert!((50..=150).contains(&light.pixels()[0])); // a factor from 0.5 to 1.5
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ColorJitter {
    /// How much the brightness changes, from 0; 0 leaves it.
    pub brightness: f64,
    /// How much the contrast changes, from 0.
    pub contrast: f64,
    /// How much the saturation changes, from 0.
    pub saturation: f64,
    /// How far the hue turns, from 0 to 0.5.
    pub hue: f64,
}

impl ColorJitter {
    pub(super) fn check(&self) -> Result<()> {
        let fields = [
            ("brightness", self.brightness, f64::MAX),
            ("contrast", self.contrast, f64::MAX),
            ("saturation", self.saturation, f64::MAX),
            ("hue", self.hue, 0.5),
        ];
        match fields.iter().find(|(_, value, most)| !(0.0..=*most).contains(value)) {
            None => Ok(()),
            Some((name, value, most)) => {
                let range = if *most < 1.0 { "от 0 до 0.5" } else { "от 0" };
                Err(Error::Argument(format!(
                    "ColorJitter: {name} = {value}, а нужно число {range}"
                )))
            }
        }
    }

    pub(super) fn apply<'a>(&self, view: View<'a>, rng: &mut Rng) -> Result<View<'a>> {
        // The numbers are drawn in any case, so that a field of 0 changes nothing else.
        let order = rng.permutation(4);
        let mut factor = |v: f64| uniform(rng, ((1.0 - v).max(0.0), 1.0 + v)) as f32;
        let factors = [factor(self.brightness), factor(self.contrast), factor(self.saturation)];
        let turn = uniform(rng, (-self.hue, self.hue));
        if *self == Self::default() {
            return Ok(view);
        }
        let mut image = view.into_image()?;
        for step in order {
            match step {
                0 if self.brightness > 0.0 => color::brightness(&mut image, factors[0]),
                1 if self.contrast > 0.0 => color::contrast(&mut image, factors[1]),
                2 if self.saturation > 0.0 => color::saturation(&mut image, factors[2]),
                3 if self.hue > 0.0 => color::hue(&mut image, turn),
                _ => {}
            }
        }
        Ok(View::owned(image))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Compose;
    use super::*;
    use crate::vision::Image;

    #[test]
    fn only_what_is_asked_for_changes_and_within_its_bounds() {
        let image = Image::new(1, 1, vec![100, 50, 200]).unwrap();
        let chain = |step: ColorJitter| Compose::new().then(step);
        let mut rng = Rng::seed(1);
        let same = chain(ColorJitter::default()).image(&image, &mut rng).unwrap();
        assert_eq!(same, image);
        let step = ColorJitter { brightness: 0.5, ..Default::default() };
        let reds: Vec<u8> =
            (0..500).map(|_| chain(step).image(&image, &mut rng).unwrap().pixels()[0]).collect();
        let (least, most) = (reds.iter().min().unwrap(), reds.iter().max().unwrap());
        assert!((50..53).contains(least) && (147..=150).contains(most), "{least} {most}");
    }

    #[test]
    fn the_order_is_random() {
        let image = Image::new(2, 1, vec![10, 20, 30, 200, 100, 50]).unwrap();
        let step = ColorJitter { brightness: 0.9, contrast: 0.9, saturation: 0.9, hue: 0.3 };
        let one = |seed| Compose::new().then(step).image(&image, &mut Rng::seed(seed)).unwrap();
        assert_eq!(one(3), one(3));
        let mut seen: Vec<Vec<u8>> = (0..20).map(|seed| one(seed).pixels().to_vec()).collect();
        seen.sort();
        seen.dedup();
        assert!(seen.len() > 15, "{}", seen.len());
    }

    #[test]
    fn wrong_fields_are_told() {
        let none = ColorJitter::default();
        let error = |step: ColorJitter| step.check().unwrap_err().to_string();
        assert!(
            error(ColorJitter { hue: 0.6, ..none })
                .contains("hue = 0.6, а нужно число от 0 до 0.5")
        );
        assert!(error(ColorJitter { contrast: -1.0, ..none }).contains("contrast = -1"));
        assert!(error(ColorJitter { brightness: f64::NAN, ..none }).contains("brightness = NaN"));
        assert!(error(ColorJitter { brightness: f64::INFINITY, ..none }).contains("brightness"));
    }
}
