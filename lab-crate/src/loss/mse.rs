//! The mean squared error. Not here: losses of classification (`cross_entropy.rs`).

use candle_core::{DType, Device, Tensor, WithDType};

use super::pair;
use crate::Result;
use crate::ops::{cpu, elements, scalar, sum_of_pairs};

/// The mean of `(input - target)^2` over all numbers (as `F.mse_loss` of PyTorch).
///
/// `input` and `target` have the same shape and dtype, f32 or f64; the result is a scalar of that dtype.
/// Gradients go to both.
///
/// # Errors
/// Shapes or dtypes differ, or there are no numbers. Shapes `(N, 1)` and `(N)` are an error too: PyTorch
/// only warns, compares every prediction with every target, and the model learns nothing.
///
/// ```
/// use lab::candle_core::{Device, Tensor};
/// let input = Tensor::new(&[1f32, 2.0, 4.0], &Device::Cpu)?;
/// let target = Tensor::new(&[1f32, 1.0, 2.0], &Device::Cpu)?;
/// let loss = lab::loss::mse(&input, &target)?.to_scalar::<f32>()?;
/// assert!((loss - 5.0 / 3.0).abs() < 1e-6);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn mse(input: &Tensor, target: &Tensor) -> Result<Tensor> {
    pair::check("mse", ["input", "target"], input, target)?;
    let (x, y) = (input.to_device(&Device::Cpu)?, target.to_device(&Device::Cpu)?);
    // A target that needs a gradient shares the difference with the input.
    let (x, y) = if y.track_op() { ((&x - &y)?, x.zeros_like()?) } else { (x, y) };
    let (x, y) = (x.contiguous()?, y.contiguous()?);
    let loss = match x.dtype() {
        DType::F32 => mean_square::<f32>(&x, &y)?,
        _ => mean_square::<f64>(&x, &y)?,
    };
    Ok(loss.to_device(input.device())?)
}

/// The mean of the squares of `input - target`; the gradient by `input` is `2 (input - target) / n`.
fn mean_square<T: WithDType>(input: &Tensor, target: &Tensor) -> Result<Tensor> {
    let n = input.elem_count();
    let (mut gradient, factor) = (None, T::from_f64(2.0 / n as f64));
    let value = {
        let (input_storage, input_layout) = input.storage_and_layout();
        let (target_storage, target_layout) = target.storage_and_layout();
        let x = elements::<T>(cpu(&input_storage)?, input_layout)?;
        let y = elements::<T>(cpu(&target_storage)?, target_layout)?;
        if input.track_op() {
            let numbers: Vec<T> = pulp::Arch::new().dispatch(
                #[inline(always)]
                || x.iter().zip(y).map(|(&x, &y)| (x - y) * factor).collect(),
            );
            gradient = Some(Tensor::from_vec(numbers, input.dims(), input.device())?);
        }
        sum_of_pairs(x, y, |x, y| (x - y) * (x - y)) / n as f64
    };
    Ok(scalar(input, value, gradient)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::Var;

    #[test]
    fn value_and_both_gradients() {
        // ((2-1)^2 + (0-3)^2 + (5-5)^2 + (1-0)^2) / 4 = 11/4; gradient (2/4) * gap.
        for dtype in [DType::F32, DType::F64] {
            let make = |v: [[f64; 2]; 2]| {
                Var::from_tensor(&Tensor::new(&v, &Device::Cpu).unwrap().to_dtype(dtype).unwrap())
            };
            let input = make([[2.0, 0.0], [5.0, 1.0]]).unwrap();
            let target = make([[1.0, 3.0], [5.0, 0.0]]).unwrap();
            let loss = mse(&input, &target).unwrap();
            assert_eq!(loss.dtype(), dtype);
            assert_eq!(loss.to_dtype(DType::F64).unwrap().to_scalar::<f64>().unwrap(), 2.75);
            let grads = loss.backward().unwrap();
            let grad = |v: &Var| {
                grads.get(v).unwrap().to_dtype(DType::F64).unwrap().to_vec2::<f64>().unwrap()
            };
            assert_eq!(grad(&input), [[0.5, -1.5], [0.0, 0.5]]);
            assert_eq!(grad(&target), [[-0.5, 1.5], [0.0, -0.5]]);
        }
    }

    #[test]
    fn a_column_against_a_row_explains_broadcasting() {
        let column = Tensor::zeros((5, 1), DType::F32, &Device::Cpu).unwrap();
        let row = Tensor::zeros(5, DType::F32, &Device::Cpu).unwrap();
        let error = mse(&column, &row).unwrap_err().to_string();
        for part in ["[5, 1]", "[5]", "broadcasting", "5 x 5", "target.reshape(input.shape())?"] {
            assert!(error.contains(part), "{part}: {error}");
        }
        let error = mse(&row, &column.narrow(0, 0, 3).unwrap()).unwrap_err().to_string();
        assert!(error.contains("[3, 1]") && error.contains("одним и тем же примерам"), "{error}");
    }

    #[test]
    fn dtypes_and_empty_batches_are_told() {
        let x = Tensor::zeros(3, DType::F32, &Device::Cpu).unwrap();
        let error = mse(&x, &x.to_dtype(DType::F64).unwrap()).unwrap_err().to_string();
        assert!(error.contains("f32") && error.contains("f64"), "{error}");
        let whole = x.to_dtype(DType::U32).unwrap();
        assert!(mse(&whole, &whole).unwrap_err().to_string().contains("u32"));
        let empty = Tensor::zeros((0, 2), DType::F32, &Device::Cpu).unwrap();
        assert!(mse(&empty, &empty).unwrap_err().to_string().contains("[0, 2]"));
    }
}
