//! The binary cross-entropy of logits: two classes, one number for each example.
//!
//! Not here: more classes (`cross_entropy.rs`).

use candle_core::{DType, Device, Tensor, WithDType};

use super::pair;
use crate::ops::{cpu, elements, scalar, sum};
use crate::{Error, Result};

/// The mean binary cross-entropy of logits (as `F.binary_cross_entropy_with_logits` of PyTorch).
///
/// `logits` are what the last layer gives, without sigmoid; `targets` are the probabilities of class 1, most
/// often 0 or 1. Both have the same shape and dtype, f32 or f64; the result is a scalar, at least 0. It is
/// `max(x, 0) - x y + ln(1 + exp(-|x|))`, finite for any finite logits; its gradient is `(sigmoid(x) - y) / n`.
///
/// # Errors
/// Shapes or dtypes differ, there are no numbers, a target is outside `[0, 1]`, or the targets depend on a
/// `Var` (no gradient is made for them).
///
/// ```
/// use lab::candle_core::{Device, Tensor};
/// let logits = Tensor::new(&[0f32, 1000.0], &Device::Cpu)?;
/// let targets = Tensor::new(&[1f32, 1.0], &Device::Cpu)?;
/// let loss = lab::loss::bce_with_logits(&logits, &targets)?.to_scalar::<f32>()?;
/// assert!((loss - 2f32.ln() / 2.0).abs() < 1e-6);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn bce_with_logits(logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
    pair::check("bce_with_logits", ["logits", "targets"], logits, targets)?;
    if targets.track_op() {
        return Err(Error::Argument(
            "bce_with_logits: targets получены из переменной (Var), а градиент по ответам не считается; \
             отсоедините их: targets.detach()"
                .into(),
        ));
    }
    let input = logits.to_device(&Device::Cpu)?.contiguous()?;
    let targets = targets.to_device(&Device::Cpu)?.contiguous()?;
    let loss = match input.dtype() {
        DType::F32 => mean::<f32>(&input, &targets)?,
        _ => mean::<f64>(&input, &targets)?,
    };
    Ok(loss.to_device(logits.device())?)
}

fn mean<T: WithDType>(input: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let n = input.elem_count();
    let mut gradient = None;
    let value = {
        let (input_storage, input_layout) = input.storage_and_layout();
        let (target_storage, target_layout) = targets.storage_and_layout();
        let x = elements::<T>(cpu(&input_storage)?, input_layout)?;
        let y = elements::<T>(cpu(&target_storage)?, target_layout)?;
        if let Some(i) = y.iter().position(|y| !(0.0..=1.0).contains(&y.to_f64())) {
            return Err(Error::Argument(format!(
                "bce_with_logits: targets[{i}] = {} (по порядку элементов), а нужна вероятность от 0 до 1; \
                 метки -1 и 1 переводит в 0 и 1 выражение ((targets + 1.0)? / 2.0)?",
                y[i]
            )));
        }
        if input.track_op() {
            let one = |(x, y): (&T, &T)| T::from_f64((sigmoid(x.to_f64()) - y.to_f64()) / n as f64);
            let numbers: Vec<T> = x.iter().zip(y).map(one).collect();
            gradient = Some(Tensor::from_vec(numbers, input.dims(), input.device())?);
        }
        sum(n, |i| loss_of(x[i].to_f64(), y[i].to_f64())) / n as f64
    };
    Ok(scalar(input, value, gradient)?)
}

fn loss_of(x: f64, y: f64) -> f64 {
    // Not `max(0)`: a NaN must stay one.
    let positive = if x < 0.0 { 0.0 } else { x };
    positive - x * y + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f64) -> f64 {
    // exp of a number that is not positive cannot overflow.
    let small = (-x.abs()).exp();
    if x < 0.0 { small / (1.0 + small) } else { 1.0 / (1.0 + small) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::Var;

    /// Recorded from PyTorch 2: `F.binary_cross_entropy_with_logits(x, y)` in float64, and `x.grad`.
    #[test]
    fn equals_pytorch_also_where_logits_are_huge() {
        let x = [0.0, 0.5, -3.0, 1e4, -1e4, 1e4, -1e4, 20.0];
        let y = [1.0, 0.25, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0];
        let gradient = [
            -0.0625,
            0.046557416400231824,
            -0.11907176585280416,
            0.0,
            0.0,
            0.125,
            -0.125,
            0.12499999974235579,
        ];
        for (dtype, tolerance) in [(DType::F64, 1e-15), (DType::F32, 1e-7)] {
            let make = |v: &[f64]| Tensor::new(v, &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
            let logits = Var::from_tensor(&make(&x)).unwrap();
            let loss = bce_with_logits(&logits, &make(&y)).unwrap();
            let value = loss.to_dtype(DType::F64).unwrap().to_scalar::<f64>().unwrap();
            assert!((value / 2503.073851439797 - 1.0).abs() < tolerance, "{value}");
            let grads = loss.backward().unwrap();
            let grad = grads.get(&logits).unwrap().to_dtype(DType::F64).unwrap();
            let grad = grad.to_vec1::<f64>().unwrap();
            assert!(grad.iter().zip(gradient).all(|(a, b)| (a - b).abs() < tolerance), "{grad:?}");
        }
    }

    #[test]
    fn moderate_logits_equal_pytorch() {
        let logits = Tensor::new(&[[0f64], [0.5], [-3.0]], &Device::Cpu).unwrap();
        let targets = Tensor::new(&[[1f64], [0.25], [1.0]], &Device::Cpu).unwrap();
        let value = bce_with_logits(&logits, &targets).unwrap().to_scalar::<f64>().unwrap();
        assert!((value - 1.5302705054379313).abs() < 1e-15, "{value}");
    }

    #[test]
    fn wrong_targets_are_told() {
        let logits = Tensor::zeros((2, 1), DType::F32, &Device::Cpu).unwrap();
        let text = |targets: &Tensor| bce_with_logits(&logits, targets).unwrap_err().to_string();
        let error = text(&Tensor::new(&[[1f32], [-1.0]], &Device::Cpu).unwrap());
        assert!(error.contains("targets[1] = -1") && error.contains("от 0 до 1"), "{error}");
        assert!(text(&Tensor::new(&[[f32::NAN], [0.0]], &Device::Cpu).unwrap()).contains("NaN"));
        assert!(text(&Tensor::new(&[1f32, 0.0], &Device::Cpu).unwrap()).contains("broadcasting"));
        let labels = Tensor::new(&[[1u32], [0]], &Device::Cpu).unwrap();
        assert!(text(&labels).contains("targets.to_dtype(logits.dtype())?"));
        let var = Var::from_tensor(&logits).unwrap();
        assert!(text(&var).contains("detach"));
    }
}
