//! Tasks 5.1, 5.2, 5.5: probabilities, classes and accuracy from the network's outputs.
//!
//! `N` examples, `K` classes.

use candle_core::{D, Device, Tensor};

use super::super::compare::{number, tensor};
use super::super::fault::{Judgement, ensure};
use super::super::verdict::run;
use crate::{Result, Rng, metrics};

/// Task 5.1: probabilities (N, K) from their logarithms (N, K).
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// check::probabilities(|log_probs| Ok(log_probs.exp()?))?; // prints «5.1 ✓»
/// assert!(check::probabilities(|log_probs| Ok(log_probs.clone())).is_err()); // still logarithms
/// # Ok::<(), lab::Error>(())
/// ```
pub fn probabilities(f: fn(&Tensor) -> Result<Tensor>) -> Result<()> {
    run("5.1", |rng| {
        let log_probs = log_probs(rng)?;
        let probs = log_probs.exp()?;
        let mistakes = [
            (Ok(log_probs.clone()), "Это всё ещё логарифмы; какая функция им обратна?"),
            (
                candle_nn::ops::softmax(&probs, 1).map_err(Into::into),
                "После exp это уже вероятности; зачем ещё softmax?",
            ),
            (
                candle_nn::ops::softmax(&log_probs, 0).map_err(Into::into),
                "Вдоль какой оси сумма вероятностей равна 1?",
            ),
            (
                log_probs.neg().map_err(Into::into),
                "Смена знака ещё не вероятность; что обратно логарифму?",
            ),
            (log_probs.neg()?.exp().map_err(Into::into), "Откуда взялся минус?"),
        ];
        tensor(f(&log_probs), &probs, 1e-5, &mistakes)?;
        let sure = Tensor::new(&[[0f32, -200.0]], &Device::Cpu)?;
        tensor(f(&sure), &sure.exp()?, 1e-6, &[]).map_err(|fault| fault.at("вход [[0, -200]]"))
    })
}

/// Task 5.2: the most probable class of each row, u32 (N,), from the logarithms (N, K).
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// check::predict(|log_probs| Ok(log_probs.argmax(D::Minus1)?))?; // prints «5.2 ✓»
/// assert!(check::predict(|log_probs| Ok(log_probs.argmax(0)?)).is_err()); // the other axis
/// # Ok::<(), lab::Error>(())
/// ```
pub fn predict(f: fn(&Tensor) -> Result<Tensor>) -> Result<()> {
    run("5.2", |rng| {
        let log_probs = log_probs(rng)?;
        let mistakes = [
            (log_probs.argmax(0).map_err(Into::into), "Вдоль какой оси лежат классы?"),
            (
                log_probs.argmax_keepdim(1).map_err(Into::into),
                "По одному номеру на строку: нужна ли лишняя ось?",
            ),
            (log_probs.argmin(1).map_err(Into::into), "Это самый невероятный класс"),
            (log_probs.max(1).map_err(Into::into), "Это наибольшее значение, а нужен его номер"),
        ];
        tensor(f(&log_probs), &log_probs.argmax(D::Minus1)?, 0.0, &mistakes)
    })
}

/// Task 5.5: the share of rows whose class is the label's, from 0 to 1.
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// check::accuracy(|output, target| {
///     let right = output.argmax(D::Minus1)?.eq(target)?.to_dtype(DType::F64)?;
///     Ok(right.mean_all()?.to_scalar()?)
/// })?; // prints «5.5 ✓»
/// assert!(check::accuracy(|_, _| Ok(1.0)).is_err());
/// # Ok::<(), lab::Error>(())
/// ```
pub fn accuracy(f: Accuracy) -> Result<()> {
    run("5.5", |rng| {
        let (output, target, right) = square(rng)?;
        share(f, &output, &target, right)?;
        let output = log_probs(rng)?;
        for right in [1 + rng.below(2), output.dim(0)?, 0] {
            share(f, &output, &labels(&output, right)?, right)?;
        }
        Ok(())
    })
}

/// Accuracy as a student writes it.
type Accuracy = fn(&Tensor, &Tensor) -> Result<f64>;

/// Judges the accuracy where `right` answers are the labels'.
fn share(f: Accuracy, output: &Tensor, target: &Tensor, right: usize) -> Judgement {
    let n = output.dim(0)?;
    let (got, want) = (f(output, target)?, right as f64 / n as f64);
    ensure(!got.is_nan(), format!("верных {right} из {n}: вышло NaN"))?;
    let mistakes = [
        (metrics::accuracy(&output.t()?.contiguous()?, target), "Вдоль какой оси лежат классы?"),
        (Ok(right as f64), "Это число верных ответов, а нужна доля"),
        (Ok(0.0), "Среднее целых в candle равно 0: переведён ли ответ eq в DType::F32?"),
        (Ok(1.0 - want), "Это доля ошибок"),
        (Ok(want * 100.0), "Это проценты, а нужна доля от 0 до 1"),
    ];
    number(&format!("верных {right} из {n}"), got, want, 1e-6, &mistakes)
}

/// As many rows as classes, so that the other axis gives an answer too, which no other wrong idea gives; the
/// labels, and how many answers are right.
fn square(rng: &mut Rng) -> Result<(Tensor, Tensor, usize)> {
    const SIDE: usize = 5;
    let right = 1 + rng.below(2);
    loop {
        let output = scores(rng, SIDE, SIDE)?;
        let target = labels(&output, right)?;
        let other = metrics::accuracy(&output.t()?.contiguous()?, &target)? * SIDE as f64;
        if [0, right, SIDE - right].iter().all(|&count| (other - count as f64).abs() > 0.5) {
            return Ok((output, target, right));
        }
    }
}

/// Labels (N,) for which the first `right` answers of `output` (N, K) are right and the others wrong.
fn labels(output: &Tensor, right: usize) -> Result<Tensor> {
    let (best, k) = (output.argmax(1)?.to_vec1::<u32>()?, output.dim(1)? as u32);
    let label = |(i, &best): (usize, &u32)| (best + u32::from(i >= right)) % k;
    Ok(Tensor::from_iter(best.iter().enumerate().map(label), &Device::Cpu)?)
}

/// Logarithms of probabilities (N, K), N > K; the classes differ by more than a rounding error.
fn log_probs(rng: &mut Rng) -> Result<Tensor> {
    let (n, k) = (6 + rng.below(3), 3 + rng.below(2));
    scores(rng, n, k)
}

/// Logarithms of probabilities (N, K).
fn scores(rng: &mut Rng, n: usize, k: usize) -> Result<Tensor> {
    let places = rng.permutation(n * k);
    let scores = Tensor::from_iter(places.into_iter().map(|i| i as f32 * 0.3), &Device::Cpu)?;
    Ok(candle_nn::ops::log_softmax(&scores.reshape((n, k))?, 1)?)
}

#[cfg(test)]
mod tests {
    use super::super::super::verdict::testing::{UNSOLVED, fails, passes, unsolved};
    use super::*;
    use candle_core::DType;
    use candle_nn::ops::{log_softmax, softmax};

    #[test]
    fn task_5_1() {
        passes(|| probabilities(|x| Ok(x.exp()?)));
        passes(|| probabilities(|x| Ok(softmax(x, 1)?)));
        fails(|| probabilities(|_| unsolved()), UNSOLVED);
        fails(|| probabilities(|x| Ok(x.clone())), "всё ещё логарифмы");
        fails(|| probabilities(|x| Ok(softmax(&x.exp()?, 1)?)), "зачем ещё softmax");
        fails(|| probabilities(|x| Ok(softmax(x, 0)?)), "Вдоль какой оси");
        fails(|| probabilities(|x| Ok(x.neg()?)), "Смена знака");
        fails(|| probabilities(|x| Ok(x.neg()?.exp()?)), "Откуда взялся минус");
        fails(|| probabilities(|x| Ok(log_softmax(x, 0)?)), "ждали");
    }

    #[test]
    fn task_5_2() {
        passes(|| predict(|x| Ok(x.argmax(D::Minus1)?)));
        fails(|| predict(|_| unsolved()), UNSOLVED);
        fails(|| predict(|x| Ok(x.argmax(0)?)), "форма ответа");
        fails(|| predict(|x| Ok(x.argmax_keepdim(1)?)), "лишняя ось");
        fails(|| predict(|x| Ok(x.argmin(1)?)), "самый невероятный");
        fails(|| predict(|x| Ok(x.max(1)?)), "нужен его номер");
    }

    #[test]
    fn task_5_5() {
        passes(|| accuracy(metrics::accuracy));
        fails(|| accuracy(|_, _| unsolved()), UNSOLVED);
        let other_axis: Accuracy =
            |o, t| Ok(o.argmax(0)?.eq(t)?.to_dtype(DType::F64)?.mean_all()?.to_scalar()?);
        fails(|| accuracy(other_axis), "Вдоль какой оси");
        fails(
            || accuracy(|o, t| Ok(metrics::accuracy(o, t)? * t.elem_count() as f64)),
            "нужна доля",
        );
        fails(
            || {
                accuracy(|o, t| {
                    Ok(o.argmax(1)?.eq(t)?.mean_all()?.to_dtype(DType::F64)?.to_scalar()?)
                })
            },
            "Среднее целых",
        );
        fails(|| accuracy(|o, t| Ok(1.0 - metrics::accuracy(o, t)?)), "доля ошибок");
        fails(|| accuracy(|o, t| Ok(100.0 * metrics::accuracy(o, t)?)), "проценты");
    }
}
