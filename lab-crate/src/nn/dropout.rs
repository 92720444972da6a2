//! Dropout: random zeros while training. Not here: the product with the mask (`ops/mask.rs`).

use std::sync::{Mutex, PoisonError};

use candle_core::{DType, Tensor};
use candle_nn::ModuleT;

use crate::{Error, Result, Rng, ops};

/// Sets each number to 0 with probability `p` while training and divides the others by `1 - p`; does nothing
/// otherwise (as `nn.Dropout` of PyTorch; Srivastava et al., 2014).
///
/// It is a `candle_nn::ModuleT`: `drop.forward_t(&x, train)?`, for x of any shape, f32 or f64. Masks come from the
/// seed, one after another, so a run repeats when its calls come in the same order.
///
/// ```
/// use lab::{candle_core::{DType, Device, Tensor}, candle_nn::ModuleT, nn::Dropout};
/// let drop = Dropout::new(0.5, 1)?;
/// let x = Tensor::ones((2, 3), DType::F32, &Device::Cpu)?;
/// let y = drop.forward_t(&x, true)?.flatten_all()?.to_vec1::<f32>()?;
/// assert!(y.iter().all(|&v| v == 0.0 || v == 2.0));
/// assert_eq!(drop.forward_t(&x, false)?.to_vec2::<f32>()?, x.to_vec2::<f32>()?);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Debug)]
pub struct Dropout {
    p: f64,
    rng: Mutex<Rng>,
}

impl Dropout {
    /// Dropout with probability `p` of a zero, in `[0, 1)`.
    ///
    /// # Errors
    /// `p` is outside `[0, 1)`.
    pub fn new(p: f64, seed: u64) -> Result<Self> {
        if !(0.0..1.0).contains(&p) {
            return Err(Error::Argument(format!(
                "Dropout: p = {p}, а нужна вероятность нуля от 0 до 1 (не включая 1), обычно 0.2-0.5"
            )));
        }
        Ok(Self { p, rng: Mutex::new(Rng::seed(seed)) })
    }

    /// The probability of a zero.
    ///
    /// ```
    /// assert_eq!(lab::nn::Dropout::new(0.2, 1)?.p(), 0.2);
    /// assert!(lab::nn::Dropout::new(1.0, 1).is_err()); // nothing would be left
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn p(&self) -> f64 {
        self.p
    }

    /// A mask of 0 and `1 / (1 - p)` like `x`.
    fn mask(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = 1.0 / (1.0 - self.p);
        let mut one = || if rng.uniform() < self.p { 0.0 } else { kept };
        let n = x.elem_count();
        let mask = match x.dtype() {
            DType::F32 => {
                let numbers: Vec<f32> = (0..n).map(|_| one() as f32).collect();
                Tensor::from_vec(numbers, x.dims(), &candle_core::Device::Cpu)?
            }
            _ => {
                let numbers: Vec<f64> = (0..n).map(|_| one()).collect();
                Tensor::from_vec(numbers, x.dims(), &candle_core::Device::Cpu)?
            }
        };
        mask.to_device(x.device())
    }
}

impl ModuleT for Dropout {
    fn forward_t(&self, x: &Tensor, train: bool) -> candle_core::Result<Tensor> {
        ops::require_real("Dropout", "вход x", x)?;
        if !train || self.p == 0.0 {
            return Ok(x.clone());
        }
        ops::mul_mask(x, &self.mask(x)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::{Device, Var};

    #[test]
    fn zeros_have_their_share_and_the_mean_stays() {
        let x = Tensor::ones((100, 200), DType::F32, &Device::Cpu).unwrap();
        let y = Dropout::new(0.3, 1).unwrap().forward_t(&x, true).unwrap();
        let y = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let zeros = y.iter().filter(|v| **v == 0.0).count() as f64 / 20_000.0;
        assert!((zeros - 0.3).abs() < 0.015, "{zeros}");
        let mean = y.iter().map(|v| f64::from(*v)).sum::<f64>() / 20_000.0;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
    }

    #[test]
    fn the_gradient_has_the_same_mask() {
        let x = Var::ones((4, 5), DType::F64, &Device::Cpu).unwrap();
        let y = Dropout::new(0.5, 3).unwrap().forward_t(&x, true).unwrap();
        let grads = y.sum_all().unwrap().backward().unwrap();
        let grad = grads.get(&x).unwrap().to_vec2::<f64>().unwrap();
        assert_eq!(grad, y.to_vec2::<f64>().unwrap());
        assert!(
            grad.iter().flatten().any(|g| *g == 0.0) && grad.iter().flatten().any(|g| *g == 2.0)
        );
    }

    #[test]
    fn seeds_repeat_and_calls_differ() {
        let x = Tensor::ones(50, DType::F32, &Device::Cpu).unwrap();
        let run = |drop: &Dropout| drop.forward_t(&x, true).unwrap().to_vec1::<f32>().unwrap();
        let (a, b) = (Dropout::new(0.5, 9).unwrap(), Dropout::new(0.5, 9).unwrap());
        let first = run(&a);
        assert_eq!(first, run(&b));
        assert_ne!(first, run(&a));
        assert_eq!(run(&Dropout::new(0.0, 9).unwrap()), [1.0; 50]);
    }

    #[test]
    fn wrong_probabilities_and_types_are_told() {
        for p in [-0.1, 1.0, 1.5, f64::NAN] {
            let error = Dropout::new(p, 0).unwrap_err().to_string();
            assert!(error.contains(&format!("p = {p}")), "{error}");
        }
        let whole = Tensor::ones(2, DType::U8, &Device::Cpu).unwrap();
        let error = Dropout::new(0.5, 0).unwrap().forward_t(&whole, true).unwrap_err().to_string();
        assert!(error.contains("u8"), "{error}");
    }
}
