//! `x W^T + b`, with or without ReLU, as one operation with a gradient.
//!
//! Shapes: `N` rows (any leading dimensions), `K` inputs, `O` outputs. Not here: the layer that owns the
//! weights (`nn/linear.rs`). Read next: `gemm.rs`.

use std::borrow::Cow;

use candle_core::{CpuStorage, CustomOp3, DType, Layout, Shape, Tensor, WithDType, bail};

use super::elements::{cpu, elements, require_dtype_of, require_real};
use super::gemm::{Matrix, add_product};
use super::leaf;
use super::relu::stopped;
use super::scalar::{column_sums, sum_of_pairs};
use super::zeros::zeros;
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
    require_dtype_of("linear", x, &[("веса", weight), ("сдвиг", bias)])
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
        let mut y = match (weight, bias) {
            (&[w], &[b]) => line(x, w, b),
            _ => bias.repeat(rows),
        };
        if weight.len() > 1 {
            let weight = Matrix::new(weight, outputs, inputs)?;
            add_product(&mut y, Matrix::new(x, rows, inputs)?, weight.t())?;
        }
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
            let mut grad_x = zeros(rows * inputs);
            add_product(&mut grad_x, g, weight)?;
            gradients.0 = Some(Tensor::from_vec(grad_x, x.dims(), x.device())?);
        }
        if weight.track_op() || bias.track_op() {
            let (storage, layout) = x.storage_and_layout();
            let x = elements(cpu(&storage)?, layout)?;
            let (of_weight, of_bias) = parameter_gradients(&grad, x, [rows, outputs, inputs])?;
            let of_weight = Tensor::from_vec(of_weight, weight.dims(), weight.device())?;
            let of_bias = Tensor::from_vec(of_bias, outputs, bias.device())?;
            if weight.track_op() {
                gradients.1 = leaf::hand_over(weight, of_weight)?;
            }
            if bias.track_op() {
                gradients.2 = leaf::hand_over(bias, of_bias)?;
            }
        }
        Ok(gradients)
    }
}

/// `w * x[i] + b`: a regression on one feature, for which a product of matrices packs more than it multiplies.
fn line<T: WithDType>(x: &[T], w: T, b: T) -> Vec<T> {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || x.iter().map(|&x| w * x + b).collect(),
    )
}

/// The gradients of the weight `(O, K)` and of the bias `(O)`.
fn parameter_gradients<T: WithDType>(
    grad: &[T],
    x: &[T],
    [rows, outputs, inputs]: [usize; 3],
) -> candle_core::Result<(Vec<T>, Vec<T>)> {
    if [outputs, inputs] == [1, 1] {
        let weight = T::from_f64(sum_of_pairs(grad, x, |g, x| g * x));
        return Ok((vec![weight], column_sums(grad, outputs)));
    }
    let mut weight = zeros(outputs * inputs);
    let grad_rows = Matrix::new(grad, rows, outputs)?;
    add_product(&mut weight, grad_rows.t(), Matrix::new(x, rows, inputs)?)?;
    Ok((weight, column_sums(grad, outputs)))
}

/// The number of rows of `count` numbers with `inputs` numbers each.
fn rows_of(count: usize, inputs: usize) -> candle_core::Result<usize> {
    match count.checked_div(inputs) {
        Some(rows) => Ok(rows),
        None => bail!("lab-linear: у входа нет признаков"),
    }
}

#[cfg(test)]
mod tests;
