//! The negative log-likelihood of log-probabilities. Not here: logits (`cross_entropy.rs`).

use candle_core::{DType, Device, Tensor, WithDType};

use super::labels;
use crate::Result;
use crate::ops::{cpu, elements, scalar, sum};

/// The mean of `-log_probs[n, labels[n]]` (as `F.nll_loss` of PyTorch).
///
/// `log_probs` is `(N, C)`, f32 or f64, as [`log_softmax`](crate::nn::log_softmax) gives it; `labels` is
/// `(N)`, u32 (or u8, i64), in `0..C`. The result is a scalar. For logits take
/// [`cross_entropy`](super::cross_entropy()).
///
/// # Errors
/// A shape or dtype is wrong, the batch is empty, or a label is outside `0..C`.
///
/// ```
/// use lab::candle_core::{Device, Tensor};
/// let log_probs = lab::nn::log_softmax(&Tensor::new(&[[0f32, 0.0]], &Device::Cpu)?)?;
/// let loss = lab::loss::nll(&log_probs, &Tensor::new(&[1u32], &Device::Cpu)?)?;
/// assert!((loss.to_scalar::<f32>()? - 2f32.ln()).abs() < 1e-6);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn nll(log_probs: &Tensor, labels: &Tensor) -> Result<Tensor> {
    let classes = labels::read("nll", "log_probs", log_probs, labels)?;
    let input = log_probs.to_device(&Device::Cpu)?.contiguous()?;
    let loss = match input.dtype() {
        DType::F32 => picked_mean::<f32>(&input, &classes)?,
        _ => picked_mean::<f64>(&input, &classes)?,
    };
    Ok(loss.to_device(log_probs.device())?)
}

fn picked_mean<T: WithDType>(input: &Tensor, labels: &[usize]) -> Result<Tensor> {
    let (n, classes) = input.dims2()?;
    let value = {
        let (storage, layout) = input.storage_and_layout();
        let numbers = elements::<T>(cpu(&storage)?, layout)?;
        -sum(n, |i| numbers[i * classes + labels[i]].to_f64()) / n as f64
    };
    let mut gradient = None;
    if input.track_op() {
        let mut numbers = vec![T::zero(); n * classes];
        for (row, &label) in numbers.chunks_exact_mut(classes).zip(labels) {
            row[label] = T::from_f64(-1.0 / n as f64);
        }
        gradient = Some(Tensor::from_vec(numbers, (n, classes), input.device())?);
    }
    Ok(scalar(input, value, gradient)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::Var;

    #[test]
    fn value_and_gradient() {
        let x = Var::new(&[[-0.5f64, -1.0], [-2.0, -0.25], [-3.0, -4.0]], &Device::Cpu).unwrap();
        for dtype in [DType::U8, DType::U32, DType::I64] {
            let labels = Tensor::new(&[1u32, 1, 0], &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
            let loss = nll(&x, &labels).unwrap();
            assert!((loss.to_scalar::<f64>().unwrap() - 4.25 / 3.0).abs() < 1e-15);
            let grad = loss.backward().unwrap().get(&x).unwrap().to_vec2::<f64>().unwrap();
            let third = -1.0 / 3.0;
            assert_eq!(grad, [[0.0, third], [0.0, third], [third, 0.0]]);
        }
    }

    #[test]
    fn wrong_labels_are_told() {
        let x = Tensor::zeros((3, 2), DType::F32, &Device::Cpu).unwrap();
        let text = |labels: &Tensor| nll(&x, labels).unwrap_err().to_string();
        let new = |labels: &[i64]| Tensor::new(labels, &Device::Cpu).unwrap();
        let error = text(&new(&[0, 1, 2]));
        assert!(error.contains("labels[2] равна 2") && error.contains("от 1"), "{error}");
        let error = text(&new(&[0, -1, 0]));
        assert!(error.contains("labels[1] равна -1") && error.contains("от 0 до 1"), "{error}");
        assert!(text(&new(&[0, 1])).contains("нужна [3]"));
        assert!(text(&new(&[0, 1, 1]).unsqueeze(1).unwrap()).contains("squeeze(1)"));
        assert!(text(&x.to_dtype(DType::U8).unwrap()).contains("argmax"));
        assert!(text(&new(&[0, 1, 1]).to_dtype(DType::F32).unwrap()).contains("DType::U32"));
    }

    #[test]
    fn wrong_log_probabilities_are_told() {
        let labels = Tensor::new(&[0u32], &Device::Cpu).unwrap();
        let text = |x: Tensor| nll(&x, &labels).unwrap_err().to_string();
        let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
        assert!(text(zeros(&[4])).contains("unsqueeze(0)"));
        assert!(text(zeros(&[1, 2, 3])).contains("(N, C)"));
        assert!(text(zeros(&[1, 2]).to_dtype(DType::U32).unwrap()).contains("u32"));
        let none = labels.narrow(0, 0, 0).unwrap();
        assert!(nll(&zeros(&[0, 2]), &none).unwrap_err().to_string().contains("пуст"));
        assert!(text(zeros(&[1, 0])).contains("при 0 классах"));
    }
}
