//! `x W^T + b`, with or without ReLU, as one operation with a gradient.
//!
//! Shapes: `N` rows (any leading dimensions), `K` inputs, `O` outputs. Not here: the layer that owns the
//! weights (`nn/linear.rs`). Read next: `gemm.rs`.

use std::borrow::Cow;

use candle_core::{CpuStorage, CustomOp3, DType, Layout, Shape, Tensor, WithDType, bail};

use super::elements::{cpu, elements, require_real};
use super::gemm::{Matrix, add_product};
use super::scalar::column_sums;
use crate::{Error, Result};

/// `x W^T + b`, then ReLU if `relu`: x `(..., K)`, weight `(O, K)`, bias `(O)`, result `(..., O)`; f32 or f64.
///
/// The gradient of ReLU at 0 is 0, as in PyTorch (candle's is 1).
///
/// # Errors
/// The shapes, dtypes or devices do not fit.
pub(crate) fn linear(x: &Tensor, weight: &Tensor, bias: &Tensor, relu: bool) -> Result<Tensor> {
    check(x, weight, bias)?;
    if x.device().is_cpu() {
        let (x, weight, bias) = (x.contiguous()?, weight.contiguous()?, bias.contiguous()?);
        return Ok(x.apply_op3(&weight, &bias, Linear { relu })?);
    }
    let y = x.broadcast_matmul(&weight.t()?)?.broadcast_add(bias)?;
    Ok(if relu { y.relu()? } else { y })
}

fn check(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<()> {
    require_real("linear", "вход x", x)?;
    let (outputs, inputs) = weight.dims2()?;
    if x.dims().last() != Some(&inputs) {
        return Err(Error::Argument(format!(
            "linear: вход x имеет форму {:?}, а слой с весами формы {:?} принимает (..., {inputs}): \
             последняя размерность входа равна числу признаков (изображения сначала выпрямляют: \
             x.flatten_from(1)?)",
            x.dims(),
            weight.dims(),
        )));
    }
    if bias.dims() != [outputs] {
        return Err(Error::Argument(format!(
            "linear: сдвиг имеет форму {:?}, а для весов формы {:?} нужна [{outputs}]",
            bias.dims(),
            weight.dims(),
        )));
    }
    for (name, other) in [("веса", weight), ("сдвиг", bias)] {
        if other.dtype() != x.dtype() {
            return Err(Error::Argument(format!(
                "linear: вход x имеет тип {}, а {name} - {}; типы должны совпадать: x.to_dtype(DType::{:?})?",
                x.dtype().as_str(),
                other.dtype().as_str(),
                other.dtype(),
            )));
        }
    }
    Ok(())
}

struct Linear {
    relu: bool,
}

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "lab-linear"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let (outputs, inputs) = weight_layout.shape().dims2()?;
        let mut dims = x_layout.dims().to_vec();
        if let Some(last) = dims.last_mut() {
            *last = outputs; // (..., O)
        }
        let arguments = [(x, x_layout), (weight, weight_layout), (bias, bias_layout)];
        let sizes = [outputs, inputs];
        let y = match x {
            CpuStorage::F32(_) => CpuStorage::F32(self.forward(arguments, sizes)?),
            CpuStorage::F64(_) => CpuStorage::F64(self.forward(arguments, sizes)?),
            _ => bail!("lab-linear: нужен тип f32 или f64"),
        };
        Ok((y, Shape::from(dims)))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        y: &Tensor,
        grad: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        match x.dtype() {
            DType::F32 => self.backward::<f32>(x, weight, bias, y, &grad),
            _ => self.backward::<f64>(x, weight, bias, y, &grad),
        }
    }
}

/// The gradients of the three arguments, of those that need one.
type Gradients = (Option<Tensor>, Option<Tensor>, Option<Tensor>);

impl Linear {
    /// The result `(N, O)`.
    fn forward<T: WithDType>(
        &self,
        arguments: [(&CpuStorage, &Layout); 3],
        [outputs, inputs]: [usize; 2],
    ) -> candle_core::Result<Vec<T>> {
        let [(x, x_layout), (weight, weight_layout), (bias, bias_layout)] = arguments;
        let (x, weight) = (elements(x, x_layout)?, elements(weight, weight_layout)?);
        let bias: &[T] = elements(bias, bias_layout)?;
        let rows = rows_of(x.len(), inputs)?;
        let mut y = Vec::with_capacity(rows * outputs);
        for _ in 0..rows {
            y.extend_from_slice(bias);
        }
        let (x, weight) = (Matrix::new(x, rows, inputs)?, Matrix::new(weight, outputs, inputs)?);
        add_product(&mut y, x, weight.t())?;
        if self.relu {
            let zero = T::zero();
            // Not `max`: a NaN must stay one.
            y.iter_mut().for_each(|v| *v = if *v < zero { zero } else { *v });
        }
        Ok(y)
    }

    fn backward<T: WithDType>(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        y: &Tensor,
        grad: &Tensor,
    ) -> candle_core::Result<Gradients> {
        let (outputs, inputs) = weight.dims2()?;
        let rows = y.elem_count() / outputs.max(1);
        let (grad_storage, grad_layout) = grad.storage_and_layout();
        let grad = elements::<T>(cpu(&grad_storage)?, grad_layout)?;
        let grad = if self.relu { Cow::Owned(stopped(y, grad)?) } else { Cow::Borrowed(grad) };
        let g = Matrix::new(&grad, rows, outputs)?;
        let mut gradients = (None, None, None);
        if x.track_op() {
            let (storage, layout) = weight.storage_and_layout();
            let weight = Matrix::new(elements(cpu(&storage)?, layout)?, outputs, inputs)?;
            let mut grad_x = vec![T::zero(); rows * inputs];
            add_product(&mut grad_x, g, weight)?;
            gradients.0 = Some(Tensor::from_vec(grad_x, x.dims(), x.device())?);
        }
        if weight.track_op() {
            let (storage, layout) = x.storage_and_layout();
            let x = Matrix::new(elements(cpu(&storage)?, layout)?, rows, inputs)?;
            let mut grad_weight = vec![T::zero(); outputs * inputs];
            add_product(&mut grad_weight, g.t(), x)?;
            gradients.1 = Some(Tensor::from_vec(grad_weight, weight.dims(), weight.device())?);
        }
        if bias.track_op() {
            gradients.2 =
                Some(Tensor::from_vec(column_sums(&grad, outputs), outputs, bias.device())?);
        }
        Ok(gradients)
    }
}

/// The gradient before ReLU: 0 where the result `y` is 0.
fn stopped<T: WithDType>(y: &Tensor, grad: &[T]) -> candle_core::Result<Vec<T>> {
    let (storage, layout) = y.storage_and_layout();
    let y = elements::<T>(cpu(&storage)?, layout)?;
    let zero = T::zero();
    Ok(grad.iter().zip(y).map(|(g, y)| if *y <= zero { zero } else { *g }).collect())
}

/// The number of rows of `count` numbers with `inputs` numbers each.
fn rows_of(count: usize, inputs: usize) -> candle_core::Result<usize> {
    match count.checked_div(inputs) {
        Some(rows) => Ok(rows),
        None => bail!("lab-linear: у входа нет признаков"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Rng;
    use candle_core::{Device, Var};

    fn var(rng: &mut Rng, shape: &[usize], dtype: DType) -> Var {
        Var::from_tensor(&rng.randn(shape, &Device::Cpu).unwrap().to_dtype(dtype).unwrap()).unwrap()
    }

    fn gap(a: &Tensor, b: &Tensor) -> f64 {
        assert_eq!(a.dims(), b.dims());
        let gap = (a - b).unwrap().abs().unwrap().flatten_all().unwrap();
        let gap = gap.to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap();
        gap.into_iter().fold(0.0, f64::max)
    }

    /// Ours against candle's operations: the value and all three gradients.
    #[test]
    fn equals_plain_candle() {
        let mut rng = Rng::seed(1);
        for (dtype, tolerance) in [(DType::F32, 2e-4), (DType::F64, 1e-12)] {
            for trial in 0..30 {
                let (n, k, o) = (1 + rng.below(40), 1 + rng.below(50), 1 + rng.below(40));
                let shape = if trial % 3 == 0 { vec![n, 2, k] } else { vec![n, k] };
                let (x, w) = (var(&mut rng, &shape, dtype), var(&mut rng, &[o, k], dtype));
                let (b, relu) = (var(&mut rng, &[o], dtype), trial % 2 == 0);
                let ours = linear(&x, &w, &b, relu).unwrap();
                let plain = x.broadcast_matmul(&w.t().unwrap()).unwrap().broadcast_add(&b).unwrap();
                let plain = if relu { plain.relu().unwrap() } else { plain };
                assert!(gap(&ours, &plain) < tolerance);
                let factors = var(&mut rng, ours.dims(), dtype).detach();
                let loss = |y: &Tensor| (y * &factors).unwrap().sum_all().unwrap();
                let (ours, plain) =
                    (loss(&ours).backward().unwrap(), loss(&plain).backward().unwrap());
                for v in [&x, &w, &b] {
                    assert!(gap(ours.get(v).unwrap(), plain.get(v).unwrap()) < tolerance);
                }
            }
        }
    }

    #[test]
    fn transposed_and_cut_inputs_are_read_right() {
        let mut rng = Rng::seed(2);
        let (x, w) = (var(&mut rng, &[4, 6], DType::F64), var(&mut rng, &[4, 3], DType::F64));
        let b = var(&mut rng, &[3], DType::F64);
        let (xt, wt) = (x.t().unwrap().narrow(0, 1, 5).unwrap(), w.t().unwrap());
        let ours = linear(&xt, &wt, &b, false).unwrap();
        let plain = xt.matmul(&w).unwrap().broadcast_add(&b).unwrap();
        assert!(gap(&ours, &plain) < 1e-14);
        let (ours, plain) = (ours.backward().unwrap(), plain.backward().unwrap());
        assert!(
            [&x, &w, &b].iter().all(|v| gap(ours.get(v).unwrap(), plain.get(v).unwrap()) < 1e-13)
        );
    }

    #[test]
    fn data_gets_no_gradient_and_frozen_weights_neither() {
        let mut rng = Rng::seed(3);
        let x = rng.randn((2, 3), &Device::Cpu).unwrap();
        let (w, b) = (var(&mut rng, &[4, 3], DType::F32), var(&mut rng, &[4], DType::F32));
        let grads = linear(&x, &w.detach(), &b, true).unwrap().backward().unwrap();
        assert!(grads.get(&x).is_none() && grads.get(&w).is_none() && grads.get(&b).is_some());
    }

    #[test]
    fn relu_stops_at_zero_and_lets_nan_through() {
        let x = Var::new(&[[0f32, -1.0, 2.0, f32::NAN]], &Device::Cpu).unwrap();
        let one = Tensor::eye(4, DType::F32, &Device::Cpu).unwrap();
        let zero = Tensor::zeros(4, DType::F32, &Device::Cpu).unwrap();
        let part = x.narrow(1, 0, 3).unwrap();
        let small = linear(&part, &one.narrow(1, 0, 3).unwrap(), &zero, true).unwrap();
        assert_eq!(small.to_vec2::<f32>().unwrap(), [[0.0, 0.0, 2.0, 0.0]]);
        let grad = small.backward().unwrap().get(&x).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(grad, [[0.0, 0.0, 1.0, 0.0]], "the gradient at 0 is 0");
        let y = linear(&x, &one, &zero, true).unwrap().to_vec2::<f32>().unwrap();
        assert!(y[0].iter().all(|v| v.is_nan()), "0 * NaN is NaN in a sum: {y:?}");
    }

    #[test]
    fn no_rows_are_fine_wrong_shapes_are_told() {
        let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
        let y = linear(&zeros(&[0, 3]), &zeros(&[4, 3]), &zeros(&[4]), true).unwrap();
        assert_eq!(y.dims(), [0, 4]);
        let error =
            |x: &Tensor, w: &Tensor, b: &Tensor| linear(x, w, b, false).unwrap_err().to_string();
        let text = error(&zeros(&[2, 1, 28, 28]), &zeros(&[40, 784]), &zeros(&[40]));
        assert!(text.contains("[2, 1, 28, 28]") && text.contains("flatten_from"), "{text}");
        let text = error(&zeros(&[2, 3]), &zeros(&[4, 3]), &zeros(&[3]));
        assert!(text.contains("нужна [4]"), "{text}");
        let text =
            error(&zeros(&[2, 3]).to_dtype(DType::F64).unwrap(), &zeros(&[4, 3]), &zeros(&[4]));
        assert!(text.contains("f64") && text.contains("f32"), "{text}");
        let text =
            error(&zeros(&[2, 3]).to_dtype(DType::U8).unwrap(), &zeros(&[4, 3]), &zeros(&[4]));
        assert!(text.contains("u8"), "{text}");
    }
}
