//! ReLU that stops at 6, with its gradient. Not here: plain ReLU; the operations before it have it inside.

use candle_core::{
    CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, WithDType, bail,
};

use super::elements::{elements, require_real};
use super::pieces::hand_out;
use super::zeros::zeros;

/// How many numbers a thread takes at once.
const PIECE: usize = 1 << 15;

/// `min(max(x, 0), 6)` for x of any shape, f32 or f64; the gradient at 0 and at 6 is 0 (as `F.relu6` of PyTorch).
///
/// # Errors
/// x has another dtype.
pub(crate) fn relu6(x: &Tensor) -> crate::Result<Tensor> {
    require_real("relu6", "x", x)?;
    if !x.device().is_cpu() {
        return Ok(x.clamp(0.0, 6.0)?);
    }
    Ok(x.contiguous()?.apply_op1(Relu6)?)
}

struct Relu6;

/// `y[i] = f(a[i], b[i])`.
fn map<T: WithDType>(a: &[T], b: &[T], f: impl Fn(T, T) -> T + Sync) -> Vec<T> {
    let mut y = zeros(a.len());
    let work = y.chunks_mut(PIECE).zip(a.chunks(PIECE)).zip(b.chunks(PIECE)).collect();
    hand_out(work, &|((y, a), b)| {
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
                    *y = f(*a, *b);
                }
            },
        );
    });
    y
}

fn forward<T: WithDType>(x: &[T]) -> Vec<T> {
    let (low, high) = (T::zero(), T::from_f64(6.0));
    // Written so that NaN stays NaN.
    let clamp = |x: T, _| {
        if x < low {
            low
        } else if x > high {
            high
        } else {
            x
        }
    };
    map(x, x, clamp)
}

fn backward<T: WithDType>(y: &[T], grad: &[T]) -> Vec<T> {
    let (low, high) = (T::zero(), T::from_f64(6.0));
    map(
        y,
        grad,
        #[inline(always)]
        |y, grad| if y <= low || y >= high { low } else { grad },
    )
}

impl CustomOp1 for Relu6 {
    fn name(&self) -> &'static str {
        "lab-relu6"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let y = match x {
            CpuStorage::F32(_) => CpuStorage::F32(forward(elements(x, layout)?)),
            CpuStorage::F64(_) => CpuStorage::F64(forward(elements(x, layout)?)),
            _ => bail!("lab-relu6: нужен тип f32 или f64"),
        };
        Ok((y, layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(y.apply_op2_no_bwd(&grad.contiguous()?, &Relu6)?))
    }
}

/// The gradient of x from the result and the gradient of the result.
impl CustomOp2 for Relu6 {
    fn name(&self) -> &'static str {
        "lab-relu6-grad"
    }

    fn cpu_fwd(
        &self,
        y: &CpuStorage,
        y_layout: &Layout,
        grad: &CpuStorage,
        layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let x = match y {
            CpuStorage::F32(_) => {
                CpuStorage::F32(backward(elements(y, y_layout)?, elements(grad, layout)?))
            }
            CpuStorage::F64(_) => {
                CpuStorage::F64(backward(elements(y, y_layout)?, elements(grad, layout)?))
            }
            _ => bail!("lab-relu6-grad: нужен тип f32 или f64"),
        };
        Ok((x, layout.shape().clone()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::PoisonError;

    use super::*;
    use crate::nn::{GradCheck, grad_check};
    use crate::{Rng, set_num_threads, threads};
    use candle_core::{DType, Device, Var};

    // x = torch.tensor([-1., 0, 1e-7, 3, 6, 7, float("nan")], requires_grad=True)
    // y = torch.nn.functional.relu6(x); y.backward(torch.arange(1., 8)); y, x.grad
    #[test]
    fn values_and_gradients_are_pytorchs() {
        let x = Var::new(&[-1f32, 0.0, 1e-7, 3.0, 6.0, 7.0, f32::NAN], &Device::Cpu).unwrap();
        let y = relu6(&x).unwrap();
        let values = y.to_vec1::<f32>().unwrap();
        assert_eq!(values[..6], [0.0, 0.0, 1e-7, 3.0, 6.0, 6.0]);
        assert!(values[6].is_nan());
        let slopes = Tensor::arange(1f32, 8.0, &Device::Cpu).unwrap();
        let grads = (y * slopes).unwrap().sum_all().unwrap().backward().unwrap();
        let grad = grads.get(&x).unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(grad, [0.0, 0.0, 3.0, 4.0, 0.0, 0.0, 7.0]);
    }

    #[test]
    fn the_gradient_is_the_slope_also_behind_a_transposition() {
        let x = Rng::seed(3).rand((5, 7), -4.0, 10.0, &Device::Cpu).unwrap();
        let x = Var::from_tensor(&x.to_dtype(DType::F64).unwrap()).unwrap();
        grad_check(|| relu6(&x.t()?), &[("x", &x)], GradCheck::default()).unwrap();
        let whole = Tensor::zeros(2, DType::U32, &Device::Cpu).unwrap();
        assert!(relu6(&whole).unwrap_err().to_string().contains("u32"));
        assert_eq!(relu6(&x.narrow(0, 0, 0).unwrap()).unwrap().dims(), [0, 7]);
    }

    #[test]
    fn any_number_of_threads_gives_the_same() {
        let _alone = threads::TESTS.lock().unwrap_or_else(PoisonError::into_inner);
        let before = crate::num_threads();
        let x = Rng::seed(3).rand(3 * PIECE + 5, -4.0, 10.0, &Device::Cpu).unwrap();
        let numbers = x.to_vec1::<f32>().unwrap();
        for threads in [1, 2, 3] {
            set_num_threads(threads).unwrap();
            let y = relu6(&x).unwrap().to_vec1::<f32>().unwrap();
            assert!(y.iter().zip(&numbers).all(|(y, x)| *y == x.clamp(0.0, 6.0)));
        }
        set_num_threads(before).unwrap();
    }
}
