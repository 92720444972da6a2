//! From bytes to numbers: scaling and normalizing.
//!
//! A byte has 256 values, so both steps together are one table for each channel, with the very numbers
//! that PyTorch computes. Read next: `compose.rs`.

use super::transform::Transform;
use crate::vision::view::{Tables, unit_values};
use crate::{Error, Result};

/// Makes a tensor `(3, H, W)` of f32 in `[0, 1]` of an image (torchvision's `ToTensor`).
///
/// ```
/// use lab::{Rng, vision::{Image, transforms::{Compose, ToTensor}}};
/// let image = Image::new(1, 1, vec![0, 51, 255])?;
/// let x = Compose::new().then(ToTensor).tensor(&image, &mut Rng::seed(0))?;
/// assert_eq!(x.flatten_all()?.to_vec1::<f32>()?, [0.0, 0.2, 1.0]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToTensor;

/// Subtracts a mean from each channel and divides it by a deviation (torchvision's `Normalize`).
///
/// ```
/// use lab::{Rng, vision::{Image, transforms::{Compose, Normalize, ToTensor}}};
/// let image = Image::new(1, 1, vec![0, 255, 255])?;
/// let chain = Compose::new().then(ToTensor).then(Normalize::new([0.5; 3], [0.5; 3]));
/// let x = chain.tensor(&image, &mut Rng::seed(0))?;
/// assert_eq!(x.flatten_all()?.to_vec1::<f32>()?, [-1.0, 1.0, 1.0]);
/// assert_eq!(Normalize::imagenet().mean, [0.485, 0.456, 0.406]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalize {
    /// The means of red, green and blue, for numbers in `[0, 1]`.
    pub mean: [f32; 3],
    /// The standard deviations, above 0.
    pub std: [f32; 3],
}

impl Normalize {
    /// With the given means and deviations of red, green and blue.
    pub fn new(mean: [f32; 3], std: [f32; 3]) -> Self {
        Self { mean, std }
    }

    /// With the statistics of ImageNet, on which torchvision's models were trained.
    pub fn imagenet() -> Self {
        Self::new([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    }

    pub(super) fn check(&self) -> Result<()> {
        let is_bad = |std: &f32| !(std.is_finite() && *std > 0.0);
        if self.mean.iter().any(|mean| !mean.is_finite()) || self.std.iter().any(is_bad) {
            return Err(Error::Argument(format!(
                "Normalize: mean = {:?}, std = {:?}, а нужны конечные числа, std больше 0",
                self.mean, self.std
            )));
        }
        Ok(())
    }
}

/// What the bytes of each channel become after the steps that follow `ToTensor`.
pub(super) fn tables(steps: &[Transform]) -> Tables {
    let mut tables = [unit_values(); 3];
    for step in steps {
        let Transform::Normalize(Normalize { mean, std }) = step else { continue };
        for ((table, mean), std) in tables.iter_mut().zip(mean).zip(std) {
            table.iter_mut().for_each(|value| *value = (*value - mean) / std);
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Compose;
    use super::*;
    use crate::Rng;
    use crate::vision::Image;

    #[test]
    fn the_numbers_are_those_of_torchvision_to_the_last_bit() {
        // import numpy as np; from PIL import Image; from torchvision import transforms as T
        // a = np.array([[[0, 1, 2], [127, 128, 200]], [[254, 255, 3], [77, 33, 99]]], np.uint8)
        // t = T.Compose([T.ToTensor(), T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
        // print([hex(v) for v in t(Image.fromarray(a)).flatten().numpy().view(np.uint32)])
        let expected: [u32; 12] = [
            0xc0078bbd, 0x3d6939a6, 0x400ed58a, 0xbf4c9ec9, 0xc0012a4f, 0x3e521b48, 0x401b6db7,
            0xbfba9f30, 0xbfe281cc, 0x3fd737ef, 0xbfe046ad, 0xbda1b2b9,
        ];
        let pixels = vec![0, 1, 2, 127, 128, 200, 254, 255, 3, 77, 33, 99];
        let image = Image::new(2, 2, pixels).unwrap();
        let chain = Compose::new().then(ToTensor).then(Normalize::imagenet());
        let x = chain.tensor(&image, &mut Rng::seed(0)).unwrap().flatten_all().unwrap();
        let bits: Vec<u32> = x.to_vec1::<f32>().unwrap().iter().map(|v| v.to_bits()).collect();
        assert_eq!(bits, expected);
    }

    #[test]
    fn a_deviation_of_zero_is_told() {
        let step = Normalize::new([0.0; 3], [1.0, 0.0, 1.0]);
        assert!(step.check().unwrap_err().to_string().contains("std = [1.0, 0.0, 1.0]"));
        assert!(Normalize::new([f32::NAN; 3], [1.0; 3]).check().is_err());
    }
}
