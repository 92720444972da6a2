//! Which parts of the last features speak for a class. Read next: `overlay.rs`, which draws the map.

use candle_core::{DType, Device, IndexOp, Tensor, Var};

use super::occlusion::{checked_logits, sides};
use crate::{Error, Result};

/// A part of a model: from one tensor to the next.
type Part<'a> = &'a dyn Fn(&Tensor) -> candle_core::Result<Tensor>;

/// The map of Grad-CAM, f32 `(h, w)` from 0 to 1, highest where the features raise the logit of `class` most
/// (Selvaraju et al., 2016, arXiv:1610.02391).
///
/// The model is given in two parts: `features` takes the image as a batch `(1, 3, H, W)` to the last maps
/// `(1, C, h, w)`, `head` takes these to logits `(1, K)`, both as in evaluation. Each map is weighted by the mean of the
/// derivatives of the logit by it; of the sum only what is above 0 counts, divided by its maximum. A class for which
/// nothing speaks gives zeros. Only `head` is differentiated.
///
/// # Errors
/// A shape is wrong, `class` is outside `0..K`, the logits do not depend on the features, a part fails, or the map
/// is not finite.
///
/// ```
/// use lab::{candle_core::{Device, Tensor}, vision::pictures::grad_cam};
/// let image = Tensor::ones((3, 4, 4), lab::candle_core::DType::F32, &Device::Cpu)?;
/// // The class 0 is the mean of all features.
/// let map = grad_cam(&|x| x.avg_pool2d(2), &|f| f.mean((2, 3)), &image, 0)?;
/// assert_eq!(map.to_vec2::<f32>()?, [[1.0, 1.0], [1.0, 1.0]]);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn grad_cam(features: Part, head: Part, image: &Tensor, class: usize) -> Result<Tensor> {
    sides("grad_cam", image)?;
    let maps = features(&image.detach().unsqueeze(0)?)?;
    if maps.elem_count() == 0 || !matches!(maps.dims(), [1, _, _, _]) {
        return Err(Error::Argument(format!(
            "grad_cam: features вернула форму {:?}, а нужна (1, C, h, w): признаки до усреднения по картинке",
            maps.dims()
        )));
    }
    // A variable of its own: the derivatives end here.
    let maps = Var::from_tensor(&maps.detach())?;
    let logits = checked_logits("grad_cam", head(&maps)?, 1, class)?;
    let gradients = logits.i((0, class))?.backward()?;
    let slopes = gradients.get(&maps).ok_or_else(|| {
        Error::Argument(
            "grad_cam: логиты не зависят от признаков: head должна считать их из того, что ей дали"
                .into(),
        )
    })?;
    let weights = slopes.mean_keepdim((2, 3))?; // (1, C, 1, 1)
    let map = maps.detach().broadcast_mul(&weights)?.sum((0, 1))?; // (h, w)
    let map = map.to_dtype(DType::F32)?.to_device(&Device::Cpu)?;
    let finite = map.flatten_all()?.to_vec1::<f32>()?.iter().all(|number| number.is_finite());
    if !finite {
        return Err(Error::Argument(
            "grad_cam: в карте есть NaN или бесконечность: модель разошлась".into(),
        ));
    }
    let map = map.relu()?;
    let highest = map.max_all()?.to_scalar::<f32>()?;
    Ok(if highest > 0.0 { (map / f64::from(highest))? } else { map })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The maps of the test, whatever the image is.
    fn maps(_image: &Tensor) -> candle_core::Result<Tensor> {
        let numbers = [1f32, 2.0, 3.0, 4.0, 2.0, -1.0, 0.0, 1.0, 0.5, 0.5, -1.0, 2.0];
        Tensor::new(&numbers, &Device::Cpu)?.reshape((1, 3, 2, 2))
    }

    fn head(maps: &Tensor) -> candle_core::Result<Tensor> {
        let weights = Tensor::new(&[[1f32, -2.0, 0.5], [-1.0, 1.0, 2.0]], &Device::Cpu)?;
        maps.tanh()?.mean((2, 3))?.matmul(&weights.t()?)
    }

    fn image() -> Tensor {
        Tensor::zeros((3, 4, 4), DType::F32, &Device::Cpu).unwrap()
    }

    // A = torch.tensor([[[1., 2], [3, 4]], [[2, -1], [0, 1]], [[.5, .5], [-1, 2]]])[None].requires_grad_()
    // W = torch.tensor([[1., -2, .5], [-1, 1, 2]])
    // (torch.tanh(A).mean((2, 3)) @ W.T)[0, k].backward()
    // c = torch.relu((A.grad.mean((2, 3), keepdim=True) * A).sum((0, 1))); print(c / c.max())
    #[test]
    fn the_numbers_of_pytorch() {
        let expected = [[[0.0, 1.0], [0.0887, 0.0467]], [[0.6599, 0.0], [0.0, 1.0]]];
        for (class, expected) in expected.iter().enumerate() {
            let map = grad_cam(&maps, &head, &image(), class).unwrap();
            let map = map.to_vec2::<f32>().unwrap();
            for (row, expected) in map.iter().zip(expected) {
                let near =
                    row.iter().zip(expected).all(|(a, b): (&f32, &f32)| (a - b).abs() < 1e-4);
                assert!(near, "{class}: {map:?}");
            }
        }
    }

    #[test]
    fn a_class_that_nothing_speaks_for_has_zeros() {
        let against = |maps: &Tensor| maps.sqr()?.mean((2, 3))?.narrow(1, 0, 1)?.neg();
        let map = grad_cam(&maps, &against, &image(), 0).unwrap();
        assert_eq!(map.to_vec2::<f32>().unwrap(), [[0.0; 2]; 2]);
    }

    #[test]
    fn wrong_parts_are_told() {
        let error = |features: Part, head: Part, class| {
            grad_cam(features, head, &image(), class).unwrap_err().to_string()
        };
        assert!(error(&maps, &head, 2).contains("class = 2, а у модели классов 2"));
        let pooled = |x: &Tensor| x.mean((2, 3));
        assert!(error(&pooled, &head, 0).contains("[1, 3]"), "{}", error(&pooled, &head, 0));
        let constant = |_: &Tensor| Tensor::zeros((1, 2), DType::F32, &Device::Cpu);
        assert!(error(&maps, &constant, 0).contains("логиты не зависят от признаков"));
        assert!(error(&maps, &|x: &Tensor| Ok(x.clone()), 0).contains("нужны логиты (1, K)"));
        let broken = |x: &Tensor| maps(x)? / 0.0;
        assert!(error(&broken, &head, 0).contains("NaN"));
        let batch = image().unsqueeze(0).unwrap();
        assert!(grad_cam(&maps, &head, &batch, 0).unwrap_err().to_string().contains("x.i(0)?"));
    }
}
