//! The logarithm of softmax over the last dimension, with a gradient.
//!
//! Shapes: `N` rows (any leading dimensions), `C` classes. Not here: the losses that need it
//! (`loss/cross_entropy.rs`), which compute value and gradient in one pass. Read next: `scalar.rs`.

use candle_core::{CpuStorage, CustomOp1, D, DType, Layout, Shape, Tensor, WithDType, bail};

use super::elements::{cpu, elements, require_real};
use crate::{Error, Result};

/// `log(softmax(x))` over the last dimension: x `(..., C)`, result `(..., C)`; f32 or f64.
///
/// # Errors
/// `x` is a scalar or neither f32 nor f64.
pub(crate) fn log_softmax(x: &Tensor) -> Result<Tensor> {
    require_real("log_softmax", "вход x", x)?;
    if x.rank() == 0 {
        return Err(Error::Argument(
            "log_softmax: вход x - одно число, а нужен тензор формы (..., C), где C - число классов".into(),
        ));
    }
    if x.device().is_cpu() {
        return Ok(x.contiguous()?.apply_op1(LogSoftmax)?);
    }
    Ok(candle_nn::ops::log_softmax(x, D::Minus1)?)
}

/// `ln(exp(x_0) + exp(x_1) + ...)` without overflow: the largest number is taken out first.
///
/// Fills `exponents` with `exp(x_i - max)` and returns the logarithm and the sum of `exponents`.
pub(crate) fn log_sum_exp<T: WithDType>(row: &[T], exponents: &mut Vec<f64>) -> (f64, f64) {
    let max = row.iter().map(|x| x.to_f64()).fold(f64::NEG_INFINITY, f64::max);
    exponents.clear();
    exponents.extend(row.iter().map(|x| (x.to_f64() - max).exp()));
    let sum: f64 = exponents.iter().sum();
    (max + sum.ln(), sum)
}

struct LogSoftmax;

impl CustomOp1 for LogSoftmax {
    fn name(&self) -> &'static str {
        "lab-log-softmax"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let classes = layout.dims().last().copied().unwrap_or(1);
        let y = match x {
            CpuStorage::F32(_) => CpuStorage::F32(forward(elements(x, layout)?, classes)),
            CpuStorage::F64(_) => CpuStorage::F64(forward(elements(x, layout)?, classes)),
            _ => bail!("lab-log-softmax: нужен тип f32 или f64"),
        };
        Ok((y, layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, grad: &Tensor) -> candle_core::Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        let gradient = match x.dtype() {
            DType::F32 => backward::<f32>(y, &grad)?,
            _ => backward::<f64>(y, &grad)?,
        };
        Ok(Some(gradient))
    }
}

fn forward<T: WithDType>(x: &[T], classes: usize) -> Vec<T> {
    let mut y = Vec::with_capacity(x.len());
    let mut exponents = Vec::with_capacity(classes);
    for row in x.chunks_exact(classes.max(1)) {
        let (log, _) = log_sum_exp(row, &mut exponents);
        y.extend(row.iter().map(|x| T::from_f64(x.to_f64() - log)));
    }
    y
}

/// The gradient of row `n`: `grad - exp(y) * sum(grad)`.
fn backward<T: WithDType>(y: &Tensor, grad: &Tensor) -> candle_core::Result<Tensor> {
    let classes = y.dim(D::Minus1)?.max(1);
    let (y_storage, y_layout) = y.storage_and_layout();
    let (grad_storage, grad_layout) = grad.storage_and_layout();
    let logs = elements::<T>(cpu(&y_storage)?, y_layout)?;
    let grads = elements::<T>(cpu(&grad_storage)?, grad_layout)?;
    let mut gradient = Vec::with_capacity(logs.len());
    for (logs, grads) in logs.chunks_exact(classes).zip(grads.chunks_exact(classes)) {
        let sum: f64 = grads.iter().map(|g| g.to_f64()).sum();
        let one = |(g, y): (&T, &T)| T::from_f64(g.to_f64() - y.to_f64().exp() * sum);
        gradient.extend(grads.iter().zip(logs).map(one));
    }
    Tensor::from_vec(gradient, y.dims(), y.device())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Rng;
    use candle_core::{Device, Var};

    #[test]
    fn equals_plain_candle() {
        let mut rng = Rng::seed(1);
        for shape in [vec![7], vec![5, 10], vec![2, 3, 4], vec![3, 1], vec![0, 4], vec![2, 0]] {
            let x = rng.randn(shape, &Device::Cpu).unwrap().to_dtype(DType::F64).unwrap();
            let x = Var::from_tensor(&x).unwrap();
            let factors = rng.randn(x.shape(), &Device::Cpu).unwrap().to_dtype(DType::F64).unwrap();
            let ours = log_softmax(&x).unwrap();
            assert_eq!(ours.dims(), x.dims());
            if ours.elem_count() == 0 {
                continue;
            }
            let plain = candle_nn::ops::log_softmax(x.as_tensor(), D::Minus1).unwrap();
            let grad = |y: &Tensor| {
                let grads = (y * &factors).unwrap().sum_all().unwrap().backward().unwrap();
                grads.get(&x).unwrap().clone()
            };
            for (a, b) in [(&ours, &plain), (&grad(&ours), &grad(&plain))] {
                let gap = (a - b).unwrap().abs().unwrap().max_all().unwrap();
                assert!(gap.to_scalar::<f64>().unwrap() < 1e-14);
            }
        }
    }

    #[test]
    fn saturated_rows_are_finite() {
        let x = Tensor::new(&[[1e4f32, -1e4, 0.0], [-1e4, -1e4, -1e4]], &Device::Cpu).unwrap();
        let y = log_softmax(&x).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(y[0], [0.0, -2e4, -1e4]);
        assert!(y[1].iter().all(|v| (v + 3f32.ln()).abs() < 1e-3), "{y:?}");
    }

    #[test]
    fn a_number_and_whole_numbers_are_told() {
        let error = log_softmax(&Tensor::new(1f32, &Device::Cpu).unwrap()).unwrap_err().to_string();
        assert!(error.contains("одно число"), "{error}");
        let error =
            log_softmax(&Tensor::new(&[1u32], &Device::Cpu).unwrap()).unwrap_err().to_string();
        assert!(error.contains("u32") && error.contains("f32"), "{error}");
    }
}
