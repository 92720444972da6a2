//! Convolution of images as one operation with gradients.
//!
//! Shapes: `N` images, `G` groups with `C` inputs and `K` outputs each. This file checks the arguments and
//! chooses the way; not here: the layer that owns the weights (`nn/conv.rs`). Read next: `geometry.rs`,
//! `direct.rs`.

mod buffer;
mod depthwise;
mod direct;
mod finish;
mod geometry;
mod gradient;
mod job;
mod kernel;
mod lanes;
mod pointwise;
mod real;
mod turn;
mod way;
mod weights;
mod winograd;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use candle_core::{
    CpuStorage, CustomOp2, CustomOp3, DType, Layout, Result as CandleResult, Shape, Tensor, bail,
};
use candle_nn::Conv2dConfig;

use self::finish::Finish;
use self::geometry::Geometry;
use self::real::Real;
use super::elements::{cpu, elements, require_dtype_of, require_real};
use super::relu::stopped;
use super::zeros::zeros;
use super::{leaf, pool};
use crate::{Error, Result};

/// The convolution (cross-correlation) of images: x `(N, G C, H, W)`, weight `(G K, C, kh, kw)`, bias `(G K)`,
/// result `(N, G K, H', W')`, then ReLU if `relu`; f32 or f64.
///
/// As `F.conv2d` of PyTorch; the gradient of ReLU at 0 is 0. Only arguments that need a gradient get one.
///
/// # Errors
/// The shapes, dtypes or devices do not fit, or the kernel is larger than the padded image.
pub(crate) fn conv2d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    config: Conv2dConfig,
    relu: bool,
) -> Result<Tensor> {
    let geometry = check(x, weight, bias, config)?;
    if x.device().is_cpu() {
        let (x, weight) = (x.contiguous()?, weight.contiguous()?);
        let op = Conv { geometry, relu };
        return Ok(match bias {
            Some(bias) => x.apply_op3(&weight, &bias.contiguous()?, op)?,
            None => x.apply_op2(&weight, op)?,
        });
    }
    let Conv2dConfig { padding, stride, dilation, groups, .. } = config;
    let mut y = x.conv2d(weight, padding, stride, dilation, groups)?;
    if let Some(bias) = bias {
        y = y.broadcast_add(&bias.reshape((1, (), 1, 1))?)?;
    }
    Ok(if relu { y.relu()? } else { y })
}

fn check(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    config: Conv2dConfig,
) -> Result<Geometry> {
    require_real("conv2d", "вход x", x)?;
    let geometry = Geometry::new(x, weight, config)?;
    let filters = geometry.groups * geometry.outputs;
    if let Some(bias) = bias.filter(|bias| bias.dims() != [filters]) {
        return Err(Error::Argument(format!(
            "conv2d: сдвиг имеет форму {:?}, а для весов формы {:?} нужна [{filters}]",
            bias.dims(),
            weight.dims(),
        )));
    }
    require_dtype_of("conv2d", x, &[("веса", weight)])?;
    if let Some(bias) = bias {
        require_dtype_of("conv2d", x, &[("сдвиг", bias)])?;
    }
    Ok(geometry)
}

/// The operation itself.
pub(super) struct Conv {
    geometry: Geometry,
    relu: bool,
}

impl CustomOp2 for Conv {
    fn name(&self) -> &'static str {
        "lab-conv2d"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> CandleResult<(CpuStorage, Shape)> {
        self.value([(x, x_layout), (weight, weight_layout)], None)
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        y: &Tensor,
        grad: &Tensor,
    ) -> CandleResult<(Option<Tensor>, Option<Tensor>)> {
        let (x, weight, _) = self.gradients(x, weight, None, y, grad)?;
        Ok((x, weight))
    }
}

impl CustomOp3 for Conv {
    fn name(&self) -> &'static str {
        "lab-conv2d-bias"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> CandleResult<(CpuStorage, Shape)> {
        self.value([(x, x_layout), (weight, weight_layout)], Some((bias, bias_layout)))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        y: &Tensor,
        grad: &Tensor,
    ) -> CandleResult<Gradients> {
        self.gradients(x, weight, Some(bias), y, grad)
    }
}

/// The gradients of the three arguments, of those that need one.
type Gradients = (Option<Tensor>, Option<Tensor>, Option<Tensor>);
/// The numbers of an argument.
type Argument<'a> = (&'a CpuStorage, &'a Layout);

impl Conv {
    /// The convolution alone, of arguments that fit.
    ///
    /// # Errors
    /// As [`conv2d`].
    pub(super) fn plain(x: &Tensor, weight: &Tensor, config: Conv2dConfig) -> Result<Self> {
        Ok(Self { geometry: check(x, weight, None, config)?, relu: false })
    }

    /// The shape `(N, G K, H', W')` of the result.
    pub(super) fn out_shape(&self) -> [usize; 4] {
        self.geometry.out_shape()
    }

    pub(super) fn value(
        &self,
        arguments: [Argument<'_>; 2],
        bias: Option<Argument<'_>>,
    ) -> CandleResult<(CpuStorage, Shape)> {
        let y = match arguments[0].0 {
            CpuStorage::F32(_) => CpuStorage::F32(self.forward(arguments, bias)?),
            CpuStorage::F64(_) => CpuStorage::F64(self.forward(arguments, bias)?),
            _ => bail!("lab-conv2d: нужен тип f32 или f64"),
        };
        Ok((y, Shape::from(self.geometry.out_shape().to_vec())))
    }

    fn forward<T: Real>(
        &self,
        [x, weight]: [Argument<'_>; 2],
        bias: Option<Argument<'_>>,
    ) -> CandleResult<Vec<T>> {
        let (x, weight) = (elements(x.0, x.1)?, elements(weight.0, weight.1)?);
        let bias = bias.map(|(storage, layout)| elements(storage, layout)).transpose()?;
        let mut y = zeros(self.geometry.out_shape().iter().product());
        way::forward(&self.geometry, x, weight, Finish { bias, relu: self.relu }, &mut y)?;
        Ok(y)
    }

    pub(super) fn gradients(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        y: &Tensor,
        grad: &Tensor,
    ) -> CandleResult<Gradients> {
        let grad = grad.contiguous()?;
        match x.dtype() {
            DType::F32 => self.backward::<f32>(x, weight, bias, y, &grad),
            _ => self.backward::<f64>(x, weight, bias, y, &grad),
        }
    }

    fn backward<T: Real>(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        y: &Tensor,
        grad: &Tensor,
    ) -> CandleResult<Gradients> {
        let g = &self.geometry;
        let (grad_storage, grad_layout) = grad.storage_and_layout();
        let grad = elements::<T>(cpu(&grad_storage)?, grad_layout)?;
        let grad = if self.relu { Cow::Owned(stopped(y, grad)?) } else { Cow::Borrowed(grad) };
        let mut gradients = (None, None, None);
        if x.track_op() {
            let (storage, layout) = weight.storage_and_layout();
            let mut grad_x = zeros(x.elem_count());
            way::grad_input(g, &grad, elements(cpu(&storage)?, layout)?, &mut grad_x)?;
            gradients.0 = Some(Tensor::from_vec(grad_x, x.dims(), x.device())?);
        }
        if weight.track_op() {
            let (storage, layout) = x.storage_and_layout();
            let mut grad_weight = zeros(weight.elem_count());
            way::grad_weight(g, elements(cpu(&storage)?, layout)?, &grad, &mut grad_weight)?;
            let grad_weight = Tensor::from_vec(grad_weight, weight.dims(), weight.device())?;
            gradients.1 = leaf::hand_over(weight, grad_weight)?;
        }
        if let Some(bias) = bias.filter(|bias| bias.track_op()) {
            let sums = plane_sums(&grad, bias.elem_count(), g.out_pixels());
            gradients.2 = Some(Tensor::from_vec(sums, bias.dims(), bias.device())?);
        }
        Ok(gradients)
    }
}

/// The sums of the planes of each channel, `(channels)`, from `(N, channels, pixels)`.
fn plane_sums<T: Real>(grad: &[T], channels: usize, pixels: usize) -> Vec<T> {
    let mut sums = vec![T::zero(); channels];
    let cells = lanes::cells(&mut sums, 1);
    pool::for_each(channels, &|k| {
        let planes = grad.chunks_exact(pixels.max(1)).skip(k).step_by(channels);
        // In f64: a sum over many pixels keeps its last digits.
        let sum: f64 = planes.map(|plane| plane.iter().map(|g| g.to_f64()).sum::<f64>()).sum();
        lanes::fill(&cells[k], |to| to.fill(T::from_f64(sum)));
    });
    drop(cells);
    sums
}
