//! Ready answers to the tasks of notebooks 01 to 04. Not here: what a ready answer is (`../ready.rs`). Read next: `mnist.rs`.

use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};
use ndarray::Array1;

use super::USED;
use crate::{Error, Result};

/// Task 1.1.
///
/// # Errors
/// The tensor is not of floating point.
///
/// ```
/// use lab::{candle_core::{Device, Tensor}, ready};
/// let ones = ready::sin2_plus_cos2(&Tensor::new(&[0f64, 1.0, 2.0], &Device::Cpu)?)?;
/// assert!(ones.to_vec1::<f64>()?.iter().all(|one| (one - 1.0).abs() < 1e-12));
/// # Ok::<(), lab::Error>(())
/// ```
pub fn sin2_plus_cos2(x: &Tensor) -> Result<Tensor> {
    USED.set(true);
    Ok((x.sin()?.sqr()? + x.cos()?.sqr()?)?)
}

/// Task 1.2.
///
/// # Errors
/// The tensor has no axis 0.
///
/// ```
/// use lab::{candle_core::{Device, Tensor}, ready};
/// let x = Tensor::new(&[[1f32, 10.0], [3.0, 30.0]], &Device::Cpu)?;
/// assert_eq!(ready::center_columns(&x)?.to_vec2::<f32>()?, [[-1.0, -10.0], [1.0, 10.0]]);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn center_columns(x: &Tensor) -> Result<Tensor> {
    USED.set(true);
    Ok(x.broadcast_sub(&x.mean_keepdim(0)?)?)
}

/// Task 2.1.
///
/// # Errors
/// The tensor is not of floating point.
///
/// ```
/// use lab::{candle_core::{Device, Tensor}, ready};
/// assert!(ready::float_var(&Tensor::new(&[1f32, 2.0], &Device::Cpu)?).is_ok());
/// assert!(ready::float_var(&Tensor::new(&[1u32, 2], &Device::Cpu)?).is_err());
/// # Ok::<(), lab::Error>(())
/// ```
pub fn float_var(t: &Tensor) -> Result<Var> {
    USED.set(true);
    if !t.dtype().is_float() {
        return Err(Error::Argument(format!(
            "тип {}: градиент есть только у f32, f64",
            t.dtype().as_str()
        )));
    }
    Ok(Var::from_tensor(t)?)
}

/// Task 2.2.
///
/// ```
/// let slope = lab::ready::numeric_grad(&|x| x * x, 3.0, 1e-4);
/// assert!((slope - 6.0).abs() < 1e-6);
/// ```
pub fn numeric_grad(f: &dyn Fn(f64) -> f64, x: f64, h: f64) -> f64 {
    USED.set(true);
    (f(x + h) - f(x - h)) / (2.0 * h)
}

/// Task 3.1.
///
/// # Errors
/// The parameter has no gradient.
///
/// ```
/// use lab::{candle_core::{Device, Var}, ready};
/// let w = Var::new(&[2f32], &Device::Cpu)?;
/// ready::step(&w, &w.sqr()?.backward()?, 0.25)?; // the gradient is 4
/// assert_eq!(w.to_vec1::<f32>()?, [1.0]);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn step(param: &Var, grads: &GradStore, alpha: f64) -> Result<()> {
    USED.set(true);
    let missing = || Error::Argument("у параметра нет градиента".into());
    let grad = grads.get(param).ok_or_else(missing)?;
    Ok(param.set(&(param.detach() - (grad * alpha)?)?)?)
}

/// Task 3.2.
///
/// ```
/// use lab::{ndarray::array, ready};
/// assert_eq!(ready::standardize(&array![1.0, 3.0]), array![-1.0, 1.0]);
/// ```
pub fn standardize(x: &Array1<f64>) -> Array1<f64> {
    USED.set(true);
    (x - x.sum() / x.len() as f64) / x.std(0.0)
}

/// Task 3.3.
///
/// ```
/// use lab::ready::should_stop;
/// assert!(should_stop(1.0, 1.00001, 1e-3) && should_stop(1.0, f32::NAN, 1e-3));
/// assert!(!should_stop(1.0, 0.5, 1e-3));
/// ```
pub fn should_stop(previous: f32, current: f32, tolerance: f32) -> bool {
    USED.set(true);
    !current.is_finite() || (previous - current).abs() < tolerance
}

/// Task 4.1.
///
/// # Errors
/// The shapes differ.
///
/// ```
/// use lab::{candle_core::{Device, Tensor, Var}, ready};
/// let (w, v) = (Var::new(&[1f32], &Device::Cpu)?, Var::new(&[0.5f32], &Device::Cpu)?);
/// ready::momentum_step(&w, &v, &Tensor::new(&[2f32], &Device::Cpu)?, 0.25, 0.5)?;
/// assert_eq!((v.to_vec1::<f32>()?, w.to_vec1::<f32>()?), (vec![0.75], vec![0.25]));
/// # Ok::<(), lab::Error>(())
/// ```
pub fn momentum_step(
    param: &Var,
    velocity: &Var,
    grad: &Tensor,
    alpha: f64,
    gamma: f64,
) -> Result<()> {
    USED.set(true);
    velocity.set(&((velocity.detach() * gamma)? + (grad * alpha)?)?)?;
    Ok(param.set(&(param.detach() - velocity.detach())?)?)
}

/// Task 4.2.
///
/// # Errors
/// The shapes differ.
///
/// ```
/// use lab::{candle_core::{Device, Tensor}, ready};
/// let number = |n: f32| Tensor::new(&[n], &Device::Cpu);
/// let (predicted, loss) = ready::predict_and_loss(&number(2.0)?, &number(4.0)?, &number(3.0)?, &number(1.0)?)?;
/// assert_eq!((predicted.to_vec1::<f32>()?, loss.to_scalar::<f32>()?), (vec![7.0], 9.0));
/// # Ok::<(), lab::Error>(())
/// ```
pub fn predict_and_loss(
    x: &Tensor,
    y: &Tensor,
    w: &Tensor,
    b: &Tensor,
) -> Result<(Tensor, Tensor)> {
    USED.set(true);
    let y_pred = x.broadcast_mul(w)?.broadcast_add(b)?; // (N,)
    let loss = (&y_pred - y)?.sqr()?.mean_all()?;
    Ok((y_pred, loss))
}
