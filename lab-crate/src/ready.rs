//! Ready answers to the tasks of the lab, so that who is stuck can go on: the function of that name in place of `todo!`.
//!
//! A check tells a ready answer and gives no points for it. Each function does what the student's function of that
//! name does, with the same arguments; what it is for stands in its notebook.
//!
//! ```
//! use lab::prelude::*;
//! fn standardize(x: &Array1<f64>) -> Array1<f64> {
//!     lab::ready::standardize(x)
//! }
//! assert_eq!(standardize(&Array1::from(vec![1.0, 3.0])), Array1::from(vec![-1.0, 1.0]));
//! assert!(check::standardize(standardize).is_err()); // prints that the answer is a ready one
//! ```
//!
//! Not here: how a right answer is recognised. Read next: [`check`](crate::check).

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

/// Task 5.1.
///
/// # Errors
/// The tensor is not of floating point.
///
/// ```
/// use lab::{candle_core::{Device, Tensor}, ready};
/// let logarithms = Tensor::new(&[[0.25f64.ln(), 0.75f64.ln()]], &Device::Cpu)?;
/// assert!((ready::probabilities(&logarithms)?.to_vec2::<f64>()?[0][1] - 0.75).abs() < 1e-12);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn probabilities(log_probs: &Tensor) -> Result<Tensor> {
    USED.set(true);
    Ok(log_probs.exp()?)
}

/// Task 5.2.
///
/// # Errors
/// The tensor has no axis.
///
/// ```
/// use lab::{candle_core::{Device, Tensor}, ready};
/// let logarithms = Tensor::new(&[[-0.1f32, -2.0], [-3.0, -0.05]], &Device::Cpu)?;
/// assert_eq!(ready::predict(&logarithms)?.to_vec1::<u32>()?, [0, 1]);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn predict(log_probs: &Tensor) -> Result<Tensor> {
    USED.set(true);
    Ok(log_probs.argmax(D::Minus1)?)
}

/// Task 5.3.
///
/// # Errors
/// The model does not take the digits.
///
/// ```
/// use lab::{candle_core::{Device, Tensor}, data::Digits, nn, ready};
/// let digits = Digits { x: Tensor::new(&[[2f32, 0.0], [0.0, 2.0]], &Device::Cpu)?, y: Tensor::new(&[0u32, 0], &Device::Cpu)? };
/// let model = |x: &Tensor| -> lab::candle_core::Result<Tensor> { Ok(nn::log_softmax(x)?) };
/// assert!((ready::test(&model, &digits, 32)? - 1.1269).abs() < 1e-4); // (0.1269 + 2.1269) / 2
/// # Ok::<(), lab::Error>(())
/// ```
pub fn test(model: &dyn Module, digits: &Digits, batch_size: usize) -> Result<f64> {
    Ok(test_with_accuracy(model, digits, batch_size)?.0)
}

/// Task 5.4.
///
/// # Errors
/// A history is empty.
///
/// ```
/// let figure = lab::ready::plot_history(&[0.9, 0.5, 0.4, 0.3], &[0.6, 0.35], "Ошибка")?;
/// assert!(figure.to_svg()?.contains("Ошибка"));
/// # Ok::<(), lab::Error>(())
/// ```
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
///
/// ```
/// use lab::{candle_core::{Device, Tensor}, ready};
/// let output = Tensor::new(&[[-0.1f32, -2.0], [-3.0, -0.05]], &Device::Cpu)?;
/// assert_eq!(ready::accuracy(&output, &Tensor::new(&[0u32, 0], &Device::Cpu)?)?, 0.5);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn accuracy(output: &Tensor, target: &Tensor) -> Result<f64> {
    USED.set(true);
    metrics::accuracy(output, target)
}

/// Task 5.6.
///
/// # Errors
/// The model does not take the digits, or the training was interrupted.
///
/// ```
/// use lab::{data::Digits, prelude::*, ready};
/// let x = Rng::seed(1).randn((6, 784), &Device::Cpu)?;
/// let digits = Digits { x, y: Tensor::new(&[0u32, 1, 2, 3, 4, 5], &Device::Cpu)? };
/// let map = VarMap::new();
/// let layer = nn::linear(784, 10, nn::var_builder(&map, 42, &Device::Cpu).pp("fc"))?;
/// let model = |x: &Tensor| -> candle_core::Result<Tensor> { Ok(nn::log_softmax(&layer.forward(x)?)?) };
/// let mut opt = Optimizer::new(Sgd::lr(0.1), &map)?;
/// let mut rng = Rng::seed(7);
/// let (losses, accuracies) = ready::train_with_accuracy(&model, &mut opt, &digits, 4, &mut rng)?;
/// assert_eq!((losses.len(), accuracies.len()), (2, 2)); // 4 examples, then 2
/// # Ok::<(), lab::Error>(())
/// ```
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
///
/// ```
/// use lab::{candle_core::{Device, Tensor}, data::Digits, nn, ready};
/// let digits = Digits { x: Tensor::new(&[[2f32, 0.0], [0.0, 2.0]], &Device::Cpu)?, y: Tensor::new(&[0u32, 0], &Device::Cpu)? };
/// let model = |x: &Tensor| -> lab::candle_core::Result<Tensor> { Ok(nn::log_softmax(x)?) };
/// assert_eq!(ready::test_with_accuracy(&model, &digits, 32)?.1, 0.5);
/// # Ok::<(), lab::Error>(())
/// ```
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
///
/// ```
/// use lab::{candle_core::Device, candle_nn::VarMap, models, nn, ready};
/// let map = VarMap::new();
/// let mut model = models::resnet18(1000, nn::var_builder(&map, 42, &Device::Cpu))?;
/// ready::new_head(&mut model, &map, 2, 42)?;
/// assert_eq!(model.num_classes(), 2);
/// # Ok::<(), lab::Error>(())
/// ```
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
///
/// ```
/// use lab::{candle_core::Device, candle_nn::VarMap, models, nn, ready};
/// let mut model = models::resnet18(2, nn::var_builder(&VarMap::new(), 42, &Device::Cpu))?;
/// assert_eq!(ready::freeze_body(&mut model)?.count(), 1026); // the head: 512 * 2 + 2
/// # Ok::<(), lab::Error>(())
/// ```
pub fn freeze_body(model: &mut VisionModel) -> Result<Params> {
    USED.set(true);
    model.set_trainable(Trainable::Head);
    Ok(model.params())
}

/// Task 6.3.
///
/// # Errors
/// An image cannot be read, or an index is out of range.
///
/// ```
/// use lab::data::standin_insects::{Counts, write};
/// use lab::vision::{ImageFolder, transforms::{Compose, Normalize, Resize, ToTensor}};
/// use lab::{candle_core::Device, candle_nn::VarMap, models, nn, ready};
/// # let root = std::env::temp_dir().join(format!("doc-visualize-{}", std::process::id()));
/// write(&root, &Counts { train: [1, 1], val: [1, 1] }, 42)?;
/// let small = Compose::new().then(Resize::exact(64, 64)).then(ToTensor).then(Normalize::imagenet());
/// let set = ImageFolder::new(root.join("val"), small)?;
/// let model = models::resnet18(2, nn::var_builder(&VarMap::new(), 42, &Device::Cpu))?;
/// assert!(ready::visualize(&model, &set, &[0, 1])?.to_svg()?.contains("ants"));
/// # std::fs::remove_dir_all(&root).ok();
/// # Ok::<(), lab::Error>(())
/// ```
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
