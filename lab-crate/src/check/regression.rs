//! Checks of notebook 03: linear regression.

use candle_core::backprop::GradStore;
use candle_core::{Device, Tensor, Var};
use ndarray::Array1;

use super::compare::{same, tensor};
use super::fault::{Fault, Judgement, ensure};
use super::verdict::run;
use crate::{Result, from_ndarray};

/// A step of gradient descent as a student writes it.
type Step = fn(&Var, &GradStore, f64) -> Result<()>;

/// Task 3.1: `param` ← `param` − `alpha` · gradient; an error where there is no gradient.
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// check::step(|param, grads, alpha| {
///     let missing = || lab::Error::Argument("у параметра нет градиента".into());
///     let grad = grads.get(param).ok_or_else(missing)?;
///     Ok(param.set(&(param.detach() - (grad * alpha)?)?)?)
/// })?; // prints «3.1 ✓»
/// assert!(check::step(|_, _, _| Ok(())).is_err()); // nothing moves
/// # Ok::<(), lab::Error>(())
/// ```
pub fn step(f: Step) -> Result<()> {
    run("3.1", |rng| {
        let start = (rng.randn(3, &Device::Cpu)? + 3.0)?;
        let alpha = 0.05 + 0.2 * rng.uniform();
        let param = Var::from_tensor(&start)?;
        let grads = param.powf(3.0)?.sum_all()?.backward()?;
        f(&param, &grads, alpha)?;
        let grad = (start.sqr()? * 3.0)?;
        moved(&param, &start, &grad, alpha)?;
        let stranger = Var::from_tensor(&start)?;
        match f(&stranger, &grads, alpha) {
            Ok(()) => Err(Fault::new("у параметра нет градиента, а ошибки не было")
                .asking("Кто заметит, что параметр забыли включить в функцию потерь?")),
            Err(_) => Ok(()),
        }
    })
}

fn moved(param: &Var, start: &Tensor, grad: &Tensor, alpha: f64) -> Judgement {
    let now = param.as_tensor().clone();
    if same(&now, start, 0.0).is_ok() {
        return Err(Fault::new("параметр не изменился")
            .asking("Каким методом записывают в Var новое значение?"));
    }
    let by = (grad * alpha)?;
    let mistakes = [
        ((start + &by).map_err(Into::into), "В какую сторону от градиента убывает функция?"),
        ((start - grad).map_err(Into::into), "Где скорость обучения alpha?"),
        (by.neg().map_err(Into::into), "Записано изменение, а нужно старое значение вместе с ним"),
        (Ok(by.clone()), "Записано изменение, а нужно старое значение вместе с ним"),
        ((start - (start * alpha)?).map_err(Into::into), "Вычтено само значение; а где градиент?"),
    ];
    tensor(Ok(now), &(start - &by)?, 1e-5, &mistakes)
}

/// Task 3.2: (x − mean) / standard deviation of the values of `x` (N,).
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// check::standardize(|x| (x - x.sum() / x.len() as f64) / x.std(0.0))?; // prints «3.2 ✓»
/// assert!(check::standardize(|x| x / x.std(0.0)).is_err()); // the mean is forgotten
/// # Ok::<(), lab::Error>(())
/// ```
pub fn standardize(f: fn(&Array1<f64>) -> Array1<f64>) -> Result<()> {
    run("3.2", |rng| {
        standardized(f, &Array1::from(vec![1.0, 2.0, 3.0, 10.0]))?;
        let n = 5 + rng.below(5);
        standardized(f, &Array1::from_shape_fn(n, |_| 4.0 * rng.normal() - 120.0))
    })
}

fn standardized(f: fn(&Array1<f64>) -> Array1<f64>, x: &Array1<f64>) -> Judgement {
    let n = x.len() as f64;
    let (mean, std) = (x.sum() / n, x.std(0.0));
    let moved = x - mean;
    let mistakes = [
        (from_ndarray(&(x / std)), "Среднее не вычтено: так исходная лабораторная и расходится"),
        (from_ndarray(&moved), "Вычтено среднее; а на что ещё нужно разделить?"),
        (
            from_ndarray(&(&moved / x.std(1.0))),
            "Отклонение на n − 1: какой аргумент у std нужен здесь?",
        ),
        (
            from_ndarray(&(&moved / (std * std))),
            "Разделено на дисперсию; чем от неё отличается отклонение?",
        ),
        (from_ndarray(&(-&moved / std)), "Знак: что из чего вычитают?"),
        (from_ndarray(&(x - mean / std)), "Что делится на отклонение: среднее или разность?"),
    ];
    tensor(from_ndarray(&f(x)), &from_ndarray(&(moved / std))?, 1e-9, &mistakes)
}

/// A rule that says whether to stop: previous loss, current loss, tolerance.
type Rule = fn(f32, f32, f32) -> bool;

/// Task 3.3: stop when the loss changes by less than the tolerance, or is no number any more.
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// check::should_stop(|previous, current, tolerance| {
///     !current.is_finite() || (previous - current).abs() < tolerance
/// })?; // prints «3.3 ✓»
/// assert!(check::should_stop(|_, current, tolerance| current < tolerance).is_err());
/// # Ok::<(), lab::Error>(())
/// ```
pub fn should_stop(f: Rule) -> Result<()> {
    run("3.3", |rng| {
        let loss = (0.5 + rng.uniform()) as f32;
        for (previous, current, tolerance, want, says) in [
            (loss, loss * 0.5, 1e-3, false, "Ошибка ещё убывает; что должно быть меньше допуска?"),
            (loss, loss - 1e-5, 1e-3, true, "Изменение меньше допуска: чего ждать?"),
            (loss, loss + 1e-5, 1e-3, true, "Ошибка чуть выросла; важен ли знак изменения?"),
            (4.2, 1.6e6, 1e-4, false, "Ошибка выросла; не забыт ли модуль разности?"),
            (1000.0, 999.9, 1e-3, false, "Допуск относится к самому изменению, а не к его доле"),
            (loss, f32::NAN, 1e-3, true, "Чему равно сравнение с NaN? Пригодится is_finite()"),
            (1e38, f32::INFINITY, 1e-3, true, "Бесконечность: осталось ли чему сходиться?"),
        ] {
            let got = f(previous, current, tolerance);
            let text =
                format!("should_stop({previous}, {current}, {tolerance}) = {got}, ждали {want}");
            ensure(got == want, text).map_err(|fault| fault.asking(says))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::super::verdict::testing::{UNSOLVED, fails, passes, unsolved};
    use super::*;
    use crate::Error;

    fn grad<'a>(param: &Var, grads: &'a GradStore) -> Result<&'a Tensor> {
        grads.get(param).ok_or_else(|| Error::Argument("нет градиента".into()))
    }

    #[test]
    fn task_3_1() {
        passes(|| step(|p, g, a| Ok(p.set(&(p.detach() - (grad(p, g)? * a)?)?)?)));
        fails(|| step(|_, _, _| unsolved()), UNSOLVED);
        fails(
            || step(|p, g, a| Ok(p.set(&(p.detach() + (grad(p, g)? * a)?)?)?)),
            "В какую сторону",
        );
        fails(|| step(|p, g, _| Ok(p.set(&(p.detach() - grad(p, g)?)?)?)), "Где скорость");
        fails(|| step(|p, g, a| Ok(p.set(&(grad(p, g)? * -a)?)?)), "старое значение вместе");
        fails(|| step(|p, g, a| (grad(p, g)? * a).map(drop).map_err(Into::into)), "не изменился");
        fails(
            || {
                step(|p, g, a| match g.get(p) {
                    Some(grad) => Ok(p.set(&(p.detach() - (grad * a)?)?)?),
                    None => Ok(()),
                })
            },
            "а ошибки не было",
        );
    }

    #[test]
    fn task_3_2() {
        let mean = |x: &Array1<f64>| x.sum() / x.len() as f64;
        assert!((mean(&Array1::from(vec![1.0, 3.0])) - 2.0).abs() < 1e-12);
        passes(|| standardize(|x| (x - x.sum() / x.len() as f64) / x.std(0.0)));
        fails(|| standardize(|_| unsolved()), UNSOLVED);
        fails(|| standardize(|x| x / x.std(0.0)), "исходная лабораторная");
        fails(|| standardize(|x| x - x.sum() / x.len() as f64), "на что ещё");
        fails(|| standardize(|x| (x - x.sum() / x.len() as f64) / x.std(1.0)), "n − 1");
        fails(|| standardize(|x| (x - x.sum() / x.len() as f64) / x.var(0.0)), "дисперсию");
        fails(|| standardize(|x| (x.sum() / x.len() as f64 - x) / x.std(0.0)), "Знак");
        fails(
            || standardize(|x| x - x.sum() / x.len() as f64 / x.std(0.0)),
            "среднее или разность",
        );
    }

    #[test]
    fn task_3_3() {
        passes(|| should_stop(|old, new, tol| !new.is_finite() || (old - new).abs() < tol));
        fails(|| should_stop(|_, _, _| unsolved()), UNSOLVED);
        fails(
            || should_stop(|old, new, tol| !new.is_finite() || old - new < tol),
            "модуль разности",
        );
        fails(|| should_stop(|old, new, tol| (old - new).abs() < tol), "сравнение с NaN");
        fails(
            || should_stop(|old, new, tol| new.is_nan() || (old - new).abs() < tol),
            "Бесконечность",
        );
        fails(|| should_stop(|old, new, tol| (old - new).abs() > tol), "ещё убывает");
        fails(
            || should_stop(|old, new, tol| !new.is_finite() || (old - new).abs() < tol * old),
            "а не к его доле",
        );
        fails(|| should_stop(|_, new, tol| new < tol), "меньше допуска");
    }
}
