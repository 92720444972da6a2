//! Where a covered part of the image lowers the probability of a class. Read next: `overlay.rs`, which draws the map.

use candle_core::{D, DType, Device, Tensor};
use candle_nn::ModuleT;

use crate::{Error, Result, check_interrupted};

/// How the image is covered.
///
/// ```
/// use lab::vision::pictures::Occlusion;
/// let fine = Occlusion { stride: 8, ..Occlusion::default() };
/// assert_eq!((224 / fine.stride, fine.window), (28, 48)); // 28 x 28 places of the square
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Occlusion {
    /// The side of the covering square in pixels. 48: about a fifth of an image of 224 pixels.
    pub window: usize,
    /// The step from one place of the square to the next, also the side of a cell of the map. 16: 14 x 14 places at 224.
    pub stride: usize,
    /// Covered images that go through the model together. 16: their activations fit the memory of a laptop.
    pub batch_size: usize,
}

impl Default for Occlusion {
    fn default() -> Self {
        Self { window: 48, stride: 16, batch_size: 16 }
    }
}

/// The drop of the probability of `class` when a square around each place is covered, f32 `(h, w)` with
/// `h = ceil(H / stride)`: from -1 to 1, higher where the model needs what is there, below 0 where that disturbs.
///
/// Cell `(i, j)` belongs to the square whose middle is that of the pixels `stride * i ..` and `stride * j ..`; at the
/// edge the square is cut. The square gets 0, the mean colour of a normalised image, so that it is grey (Zeiler and
/// Fergus, 2013, arXiv:1311.2901). `model` takes `(N, 3, H, W)` to logits `(N, K)` and is run as in evaluation;
/// `image` is `(3, H, W)`, f32 or f64. It costs one more image through the model than the map has cells.
///
/// # Errors
/// A shape is wrong, `class` is outside `0..K`, an option is 0, the cell is interrupted, or the model fails.
///
/// ```
/// use lab::{Rng, candle_core::{Device, Result, Tensor}, vision::pictures::{Occlusion, occlusion}};
/// /// Says class 1 the surer the brighter the upper left corner is.
/// struct Corner;
/// impl lab::candle_nn::ModuleT for Corner {
///     fn forward_t(&self, x: &Tensor, _train: bool) -> Result<Tensor> {
///         let bright = x.narrow(2, 0, 8)?.narrow(3, 0, 8)?.mean((1, 2, 3))?.unsqueeze(1)?;
///         Tensor::cat(&[&bright.zeros_like()?, &bright], 1)
///     }
/// }
/// let image = Tensor::ones((3, 32, 32), lab::candle_core::DType::F32, &Device::Cpu)?;
/// let options = Occlusion { window: 8, stride: 8, ..Occlusion::default() };
/// let map = occlusion(&Corner, &image, 1, &options)?.to_vec2::<f32>()?;
/// assert!(map[0][0] > 0.2 && map[3][3] == 0.0);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn occlusion(
    model: &dyn ModuleT,
    image: &Tensor,
    class: usize,
    options: &Occlusion,
) -> Result<Tensor> {
    let Occlusion { window, stride, batch_size } = *options;
    if window.min(stride).min(batch_size) == 0 {
        return Err(Error::Argument(format!(
            "Occlusion: window = {window}, stride = {stride}, batch_size = {batch_size}, а нужны числа от 1"
        )));
    }
    let (height, width) = sides("occlusion", image)?;
    let (rows, columns) = (height.div_ceil(stride), width.div_ceil(stride));
    let pixels = image.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
    let whole = probabilities(model, std::slice::from_ref(&pixels), image, class)?[0];
    let covered = |place: usize| {
        let mut pixels = pixels.clone();
        let (ys, xs) =
            (span(place / columns, height, options), span(place % columns, width, options));
        for row in (0..3).flat_map(|c| ys.clone().map(move |y| c * height + y)) {
            pixels[row * width..][xs.clone()].fill(0.0);
        }
        pixels
    };
    let mut drops = Vec::with_capacity(rows * columns);
    let places: Vec<usize> = (0..rows * columns).collect();
    for batch in places.chunks(batch_size) {
        check_interrupted()?;
        let images: Vec<Vec<f32>> = batch.iter().map(|&place| covered(place)).collect();
        drops.extend(probabilities(model, &images, image, class)?.iter().map(|p| whole - p));
    }
    Ok(Tensor::from_vec(drops, (rows, columns), &Device::Cpu)?)
}

/// Height and width of an image `(3, H, W)`.
///
/// # Errors
/// It has another shape, no pixels, or is neither f32 nor f64.
pub(super) fn sides(name: &str, image: &Tensor) -> Result<(usize, usize)> {
    match (image.dims(), image.dtype()) {
        (&[3, height, width], DType::F32 | DType::F64) if height * width > 0 => Ok((height, width)),
        (dims, dtype) => Err(Error::Argument(format!(
            "{name}: дана картинка формы {dims:?} типа {}, а нужна одна, (3, H, W), f32 или f64, в том виде, \
             в каком её получает модель; из пакета её берёт x.i(0)?",
            dtype.as_str()
        ))),
    }
}

/// The pixels that the square at place `i` of a side covers.
fn span(i: usize, side: usize, options: &Occlusion) -> std::ops::Range<usize> {
    // Twice the middle, so that halves stay whole.
    let middle = (2 * i + 1) * options.stride;
    let from = (middle.saturating_sub(options.window) / 2).min(side);
    from..((middle + options.window) / 2).clamp(from, side)
}

/// The probability of `class` for each image, given as the pixels of images like `image`.
fn probabilities(
    model: &dyn ModuleT,
    images: &[Vec<f32>],
    image: &Tensor,
    class: usize,
) -> Result<Vec<f32>> {
    let (_, height, width) = image.dims3()?;
    let shape = (images.len(), 3, height, width);
    let x = Tensor::from_vec(images.concat(), shape, &Device::Cpu)?;
    let x = x.to_dtype(image.dtype())?.to_device(image.device())?;
    let logits = checked_logits("occlusion", model.forward_t(&x, false)?, images.len(), class)?;
    let probabilities = candle_nn::ops::softmax(&logits.to_dtype(DType::F32)?, D::Minus1)?;
    Ok(probabilities.narrow(1, class, 1)?.flatten_all()?.to_vec1()?)
}

/// Logits `(N, K)` that have `class`.
///
/// # Errors
/// The shape is another, or `K` is not above `class`.
pub(super) fn checked_logits(
    name: &str,
    logits: Tensor,
    count: usize,
    class: usize,
) -> Result<Tensor> {
    match logits.dims() {
        &[n, classes] if n == count && class < classes => Ok(logits),
        &[n, classes] if n == count => Err(Error::Argument(format!(
            "{name}: class = {class}, а у модели классов {classes}, номера от 0"
        ))),
        dims => Err(Error::Argument(format!(
            "{name}: модель вернула форму {dims:?}, а нужны логиты ({count}, K)"
        ))),
    }
}

#[cfg(test)]
mod tests;
