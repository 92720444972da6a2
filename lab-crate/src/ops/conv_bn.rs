//! A convolution and the batch normalization behind it as one operation, for training.
//!
//! candle's backward pass makes zeros for each gradient and adds to them: what is inside one operation is spared
//! both. Not here: the arithmetic (`conv/`, `batch_norm/`), a residual: an operation has three arguments at most.

use std::sync::OnceLock;

use candle_core::op::BackpropOp;
use candle_core::{CpuStorage, CustomOp3, Layout, Shape, Storage, Tensor};
use candle_nn::Conv2dConfig;

use super::batch_norm::{BatchNorm, Moments};
use super::conv::Conv;
use super::elements::cpu;
use crate::Result;

/// `relu(batch_norm(conv(x)))` with the statistics of the batch, ReLU only if `relu`: x `(N, G C, H, W)`, filters
/// `(G K, C, kh, kw)`, `norm` the weight and bias `(G K)`; f32 or f64, on the CPU.
///
/// Returns the result `(N, G K, H', W')` and the statistics of its channels.
///
/// # Errors
/// As of the two operations.
pub(crate) fn conv_bn(
    x: &Tensor,
    filters: &Tensor,
    config: Conv2dConfig,
    norm: [&Tensor; 2],
    eps: f64,
    relu: bool,
) -> Result<(Tensor, Vec<Moments>)> {
    let conv = Conv::plain(x, filters, config)?;
    // All images share one number: only its shape and dtype are looked at.
    let like = Tensor::zeros((), x.dtype(), x.device())?.broadcast_as(&conv.out_shape())?;
    let norm_op = BatchNorm::of_batch(&like, norm, eps, relu)?;
    let moments = norm_op.moments();
    let params = Tensor::stack(&norm, 0)?; // (2, G K)
    let op = ConvNorm { conv, norm: norm_op, between: OnceLock::new() };
    let y = x.contiguous()?.apply_op3(&filters.contiguous()?, &params, op)?;
    Ok((y, moments.get().cloned().unwrap_or_default()))
}

struct ConvNorm {
    conv: Conv,
    norm: BatchNorm,
    /// The result of the convolution, which the gradient needs.
    between: OnceLock<Tensor>,
}

impl CustomOp3 for ConvNorm {
    fn name(&self) -> &'static str {
        "lab-conv2d-batch-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        filters: &CpuStorage,
        filters_layout: &Layout,
        params: &CpuStorage,
        params_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let (z, shape) = self.conv.value([(x, x_layout), (filters, filters_layout)], None)?;
        let z = Tensor::from_storage(Storage::Cpu(z), shape, BackpropOp::none(), false);
        let between = self.between.get_or_init(|| z);
        let (storage, layout) = between.storage_and_layout();
        self.norm.run((cpu(&storage)?, layout), (params, params_layout), None)
    }

    fn bwd(
        &self,
        x: &Tensor,
        filters: &Tensor,
        params: &Tensor,
        y: &Tensor,
        grad: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let Some(between) = self.between.get() else { return Ok((None, None, None)) };
        let wants_between = x.track_op() || filters.track_op();
        let [grad_between, grad_params, _] =
            self.norm.bwd_any([between, params, y, grad], None, wants_between)?;
        let (grad_x, grad_filters, _) = match grad_between {
            Some(grad) => self.conv.gradients(x, filters, None, between, &grad)?,
            None => (None, None, None),
        };
        Ok((grad_x, grad_filters, grad_params))
    }
}
