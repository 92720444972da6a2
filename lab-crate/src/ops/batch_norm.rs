//! Batch normalization of images with what follows it in a residual network, as one operation with a gradient.
//!
//! Ioffe and Szegedy, 2015, arXiv:1502.03167; numbers as `F.batch_norm` of PyTorch. Shapes: `N` images, `C` channels,
//! `H`, `W`. On a GPU it is made of candle's operations (`batch_norm/tensors.rs`).
//! Not here: the layer with its running statistics (`nn/batch_norm.rs`). Read next: `batch_norm/forward.rs`.

mod backward;
mod check;
mod forward;
mod loops;
mod tensors;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use candle_core::{
    CpuStorage, CustomOp2, CustomOp3, DType, Device, Layout, Shape, Tensor, WithDType, bail,
};

use super::elements::{cpu, elements};
use crate::Result;
use backward::Wanted;
use check::check;
use loops::Size;

/// The mean and the biased variance of one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Moments {
    pub(crate) mean: f64,
    pub(crate) variance: f64,
}

impl Moments {
    fn inverse_std(self, eps: f64) -> f64 {
        (self.variance + eps).sqrt().recip()
    }
}

/// The statistics to normalize with.
#[derive(Clone, Copy)]
pub(crate) enum Stats<'a> {
    /// Of the batch itself, for training.
    Batch,
    /// Given ones, `(C)`, for evaluation; they get no gradient.
    Given { mean: &'a Tensor, variance: &'a Tensor },
}

/// What is done after the normalization: the residual `(N, C, H, W)` is added, then ReLU.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tail<'a> {
    pub(crate) residual: Option<&'a Tensor>,
    pub(crate) relu: bool,
}

/// `(x - mean) / sqrt(variance + eps) * weight + bias`, then the tail: x `(N, C, H, W)`, weight and bias `(C)`; f32 or f64.
///
/// Returns the result `(N, C, H, W)` and the statistics that were used. The gradient of ReLU at 0 is 0, as in PyTorch.
///
/// # Errors
/// The shapes, dtypes or devices do not fit; with the statistics of the batch, a channel has fewer than two numbers.
pub(crate) fn batch_norm(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    stats: Stats<'_>,
    eps: f64,
    tail: Tail<'_>,
) -> Result<(Tensor, Vec<Moments>)> {
    let size = check(x, [weight, bias], stats, tail.residual)?;
    if !x.device().is_cpu() {
        return Ok(tensors::batch_norm(x, [weight, bias], stats, eps, tail)?);
    }
    let moments = Arc::new(OnceLock::new());
    let batch = matches!(stats, Stats::Batch);
    if let Stats::Given { mean, variance } = stats {
        let (means, variances) = (numbers(mean)?, numbers(variance)?);
        let pairs = means.into_iter().zip(variances);
        // The cell is new, so it is empty.
        moments.set(pairs.map(|(mean, variance)| Moments { mean, variance }).collect()).ok();
    }
    let op = BatchNorm { size, eps, relu: tail.relu, batch, moments: Arc::clone(&moments) };
    // One argument instead of two: candle's operations have three at most.
    let params = Tensor::stack(&[weight, bias], 0)?; // (2, C)
    let x = x.contiguous()?;
    let y = match tail.residual {
        None => x.apply_op2(&params, op)?,
        Some(residual) => x.apply_op3(&params, &residual.contiguous()?, op)?,
    };
    Ok((y, moments.get().cloned().unwrap_or_default()))
}

fn numbers(tensor: &Tensor) -> candle_core::Result<Vec<f64>> {
    tensor.detach().to_dtype(DType::F64)?.to_vec1()
}

/// The operation itself.
pub(super) struct BatchNorm {
    size: Size,
    eps: f64,
    relu: bool,
    batch: bool,
    /// Filled by the forward pass with the statistics of the batch.
    moments: Arc<OnceLock<Vec<Moments>>>,
}

impl BatchNorm {
    /// With the statistics of the batch and without a residual, for an x like `x`.
    ///
    /// # Errors
    /// As [`batch_norm`].
    pub(super) fn of_batch(x: &Tensor, params: [&Tensor; 2], eps: f64, relu: bool) -> Result<Self> {
        let size = check(x, params, Stats::Batch, None)?;
        Ok(Self { size, eps, relu, batch: true, moments: Arc::default() })
    }

    /// The statistics, there after the forward pass.
    pub(super) fn moments(&self) -> Arc<OnceLock<Vec<Moments>>> {
        Arc::clone(&self.moments)
    }

    pub(super) fn run(
        &self,
        x: (&CpuStorage, &Layout),
        params: (&CpuStorage, &Layout),
        residual: Option<(&CpuStorage, &Layout)>,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let y = match x.0 {
            CpuStorage::F32(_) => CpuStorage::F32(self.forward(x, params, residual)?),
            CpuStorage::F64(_) => CpuStorage::F64(self.forward(x, params, residual)?),
            _ => bail!("lab-batch-norm: нужен тип f32 или f64"),
        };
        Ok((y, x.1.shape().clone()))
    }

    fn forward<T: WithDType>(
        &self,
        (x, x_layout): (&CpuStorage, &Layout),
        (params, params_layout): (&CpuStorage, &Layout),
        residual: Option<(&CpuStorage, &Layout)>,
    ) -> candle_core::Result<Vec<T>> {
        let input = forward::Input {
            size: self.size,
            x: elements(x, x_layout)?,
            params: elements(params, params_layout)?,
            residual: residual.map(|(storage, layout)| elements(storage, layout)).transpose()?,
            eps: self.eps,
            relu: self.relu,
        };
        let channels = self.size.channels;
        let mut moments = self.moments.get().cloned().unwrap_or(vec![Moments::default(); channels]);
        let y = forward::forward(&input, &mut moments, self.batch);
        self.moments.get_or_init(|| moments);
        Ok(y)
    }

    /// The gradients of x, of the parameters and of the residual.
    fn gradients<T: WithDType>(
        &self,
        [x, params, y, grad]: [&Tensor; 4],
        residual: Option<&Tensor>,
        wants_x: bool,
    ) -> candle_core::Result<[Option<Tensor>; 3]> {
        let grad = grad.contiguous()?;
        let wants_residual = residual.is_some_and(Tensor::track_op);
        let wanted =
            Wanted { x: wants_x, params: params.track_op(), residual: wants_residual && self.relu };
        let [x_data, params_data, y_data, grad_data] =
            [x, params, y, &grad].map(Tensor::storage_and_layout);
        let gradients = backward::backward(
            &backward::Input {
                size: self.size,
                x: elements::<T>(cpu(&x_data.0)?, x_data.1)?,
                weight: elements(cpu(&params_data.0)?, params_data.1)?,
                y: elements(cpu(&y_data.0)?, y_data.1)?,
                grad: elements(cpu(&grad_data.0)?, grad_data.1)?,
                moments: self.moments.get().map_or(&[], Vec::as_slice),
                eps: self.eps,
                relu: self.relu,
                batch: self.batch,
            },
            wanted,
        );
        let tensor = |wanted: bool, data: Vec<T>, like: &Tensor| {
            wanted.then(|| Tensor::from_vec(data, like.dims(), &Device::Cpu)).transpose()
        };
        let residual = match wanted.residual {
            true => tensor(true, gradients.residual, x)?,
            false => wants_residual.then(|| grad.clone()),
        };
        Ok([
            tensor(wanted.x, gradients.x, x)?,
            tensor(wanted.params, gradients.params, params)?,
            residual,
        ])
    }

    /// The gradients of x, if `wants_x`, of the parameters and of the residual; `tensors` are x, the parameters,
    /// the result and its gradient.
    pub(super) fn bwd_any(
        &self,
        tensors: [&Tensor; 4],
        residual: Option<&Tensor>,
        wants_x: bool,
    ) -> candle_core::Result<[Option<Tensor>; 3]> {
        match tensors[0].dtype() {
            DType::F32 => self.gradients::<f32>(tensors, residual, wants_x),
            _ => self.gradients::<f64>(tensors, residual, wants_x),
        }
    }
}

const NAME: &str = "lab-batch-norm";

impl CustomOp2 for BatchNorm {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        params: &CpuStorage,
        params_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        self.run((x, x_layout), (params, params_layout), None)
    }

    fn bwd(
        &self,
        x: &Tensor,
        params: &Tensor,
        y: &Tensor,
        grad: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>)> {
        let [x, params, _] = self.bwd_any([x, params, y, grad], None, x.track_op())?;
        Ok((x, params))
    }
}

impl CustomOp3 for BatchNorm {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        params: &CpuStorage,
        params_layout: &Layout,
        residual: &CpuStorage,
        residual_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        self.run((x, x_layout), (params, params_layout), Some((residual, residual_layout)))
    }

    fn bwd(
        &self,
        x: &Tensor,
        params: &Tensor,
        residual: &Tensor,
        y: &Tensor,
        grad: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [x, params, residual] =
            self.bwd_any([x, params, y, grad], Some(residual), x.track_op())?;
        Ok((x, params, residual))
    }
}
