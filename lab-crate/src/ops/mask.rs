//! The product with numbers that need no gradient.
//!
//! candle's product also makes the gradient of the second factor. Not here: where the mask comes
//! from (`nn/dropout.rs`).

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

use super::elements::elements;

/// `x * mask`, of the same shape and dtype (f32 or f64); the gradient goes to `x` only.
///
/// # Errors
/// The shapes, dtypes or devices differ.
pub(crate) fn mul_mask(x: &Tensor, mask: &Tensor) -> Result<Tensor> {
    if x.dims() != mask.dims() || x.dtype() != mask.dtype() {
        bail!("mul_mask: {:?} {:?}, {:?} {:?}", x.dims(), x.dtype(), mask.dims(), mask.dtype());
    }
    if !x.device().is_cpu() {
        return x * mask;
    }
    x.contiguous()?.apply_op1(Masked { mask: mask.detach().contiguous()? })
}

struct Masked {
    mask: Tensor,
}

impl CustomOp1 for Masked {
    fn name(&self) -> &'static str {
        "lab-mask"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (storage, mask_layout) = self.mask.storage_and_layout();
        let mask = super::cpu(&storage)?;
        let y = match x {
            CpuStorage::F32(_) => {
                let pairs = elements::<f32>(x, layout)?.iter().zip(elements(mask, mask_layout)?);
                CpuStorage::F32(pairs.map(|(x, m): (_, &f32)| x * m).collect())
            }
            CpuStorage::F64(_) => {
                let pairs = elements::<f64>(x, layout)?.iter().zip(elements(mask, mask_layout)?);
                CpuStorage::F64(pairs.map(|(x, m): (_, &f64)| x * m).collect())
            }
            _ => bail!("lab-mask: нужен тип f32 или f64"),
        };
        Ok((y, layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some((grad * &self.mask)?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::{Device, Var};

    #[test]
    fn value_and_gradient() {
        let x = Var::new(&[[1f64, 2.0], [3.0, 4.0]], &Device::Cpu).unwrap();
        let mask = Tensor::new(&[[0f64, 2.0], [2.0, 0.5]], &Device::Cpu).unwrap();
        let y = mul_mask(&x.t().unwrap(), &mask).unwrap();
        assert_eq!(y.to_vec2::<f64>().unwrap(), [[0.0, 6.0], [4.0, 2.0]]);
        let grad = y.sum_all().unwrap().backward().unwrap();
        let grad = grad.get(&x).unwrap().to_vec2::<f64>().unwrap();
        assert_eq!(grad, [[0.0, 2.0], [2.0, 0.5]]);
        assert!(mul_mask(&x, &mask.narrow(0, 0, 1).unwrap()).is_err());
    }
}
