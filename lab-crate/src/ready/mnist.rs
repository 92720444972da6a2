//! Ready answers to the tasks of notebook 05. Not here: what a ready answer is (`../ready.rs`). Read next: `transfer.rs`.

use candle_core::{D, DType, Module, Tensor};

use super::USED;
use crate::batches::{DataLoader, LoaderOptions};
use crate::data::Digits;
use crate::optim::Optimizer;
use crate::train::{self, Task};
use crate::{Figure, Result, Rng, check_interrupted, loss, metrics, progress};

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
