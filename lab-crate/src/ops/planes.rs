//! What pooling does to every plane of a batch of images, as an operation of candle with a gradient.
//!
//! Not here: the poolings themselves. Read next: `max_pool2d.rs`.

use candle_core::{
    CpuStorage, CustomOp1, DType, Device, Layout, Result, Shape, Tensor, WithDType, bail,
};

use super::elements::{cpu, elements};

/// A pooling: planes of one size become planes of another one.
pub(super) trait Planes: Send + Sync + 'static {
    /// The name of the operation.
    const NAME: &'static str;
    /// Height and width of a result.
    fn out(&self) -> [usize; 2];
    /// The results of planes that lie one after another.
    fn forward<T: WithDType>(&self, x: &[T]) -> Vec<T>;
    /// The gradient by the planes, `numbers` of them, from the gradient of the results.
    fn backward<T: WithDType>(&self, grad: &[T], numbers: usize) -> Vec<T>;
}

/// The pooling of x `(N, C, H, W)`, f32 or f64, on any device; the work is done by the CPU.
///
/// # Errors
/// x cannot be copied to the CPU or back.
pub(super) fn pool_planes(x: &Tensor, pooling: impl Planes) -> Result<Tensor> {
    x.to_device(&Device::Cpu)?.contiguous()?.apply_op1(OnPlanes(pooling))?.to_device(x.device())
}

struct OnPlanes<P>(P);

impl<P: Planes> CustomOp1 for OnPlanes<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (images, channels, ..) = layout.shape().dims4()?;
        let y = match x {
            CpuStorage::F32(_) => CpuStorage::F32(self.0.forward(elements(x, layout)?)),
            CpuStorage::F64(_) => CpuStorage::F64(self.0.forward(elements(x, layout)?)),
            _ => bail!("{}: нужен тип f32 или f64", P::NAME),
        };
        let [height, width] = self.0.out();
        Ok((y, Shape::from((images, channels, height, width))))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        let (storage, layout) = grad.storage_and_layout();
        let grad = cpu(&storage)?;
        let (count, dims) = (x.elem_count(), x.dims());
        Ok(Some(match x.dtype() {
            DType::F32 => {
                let gradient = self.0.backward::<f32>(elements(grad, layout)?, count);
                Tensor::from_vec(gradient, dims, &Device::Cpu)?
            }
            _ => {
                let gradient = self.0.backward::<f64>(elements(grad, layout)?, count);
                Tensor::from_vec(gradient, dims, &Device::Cpu)?
            }
        }))
    }
}
