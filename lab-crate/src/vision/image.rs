//! An image in memory. Not here: files (`decode.rs`), parts of an image (`view.rs`).

use std::path::Path;

use candle_core::{Device, Tensor};

use super::decode;
use crate::{Error, Result};

/// Pixels of red, green and blue, one byte each, row by row from the top left (PIL's mode `RGB`).
///
/// ```
/// use lab::vision::Image;
/// let image = Image::new(2, 1, vec![255, 0, 0, 0, 0, 255])?;
/// assert_eq!((image.width(), image.height()), (2, 1));
/// assert_eq!(image.to_tensor()?.to_vec3::<f32>()?[2], [[0.0, 1.0]]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Image {
    /// An image of `pixels`: `height` rows of `width` triples.
    ///
    /// # Errors
    /// A side is 0, or the number of bytes is not `3 * width * height`.
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Result<Self> {
        let right = width.checked_mul(height).and_then(|area| area.checked_mul(3));
        if width == 0 || height == 0 || right != Some(pixels.len()) {
            return Err(Error::Argument(format!(
                "Image: даны ширина {width}, высота {height} и байтов {}, а нужны стороны от 1 и \
                 3 * ширина * высота байтов",
                pixels.len()
            )));
        }
        Ok(Self { width, height, pixels })
    }

    /// The image of a JPEG or PNG file, whatever its extension, converted as PIL's `convert("RGB")` does.
    ///
    /// The orientation of EXIF is ignored, as in torchvision.
    ///
    /// # Errors
    /// The file cannot be read, is not such an image, is damaged, or has more than 100 million pixels.
    ///
    /// ```
    /// use lab::vision::Image;
    /// # let path = std::env::temp_dir().join(format!("doc-open-{}.png", std::process::id()));
    /// let figure = lab::Figure::new().line(&[0.0, 1.0], &[0.0, 1.0])?.size(200, 160);
    /// figure.save(&path)?;
    /// let image = Image::open(&path)?;
    /// assert_eq!((image.width(), image.height()), (400, 320)); // two pixels for each pixel
    /// assert_eq!(image.pixels().len(), 400 * 320 * 3);
    /// # std::fs::remove_file(&path).ok();
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        decode::file(path.as_ref(), decode::MAX_PIXELS)
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The bytes: red, green, blue of the first pixel of the first row, and so on.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The bytes, to be changed in place.
    pub(super) fn pixels_mut(&mut self) -> &mut [u8] {
        &mut self.pixels
    }

    /// The image as a tensor `(3, height, width)` of f32 in `[0, 1]` (torchvision's `ToTensor`).
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn to_tensor(&self) -> Result<Tensor> {
        let mut planes = vec![0.0; self.pixels.len()];
        super::view::View::of(self).write(&[super::view::unit_values(); 3], &mut planes);
        Ok(Tensor::from_vec(planes, (3, self.height, self.width), &Device::Cpu)?)
    }
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Image({} x {})", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_tensor_has_the_channels_first() {
        let image = Image::new(2, 2, (0..12).map(|i| i * 20).collect()).unwrap();
        let x = image.to_tensor().unwrap();
        assert_eq!(x.dims(), [3, 2, 2]);
        let green = x.to_vec3::<f32>().unwrap()[1].concat();
        assert_eq!(green, [20.0 / 255.0, 80.0 / 255.0, 140.0 / 255.0, 200.0 / 255.0]);
    }

    #[test]
    fn a_wrong_number_of_bytes_is_told() {
        let error = Image::new(2, 2, vec![0; 11]).unwrap_err().to_string();
        assert!(error.contains("ширина 2, высота 2 и байтов 11"), "{error}");
        assert!(Image::new(0, 5, vec![]).is_err());
        assert!(Image::new(usize::MAX, 2, vec![]).is_err());
    }
}
