//! The gradient of ReLU from its result. Not here: ReLU itself; the operations before it have it inside.

use candle_core::{Result, Tensor, WithDType};

use super::elements::{cpu, elements};

/// `g` where ReLU let its result `y` through, 0 elsewhere; the gradient at 0 is 0, as in PyTorch.
#[inline(always)]
pub(super) fn let_through<T: WithDType>(g: T, y: T) -> T {
    if y <= T::zero() { T::zero() } else { g }
}

/// The gradient before ReLU: 0 where the result `y` is 0.
pub(super) fn stopped<T: WithDType>(y: &Tensor, grad: &[T]) -> Result<Vec<T>> {
    let (storage, layout) = y.storage_and_layout();
    let y = elements::<T>(cpu(&storage)?, layout)?;
    Ok(grad.iter().zip(y).map(|(g, y)| let_through(*g, *y)).collect())
}
