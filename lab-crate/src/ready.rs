//! Ready answers to the tasks of the lab, so that who is stuck can go on: the function of that name in place of `todo!`.
//!
//! A check tells a ready answer and gives no points for it. Each function does what the student's function of that
//! name does, with the same arguments; what it is for stands in its notebook. Not here: how a right answer is
//! recognised (`check`).
//!
//! ```
//! use lab::prelude::*;
//! fn standardize(x: &Array1<f64>) -> Array1<f64> {
//!     lab::ready::standardize(x)
//! }
//! assert_eq!(standardize(&Array1::from(vec![1.0, 3.0])), Array1::from(vec![-1.0, 1.0]));
//! assert!(check::standardize(standardize).is_err()); // prints that the answer is a ready one
//! ```

use std::cell::Cell;

use candle_core::backprop::GradStore;
use candle_core::{D, DType, Module, Tensor, Var};
use candle_nn::{ModuleT, VarMap};
use ndarray::Array1;

use crate::batches::{Batch, DataLoader, Dataset, LoaderOptions};
use crate::data::Digits;
use crate::models::{Trainable, VisionModel};
use crate::optim::{Optimizer, Params};
use crate::train::{self, Task};
use crate::vision::ImageFolder;
use crate::vision::pictures::{GridOptions, gallery};
use crate::{Error, Figure, Result, Rng, check_interrupted, loss, metrics, progress};

thread_local! {
    /// Whether a ready answer was used since the last [`take_used`].
    static USED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a ready answer was used in this thread since the last call.
pub(crate) fn take_used() -> bool {
    USED.take()
}

/// Task 1.1.
///
/// # Errors
/// The tensor is not of floating point.
pub fn sin2_plus_cos2(x: &Tensor) -> Result<Tensor> {
    USED.set(true);
    Ok((x.sin()?.sqr()? + x.cos()?.sqr()?)?)
}

/// Task 1.2.
///
/// # Errors
/// The tensor has no axis 0.
pub fn center_columns(x: &Tensor) -> Result<Tensor> {
    USED.set(true);
    Ok(x.broadcast_sub(&x.mean_keepdim(0)?)?)
}

/// Task 2.1.
///
/// # Errors
/// The tensor is not of floating point.
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
pub fn numeric_grad(f: &dyn Fn(f64) -> f64, x: f64, h: f64) -> f64 {
    USED.set(true);
    (f(x + h) - f(x - h)) / (2.0 * h)
}

/// Task 3.1.
///
/// # Errors
/// The parameter has no gradient.
pub fn step(param: &Var, grads: &GradStore, alpha: f64) -> Result<()> {
    USED.set(true);
    let missing = || Error::Argument("у параметра нет градиента".into());
    let grad = grads.get(param).ok_or_else(missing)?;
    Ok(param.set(&(param.detach() - (grad * alpha)?)?)?)
}

/// Task 3.2.
pub fn standardize(x: &Array1<f64>) -> Array1<f64> {
    USED.set(true);
    (x - x.sum() / x.len() as f64) / x.std(0.0)
}

/// Task 3.3.
pub fn should_stop(previous: f32, current: f32, tolerance: f32) -> bool {
    USED.set(true);
    !current.is_finite() || (previous - current).abs() < tolerance
}

/// Task 4.1.
///
/// # Errors
/// The shapes differ.
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

/// Task 5.1.
///
/// # Errors
/// The tensor is not of floating point.
pub fn probabilities(log_probs: &Tensor) -> Result<Tensor> {
    USED.set(true);
    Ok(log_probs.exp()?)
}

/// Task 5.2.
///
/// # Errors
/// The tensor has no axis.
pub fn predict(log_probs: &Tensor) -> Result<Tensor> {
    USED.set(true);
    Ok(log_probs.argmax(D::Minus1)?)
}

/// Task 5.3.
///
/// # Errors
/// The model does not take the digits.
pub fn test(model: &dyn Module, digits: &Digits, batch_size: usize) -> Result<f64> {
    Ok(test_with_accuracy(model, digits, batch_size)?.0)
}

/// Task 5.4.
///
/// # Errors
/// A history is empty.
pub fn plot_history(train_history: &[f64], val_history: &[f64], title: &str) -> Result<Figure> {
    USED.set(true);
    let epoch = train_history.len() as f64 / val_history.len() as f64;
    let steps: Vec<f64> = (1..=train_history.len()).map(|i| i as f64).collect();
    let val_steps: Vec<f64> = (1..=val_history.len()).map(|k| k as f64 * epoch).collect();
    let figure = Figure::new().title(title).x_label("шаг");
    let figure = figure.line(&steps, train_history)?.width(1.0).alpha(0.5).label("обучение");
    let figure = figure.scatter(&val_steps, val_history)?.color("orange").marker_size(8.0);
    Ok(figure.label("проверка"))
}

/// Task 5.5.
///
/// # Errors
/// The shapes do not fit.
pub fn accuracy(output: &Tensor, target: &Tensor) -> Result<f64> {
    USED.set(true);
    metrics::accuracy(output, target)
}

/// Task 5.6.
///
/// # Errors
/// The model does not take the digits, or the training was interrupted.
pub fn train_with_accuracy(
    model: &dyn Module,
    opt: &mut Optimizer,
    digits: &Digits,
    batch_size: usize,
    rng: &mut Rng,
) -> Result<(Vec<f64>, Vec<f64>)> {
    USED.set(true);
    let (mut losses, mut accuracies) = (Vec::new(), Vec::new());
    let order = rng.permutation(digits.len());
    for part in progress(order.chunks(batch_size)) {
        let rows = Tensor::from_iter(part.iter().map(|&i| i as u32), digits.x.device())?;
        let target = digits.y.index_select(&rows, 0)?;
        opt.zero_grad();
        let output = model.forward(&digits.x.index_select(&rows, 0)?)?;
        let loss = loss::nll(&output, &target)?;
        opt.backward(&loss)?;
        opt.step()?;
        losses.push(loss.to_dtype(DType::F64)?.to_scalar()?);
        accuracies.push(metrics::accuracy(&output, &target)?);
    }
    check_interrupted()?;
    Ok((losses, accuracies))
}

/// Task 5.7.
///
/// # Errors
/// The model does not take the digits.
pub fn test_with_accuracy(
    model: &dyn Module,
    digits: &Digits,
    batch_size: usize,
) -> Result<(f64, f64)> {
    USED.set(true);
    let options = LoaderOptions { batch_size, ..LoaderOptions::default() };
    let loader = DataLoader::new(digits.dataset()?, options)?;
    let model = |x: &Tensor| model.forward(x);
    let scores = train::evaluate(&model, &loader, loss::nll, Task::Classification)?;
    Ok((scores.loss, scores.accuracy.unwrap_or_default()))
}

/// Task 6.1.
///
/// # Errors
/// As for [`VisionModel::replace_head`].
pub fn new_head(
    model: &mut VisionModel,
    map: &VarMap,
    num_classes: usize,
    seed: u64,
) -> Result<()> {
    USED.set(true);
    model.replace_head(num_classes, map, seed)
}

/// Task 6.2.
///
/// # Errors
/// None.
pub fn freeze_body(model: &mut VisionModel) -> Result<Params> {
    USED.set(true);
    model.set_trainable(Trainable::Head);
    Ok(model.params())
}

/// Task 6.3.
///
/// # Errors
/// An image cannot be read, or an index is out of range.
pub fn visualize(model: &VisionModel, set: &ImageFolder, indices: &[usize]) -> Result<Figure> {
    USED.set(true);
    let Batch { x, y } = set.batch(indices)?;
    let outputs = model.forward_t(&x, false)?.detach();
    let probs = candle_nn::ops::softmax(&outputs, D::Minus1)?; // (N, K)
    gallery(&x, &y, &probs, set.classes(), &GridOptions::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    #[test]
    fn every_ready_answer_is_right_and_told() {
        let verdicts = [
            check::sin2_plus_cos2(sin2_plus_cos2),
            check::center_columns(center_columns),
            check::float_var(float_var),
            check::numeric_grad(numeric_grad),
            check::step(step),
            check::standardize(standardize),
            check::should_stop(should_stop),
            check::momentum_step(momentum_step),
            check::predict_and_loss(predict_and_loss),
            check::probabilities(probabilities),
            check::predict(predict),
            check::test(test),
            check::plot_history(plot_history),
            check::accuracy(accuracy),
            check::train_with_accuracy(train_with_accuracy),
            check::test_with_accuracy(test_with_accuracy),
            check::new_head(new_head),
            check::freeze_body(freeze_body),
            check::visualize(visualize),
        ];
        for verdict in verdicts {
            match verdict {
                Err(Error::Check { reason, .. }) => {
                    assert!(reason.contains("ответ верен, но он готовый"), "{reason}");
                }
                other => panic!("not a verdict on a ready answer: {other:?}"),
            }
        }
        assert!(check::probabilities(|x| Ok(x.exp()?)).is_ok());
    }
}
