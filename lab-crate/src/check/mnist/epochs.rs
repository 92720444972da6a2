//! Tasks 5.3, 5.6, 5.7: functions that go over all batches.

use candle_core::{Device, Module, Tensor};

use super::super::compare::{number, same, tensor};
use super::super::fault::{Fault, Judgement, ensure};
use super::super::verdict::run;
use super::toy::{Toy, by_batches, examples, part, scores};
use crate::data::Digits;
use crate::optim::{Optimizer, Sgd};
use crate::{Result, Rng, loss};

/// Validation as a student writes it.
type Test = fn(&dyn Module, &Digits, usize) -> Result<f64>;
/// Validation with accuracy.
type TestWithAccuracy = fn(&dyn Module, &Digits, usize) -> Result<(f64, f64)>;
/// An epoch of training with accuracy.
type Train =
    fn(&dyn Module, &mut Optimizer, &Digits, usize, &mut Rng) -> Result<(Vec<f64>, Vec<f64>)>;

/// Task 5.3: the mean loss over all examples; the weights stay as they are.
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// check::test(|model, digits, batch_size| {
///     let options = LoaderOptions { batch_size, ..Default::default() };
///     let mut mean = metrics::Mean::default();
///     for batch in &DataLoader::new(digits.dataset()?, options)? {
///         let Batch { x, y } = batch?;
///         let loss = loss::nll(&model.forward(&x)?, &y)?;
///         mean.add(loss.to_dtype(DType::F64)?.to_scalar()?, y.elem_count()); // a short batch weighs less
///     }
///     Ok(mean.value().unwrap_or(f64::NAN))
/// })?; // prints «5.3 ✓»
/// assert!(check::test(|_, _, _| Ok(0.0)).is_err());
/// # Ok::<(), lab::Error>(())
/// ```
pub fn test(f: Test) -> Result<()> {
    run("5.3", |rng| {
        over_batches(rng, |model, digits, batch_size| {
            let got = f(model, digits, batch_size)?;
            mean("ошибка", got, |(loss, _)| loss, model, digits, batch_size)
        })
    })
}

/// Task 5.7: mean loss and accuracy over all examples; the weights stay as they are.
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// use lab::train::{Task, evaluate};
/// check::test_with_accuracy(|model, digits, batch_size| {
///     let options = LoaderOptions { batch_size, ..Default::default() };
///     let loader = DataLoader::new(digits.dataset()?, options)?;
///     let model = |x: &Tensor| model.forward(x);
///     let scores = evaluate(&model, &loader, loss::nll, Task::Classification)?;
///     Ok((scores.loss, scores.accuracy.unwrap_or(f64::NAN)))
/// })?; // prints «5.7 ✓»
/// assert!(check::test_with_accuracy(|_, _, _| Ok((0.0, 1.0))).is_err());
/// # Ok::<(), lab::Error>(())
/// ```
pub fn test_with_accuracy(f: TestWithAccuracy) -> Result<()> {
    run("5.7", |rng| {
        over_batches(rng, |model, digits, batch_size| {
            let (loss, accuracy) = f(model, digits, batch_size)?;
            mean("ошибка", loss, |(loss, _)| loss, model, digits, batch_size)?;
            mean("точность", accuracy, |(_, accuracy)| accuracy, model, digits, batch_size)
        })
    })
}

/// Judges with batches that hold everything, that come out even, and whose last one is short.
fn over_batches(
    rng: &mut Rng,
    judge: impl Fn(&dyn Module, &Digits, usize) -> Judgement,
) -> Judgement {
    let model = Toy::new(rng.below(1000) as u64)?;
    let digits = examples(rng, 13)?;
    let before = model.weights()?;
    for batch_size in [13, 6, 4] {
        judge(&model, &digits, batch_size)
            .map_err(|fault| fault.at(&format!("13 примеров, пакеты по {batch_size}")))?;
    }
    same(&model.weights()?, &before, 0.0)
        .map_err(|fault| fault.at("веса изменились, а проверка не учит"))
}

/// Judges a mean over all examples.
fn mean(
    name: &str,
    got: f64,
    pick: fn((f64, f64)) -> f64,
    model: &dyn Module,
    digits: &Digits,
    batch_size: usize,
) -> Judgement {
    let batches: Vec<f64> = by_batches(model, digits, batch_size)?.into_iter().map(pick).collect();
    let (count, n) = (batches.len() as f64, digits.len() as f64);
    let size = |i: usize| batch_size.min(digits.len() - i * batch_size) as f64;
    let weighted: f64 = batches.iter().enumerate().map(|(i, value)| value * size(i)).sum();
    let full: f64 = batches
        .iter()
        .enumerate()
        .map(|(i, value)| if size(i) == batch_size as f64 { value * size(i) } else { 0.0 })
        .sum();
    let sum: f64 = batches.iter().sum();
    let mistakes = [
        (Ok(sum / count), "Это среднее средних; учтено ли, что последний пакет короче?"),
        (Ok(sum), "Это сумма по пакетам; на что её делят?"),
        (Ok(weighted), "Это сумма по примерам; на что её делят?"),
        (
            Ok(sum / n),
            "Ошибка пакета уже средняя: на что её умножить, чтобы делить на число примеров?",
        ),
        (Ok(full / n), "Последний, короткий пакет потерян"),
        (
            batches.last().copied().ok_or_else(none),
            "Это значение последнего пакета; где остальные?",
        ),
        (batches.first().copied().ok_or_else(none), "Это значение первого пакета; где остальные?"),
        (Ok(0.0), "Вышел ноль: складывается ли что-нибудь? Среднее целых в candle равно нулю"),
    ];
    number(name, got, weighted / n, 1e-5, &mistakes)
}

fn none() -> crate::Error {
    crate::Error::Argument("нет ни одного пакета".into())
}

/// Task 5.6: an epoch of training; loss and accuracy of each batch before its step.
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// check::train_with_accuracy(|model, opt, digits, batch_size, rng| {
///     let (mut losses, mut accuracies) = (Vec::new(), Vec::new());
///     for part in rng.permutation(digits.len()).chunks(batch_size) {
///         let rows = Tensor::from_iter(part.iter().map(|&i| i as u32), digits.x.device())?;
///         let target = digits.y.index_select(&rows, 0)?;
///         opt.zero_grad(); // or the gradients of all batches add up
///         let output = model.forward(&digits.x.index_select(&rows, 0)?)?;
///         let loss = loss::nll(&output, &target)?;
///         opt.backward(&loss)?;
///         opt.step()?;
///         losses.push(loss.to_dtype(DType::F64)?.to_scalar()?);
///         accuracies.push(metrics::accuracy(&output, &target)?);
///     }
///     Ok((losses, accuracies))
/// })?; // prints «5.6 ✓»
/// assert!(check::train_with_accuracy(|_, _, _, _, _| Ok((vec![], vec![]))).is_err());
/// # Ok::<(), lab::Error>(())
/// ```
pub fn train_with_accuracy(f: Train) -> Result<()> {
    run("5.6", |rng| {
        let (seed, shuffle) = (rng.below(1000) as u64, rng.below(1000) as u64);
        let digits = examples(rng, 11)?;
        let want = Epoch::of(seed, &digits, shuffle, Slip::None)?;
        let model = Toy::new(seed)?;
        let mut opt = Optimizer::new(Sgd::lr(RATE), &model.map)?;
        let (losses, accuracies) = f(&model, &mut opt, &digits, BATCH, &mut Rng::seed(shuffle))?;
        for (name, got) in [("ошибок", &losses), ("точностей", &accuracies)] {
            let text = format!("{name} {}, а пакетов {}", got.len(), want.losses.len());
            ensure(got.len() == want.losses.len(), text).map_err(|fault| {
                fault.asking("По одному числу на пакет, и последний тоже считается")
            })?;
        }
        let got = Epoch { losses, accuracies, weights: model.weights()? };
        let Err(fault) = got.same(&want) else { return Ok(()) };
        for (slip, says) in SLIPS {
            if got.same(&Epoch::of(seed, &digits, shuffle, slip)?).is_ok() {
                return Err(fault.asking(says));
            }
        }
        Err(fault)
    })
}

const BATCH: usize = 4;
/// So large that each step is seen in the next loss.
const RATE: f64 = 0.5;

/// What may be wrong in an epoch.
#[derive(Clone, Copy, PartialEq)]
enum Slip {
    None,
    Kept,
    After,
    Accuracy,
    Ordered,
    Still,
    Swapped,
}

const SLIPS: [(Slip, &str); 6] = [
    (Slip::Kept, "Градиенты прошлых пакетов не обнулены: где zero_grad?"),
    (Slip::After, "Числа измерены после шага; а просили до него"),
    (Slip::Accuracy, "Точность измерена после шага, на новых весах; возьмите тот же output"),
    (Slip::Ordered, "Пакеты шли по порядку; передан ли rng в iterate_minibatches?"),
    (Slip::Still, "Веса не изменились: вызваны ли backward и step?"),
    (Slip::Swapped, "Списки перепутаны местами: сначала ошибки, потом точности"),
];

/// What an epoch leaves.
struct Epoch {
    losses: Vec<f64>,
    accuracies: Vec<f64>,
    weights: Tensor,
}

impl Epoch {
    /// An epoch of our own, right but for one slip.
    fn of(seed: u64, digits: &Digits, shuffle: u64, slip: Slip) -> Result<Self> {
        let model = Toy::new(seed)?;
        let mut opt = Optimizer::new(Sgd::lr(RATE), &model.map)?;
        let order = match slip {
            Slip::Ordered => (0..digits.len()).collect(),
            _ => Rng::seed(shuffle).permutation(digits.len()),
        };
        let (mut losses, mut accuracies) = (Vec::new(), Vec::new());
        for chunk in order.chunks(BATCH) {
            let batch = part(digits, chunk)?;
            if slip != Slip::Kept {
                opt.zero_grad();
            }
            let before = scores(&model, &batch)?;
            if slip != Slip::Still {
                opt.backward(&loss::nll(&model.forward(&batch.x)?, &batch.y)?)?;
                opt.step()?;
            }
            let after = scores(&model, &batch)?;
            losses.push(if slip == Slip::After { after.0 } else { before.0 });
            let late = matches!(slip, Slip::After | Slip::Accuracy);
            accuracies.push(if late { after.1 } else { before.1 });
        }
        if slip == Slip::Swapped {
            std::mem::swap(&mut losses, &mut accuracies);
        }
        Ok(Self { losses, accuracies, weights: model.weights()? })
    }

    fn same(&self, want: &Self) -> Judgement {
        let row = |values: &[f64]| Tensor::new(values, &Device::Cpu).map_err(Into::into);
        for (name, got, want) in [
            ("ошибки пакетов", &self.losses, &want.losses),
            ("точности пакетов", &self.accuracies, &want.accuracies),
        ] {
            tensor(row(got), &row(want)?, 1e-5, &[]).map_err(|fault| fault.at(name))?;
        }
        same(&self.weights, &want.weights, 1e-4)
            .map_err(|fault: Fault| fault.at("веса после эпохи"))
    }
}

#[cfg(test)]
mod tests;
