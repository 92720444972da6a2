//! A picture in a figure: pixels from a tensor, shrunk to what is seen, as bytes for an SVG.
//!
//! Not here: where it stands (`layer.rs`), grids of photos (`vision/pictures`).

use candle_core::{DType, Device, Tensor};

use crate::{Error, Result};

/// A picture of no more pixels stays exact (PNG): its pixels are seen one by one, as those of a digit are.
const EXACT: usize = 64 * 64;
/// The quality of a JPEG, of 100: twice as large as at 75, and nobody sees what is lost.
const QUALITY: u8 = 85;

/// Red, green and blue of each pixel, row by row from the top.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// The picture of a tensor `(3, H, W)`, `(1, H, W)` or `(H, W)`: f32 or f64 in [0, 1] (clipped), or u8.
    ///
    /// # Errors
    /// Another shape or dtype, no pixels, or NaN.
    pub(crate) fn of(image: &Tensor) -> Result<Self> {
        let wrong = || {
            Error::Plot(format!(
                "дана картинка формы {:?} типа {}, а нужна (3, H, W), (1, H, W) или (H, W): числа f32 \
                 от 0 до 1 или u8. Одну картинку из пакета берёт x.i(0)?",
                image.dims(),
                image.dtype().as_str()
            ))
        };
        let (channels, height, width) = match image.dims() {
            [height, width] => (1, *height, *width),
            [channels @ (1 | 3), height, width] => (*channels, *height, *width),
            _ => return Err(wrong()),
        };
        let scale = match image.dtype() {
            DType::U8 => 1.0,
            DType::F32 | DType::F64 => 255.0,
            _ => return Err(wrong()),
        };
        if width * height == 0 || width.max(height) > usize::from(u16::MAX) {
            return Err(wrong());
        }
        let image = image.to_device(&Device::Cpu)?.to_dtype(DType::F32)?;
        let numbers = image.flatten_all()?.to_vec1::<f32>()?;
        if numbers.iter().any(|number| number.is_nan()) {
            return Err(Error::Plot("в картинке есть NaN: посмотрите, где он появился".into()));
        }
        let area = width * height;
        let byte = |number: f32| (number * scale).round().clamp(0.0, 255.0) as u8;
        let pixel = |i| [0, 1, 2].map(|c| byte(numbers[(c % channels) * area + i]));
        Ok(Self { width, height, pixels: (0..area).map(pixel).collect() })
    }

    /// The picture with other sides: each new pixel is the mean of the area it covers.
    /// Enlarged, the pixels are seen as squares.
    pub(crate) fn resized(&self, width: usize, height: usize) -> Self {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let (across, down) = (shares(self.width, width), shares(self.height, height));
        let mut rows = Vec::with_capacity(self.height * width);
        for row in self.pixels.chunks(self.width) {
            rows.extend(
                across.iter().map(|(start, parts)| mean(parts, |i| row[start + i].map(f32::from))),
            );
        }
        let pixels = down.iter().flat_map(|(start, parts)| {
            let rows = &rows;
            (0..width).map(move |x| {
                mean(parts, |i| rows[(start + i) * width + x]).map(|part| part.round() as u8)
            })
        });
        Self { width, height, pixels: pixels.collect() }
    }

    /// The picture as bytes and their media type, with no more than `width` x `height` pixels.
    ///
    /// # Errors
    /// PNG or JPEG cannot be written.
    pub(super) fn encoded(&self, width: usize, height: usize) -> Result<(&'static str, Vec<u8>)> {
        let small = self.resized(width.clamp(1, self.width), height.clamp(1, self.height));
        if small.pixels.len() > EXACT {
            return Ok(("image/jpeg", small.to_jpeg()?));
        }
        Ok(("image/png", small.to_png()?))
    }

    /// The picture as JPEG, which is never quite exact.
    ///
    /// # Errors
    /// A side has more than 65,535 pixels.
    fn to_jpeg(&self) -> Result<Vec<u8>> {
        let failed = |text: String| Error::Plot(format!("не удалось записать JPEG: {text}"));
        let side = |n: usize| u16::try_from(n).map_err(|error| failed(error.to_string()));
        let (width, height) = (side(self.width)?, side(self.height)?);
        let mut bytes = Vec::new();
        jpeg_encoder::Encoder::new(&mut bytes, QUALITY)
            .encode(self.pixels.as_flattened(), width, height, jpeg_encoder::ColorType::Rgb)
            .map_err(|error| failed(error.to_string()))?;
        Ok(bytes)
    }

    /// The picture as PNG.
    ///
    /// # Errors
    /// PNG cannot be written.
    pub(crate) fn to_png(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let written = encoder.write_header().and_then(|mut writer| {
            writer.write_image_data(self.pixels.as_flattened())?;
            writer.finish()
        });
        written.map_err(|error| Error::Plot(format!("не удалось записать PNG: {error}")))?;
        Ok(bytes)
    }
}

/// For each of `new` pixels: the first of `old` pixels it covers, and the share of it and of the next ones.
fn shares(old: usize, new: usize) -> Vec<(usize, Vec<f32>)> {
    let step = old as f64 / new as f64;
    let one = |i: usize| {
        let (from, to) = (i as f64 * step, (i + 1) as f64 * step);
        let (first, last) = (from as usize, (to.ceil() as usize).min(old));
        let part = |j: usize| (to.min((j + 1) as f64) - from.max(j as f64)) / step;
        (first.min(old - 1), (first..last.max(first + 1)).map(|j| part(j) as f32).collect())
    };
    (0..new).map(one).collect()
}

/// The mean of pixels with weights.
fn mean(parts: &[f32], pixel: impl Fn(usize) -> [f32; 3]) -> [f32; 3] {
    let mut sum = [0.0; 3];
    for (i, part) in parts.iter().enumerate() {
        let pixel = pixel(i);
        (0..3).for_each(|c| sum[c] += part * pixel[c]);
    }
    sum
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn grey(width: usize, numbers: &[u8]) -> Picture {
        let pixels: Vec<[u8; 3]> = numbers.iter().map(|&n| [n; 3]).collect();
        Picture { width, height: numbers.len() / width, pixels }
    }

    #[test]
    fn tensors_of_all_kinds_become_the_same_pixels() {
        let bytes = Tensor::new(&[[0u8, 51, 255]], &Device::Cpu).unwrap();
        let expected = grey(3, &[0, 51, 255]);
        assert_eq!(Picture::of(&bytes).unwrap(), expected);
        // 0.2 * 255 = 51; what is outside of 0 and 1 is clipped.
        let floats = Tensor::new(&[[[-3f32, 0.2, 1.5]]], &Device::Cpu).unwrap();
        assert_eq!(Picture::of(&floats).unwrap(), expected);
        assert_eq!(Picture::of(&floats.to_dtype(DType::F64).unwrap()).unwrap(), expected);
        let color = Tensor::new(&[[[1u8, 2]], [[3, 4]], [[5, 6]]], &Device::Cpu).unwrap();
        assert_eq!(Picture::of(&color).unwrap().pixels, [[1, 3, 5], [2, 4, 6]]);
    }

    #[test]
    fn what_is_no_picture_is_told() {
        let error = |shape: &[usize], dtype| {
            let tensor = Tensor::zeros(shape, dtype, &Device::Cpu).unwrap();
            Picture::of(&tensor).unwrap_err().to_string()
        };
        let batch = error(&[2, 3, 8, 8], DType::F32);
        assert!(batch.contains("[2, 3, 8, 8]") && batch.contains("x.i(0)?"), "{batch}");
        assert!(error(&[2, 8, 8], DType::F32).contains("(3, H, W)"));
        assert!(error(&[8, 8], DType::I64).contains("i64"));
        assert!(error(&[3, 0, 8], DType::F32).contains("[3, 0, 8]"));
        let nan = Tensor::new(&[[f32::NAN]], &Device::Cpu).unwrap();
        assert!(Picture::of(&nan).unwrap_err().to_string().contains("NaN"));
    }

    #[test]
    fn smaller_pixels_are_means_and_larger_ones_squares() {
        let picture = grey(4, &[0, 20, 100, 100, 40, 60, 100, 200]);
        assert_eq!(picture.resized(2, 1), grey(2, &[30, 125]));
        // Three pixels in two: each new one has a whole and a half of the old ones.
        assert_eq!(grey(3, &[30, 60, 90]).resized(2, 1), grey(2, &[40, 80]));
        assert_eq!(grey(2, &[7, 9]).resized(4, 2), grey(4, &[7, 7, 9, 9, 7, 7, 9, 9]));
        assert_eq!(picture.resized(4, 2), picture);
        // The mean of a picture stays, whatever its sides.
        let mut rng = crate::Rng::seed(1);
        for _ in 0..50 {
            let (width, height) = (1 + rng.below(40), 1 + rng.below(40));
            let numbers: Vec<u8> = (0..width * height).map(|_| rng.below(256) as u8).collect();
            let mean = |picture: &Picture| {
                let sum: u64 = picture.pixels.iter().map(|pixel| u64::from(pixel[0])).sum();
                sum as f64 / picture.pixels.len() as f64
            };
            let old = grey(width, &numbers);
            let new = old.resized(1 + rng.below(60), 1 + rng.below(60));
            assert!((mean(&old) - mean(&new)).abs() < 0.5, "{} {}", mean(&old), mean(&new));
        }
    }

    #[test]
    fn small_pictures_stay_exact_and_large_ones_are_shrunk() {
        let photo = grey(100, &[90; 100 * 80]);
        let (media, bytes) = photo.encoded(1000, 1000).unwrap();
        assert_eq!(media, "image/jpeg");
        // Height and width stand in the frame header.
        let start = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        assert_eq!(bytes[start + 5..start + 9], [0, 80, 0, 100]);
        let (media, bytes) = photo.encoded(50, 40).unwrap();
        assert_eq!((media, &bytes[16..24]), ("image/png", &[0, 0, 0, 50, 0, 0, 0, 40][..]));
        assert_eq!(photo.encoded(0, 0).unwrap().0, "image/png");
    }
}
