//! Checks of notebook 04: optimizers.

use candle_core::{DType, Device, Tensor, Var};

use super::compare::tensor;
use super::fault::{Fault, Judgement, ensure};
use super::verdict::run;
use crate::{Result, Rng};

/// A step with momentum as a student writes it: parameter, velocity, gradient, alpha, gamma.
type Step = fn(&Var, &Var, &Tensor, f64, f64) -> Result<()>;

/// Task 4.1: velocity ← γ · velocity + α · gradient; parameter ← parameter − velocity.
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// check::momentum_step(|param, velocity, grad, alpha, gamma| {
///     velocity.set(&((velocity.detach() * gamma)? + (grad * alpha)?)?)?;
///     Ok(param.set(&(param.detach() - velocity.detach())?)?)
/// })?; // prints «4.1 ✓»
/// // Plain descent: the velocity is forgotten.
/// assert!(check::momentum_step(|p, _, g, a, _| Ok(p.set(&(p.detach() - (g * a)?)?)?)).is_err());
/// # Ok::<(), lab::Error>(())
/// ```
pub fn momentum_step(f: Step) -> Result<()> {
    run("4.1", |rng| {
        let (alpha, gamma) = (0.1 + 0.2 * rng.uniform(), 0.5 + 0.4 * rng.uniform());
        let (p, u) = (Var::from_tensor(&row(rng)?)?, Var::from_tensor(&row(rng)?)?);
        for number in 1..=3 {
            let (old_p, old_u) = (p.as_tensor().copy()?, u.as_tensor().copy()?);
            let grad = row(rng)?;
            f(&p, &u, &grad, alpha, gamma)?;
            let case = format!("шаг {number}");
            velocity(&u, &old_u, &grad, alpha, gamma).map_err(|fault| fault.at(&case))?;
            parameter(&p, &old_p, &u, &old_u, &(grad * alpha)?).map_err(|fault| fault.at(&case))?;
        }
        Ok(())
    })
}

fn row(rng: &mut Rng) -> Result<Tensor> {
    Ok((rng.randn(3, &Device::Cpu)?.to_dtype(DType::F64)? + 2.0)?)
}

fn velocity(now: &Var, old: &Tensor, grad: &Tensor, alpha: f64, gamma: f64) -> Judgement {
    let (kept, by) = ((old * gamma)?, (grad * alpha)?);
    let mistakes = [
        (Ok(old.clone()), "Память не изменилась: где её записывают на следующий шаг?"),
        (Ok(by.clone()), "Где прежняя память? Без неё это обычный спуск"),
        (
            (&kept + grad).map_err(Into::into),
            "Это запись PyTorch; в формуле задания alpha входит в память",
        ),
        ((old + &by).map_err(Into::into), "Прежняя память взята целиком; а где gamma?"),
        ((&kept - &by).map_err(Into::into), "С каким знаком градиент входит в память?"),
        (
            (&kept + (grad * (1.0 - gamma))?).map_err(Into::into),
            "Сумма коэффициентов здесь не обязана быть 1: перечитайте формулу",
        ),
    ];
    tensor(Ok(now.as_tensor().clone()), &(&kept + &by)?, 1e-9, &mistakes)
        .map_err(|fault| fault.at("память"))
}

fn parameter(now: &Var, old: &Tensor, u: &Var, old_u: &Tensor, by: &Tensor) -> Judgement {
    let u = u.as_tensor();
    let mistakes = [
        (Ok(old.clone()), "Параметр не изменился: вызван ли param.set?"),
        ((old + u).map_err(Into::into), "Память направлена вдоль градиента; в какую сторону идти?"),
        ((old - old_u).map_err(Into::into), "Вычтена прежняя память; какая из двух новее?"),
        ((old - by).map_err(Into::into), "Вычтен только alpha · градиент; зачем тогда память?"),
    ];
    tensor(Ok(now.as_tensor().clone()), &(old - u)?, 1e-9, &mistakes)
        .map_err(|fault| fault.at("параметр"))
}

/// A line and its loss as a student writes them: x (N,), y (N,), w, b.
type Model = fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Result<(Tensor, Tensor)>;

/// Task 4.2: the prediction w · x + b (N,) and the mean squared error, one number.
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// check::predict_and_loss(|x, y, w, b| {
///     let predicted = x.broadcast_mul(w)?.broadcast_add(b)?; // (N,)
///     let loss = (&predicted - y)?.sqr()?.mean_all()?;
///     Ok((predicted, loss))
/// })?; // prints «4.2 ✓»
/// assert!(check::predict_and_loss(|x, y, _, _| Ok((x.clone(), y.mean_all()?))).is_err());
/// # Ok::<(), lab::Error>(())
/// ```
pub fn predict_and_loss(f: Model) -> Result<()> {
    run("4.2", |rng| {
        let n = 3 + rng.below(4);
        let x = rng.randn(n, &Device::Cpu)?;
        let number = |value: f64| Var::new(&[value as f32], &Device::Cpu);
        let (w, b) = (number(1.0 + rng.uniform())?, number(2.0 + rng.uniform())?);
        let y = (x.broadcast_mul(&w)?.broadcast_add(&b)?.detach() - both_signs(rng, n)?)?;
        let (y_pred, loss) = f(&x, &y, w.as_tensor(), b.as_tensor())?;
        prediction(&y_pred, &x, &w, &b)?;
        let off = (x.broadcast_mul(&w)?.broadcast_add(&b)? - &y)?;
        squared(&loss, &off)?;
        flows(&loss, &off, &x, &w, &b)
    })
}

/// Numbers (n,) of both signs.
fn both_signs(rng: &mut Rng, n: usize) -> Result<Tensor> {
    let sign = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
    let values: Vec<f32> = (0..n).map(|i| (sign(i) * (1.0 + rng.uniform())) as f32).collect();
    Ok(Tensor::new(values, &Device::Cpu)?)
}

fn prediction(y_pred: &Tensor, x: &Tensor, w: &Var, b: &Var) -> Judgement {
    let line = x.broadcast_mul(w)?;
    let mistakes = [
        (Ok(line.clone()), "Прямая проходит через ноль; где сдвиг b?"),
        (line.broadcast_sub(b).map_err(Into::into), "С каким знаком прибавляют сдвиг b?"),
        (
            x.broadcast_add(b)?.broadcast_mul(w).map_err(Into::into),
            "Что сначала, умножение или сложение?",
        ),
        (x.broadcast_mul(b)?.broadcast_add(w).map_err(Into::into), "Не перепутаны ли w и b?"),
    ];
    let want = line.broadcast_add(b)?;
    tensor(Ok(y_pred.clone()), &want, 1e-5, &mistakes).map_err(|fault| fault.at("предсказание"))
}

fn squared(loss: &Tensor, off: &Tensor) -> Judgement {
    let text = format!("ошибка: форма {:?}, ждали одно число", loss.dims());
    ensure(loss.elem_count() == 1, text)
        .map_err(|fault| fault.asking("Чем из (N,) получают одно число?"))?;
    let mean = off.sqr()?.mean_all()?;
    let mistakes = [
        (off.sqr()?.sum_all().map_err(Into::into), "Это сумма; зависит ли она от числа точек?"),
        (
            off.mean_all().map_err(Into::into),
            "Разности разных знаков гасят друг друга; где квадрат?",
        ),
        (off.abs()?.mean_all().map_err(Into::into), "Это средний модуль, а нужен средний квадрат"),
        (mean.sqrt().map_err(Into::into), "Корень здесь лишний"),
        ((&mean / 2.0).map_err(Into::into), "Откуда взялась половина?"),
        (off.mean_all()?.sqr().map_err(Into::into), "Квадрат среднего или среднее квадратов?"),
    ];
    let got = loss.reshape(()).map_err(Into::into);
    tensor(got, &mean, 1e-5, &mistakes).map_err(|fault| fault.at("ошибка"))
}

/// The gradients reach `w` and `b` and are 2 · mean(off · x) and 2 · mean(off).
fn flows(loss: &Tensor, off: &Tensor, x: &Tensor, w: &Var, b: &Var) -> Judgement {
    let grads = loss.backward()?;
    let wanted = [("w", w, (off * x)?.mean_all()?), ("b", b, off.mean_all()?)];
    for (name, var, half) in wanted {
        let Some(grad) = grads.get(var) else {
            return Err(Fault::new(format!("градиента по {name} нет"))
                .asking("Не отцеплено ли что-то: detach, to_scalar, числа вместо тензоров?"));
        };
        let want = (half * 2.0)?.reshape(grad.dims().to_vec())?;
        tensor(Ok(grad.clone()), &want, 1e-4, &[])
            .map_err(|fault| fault.at(&format!("градиент по {name}")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::verdict::testing::{UNSOLVED, fails, passes, unsolved};
    use super::*;

    fn set(p: &Var, u: &Var, new_p: Tensor, new_u: Tensor) -> Result<()> {
        u.set(&new_u)?;
        Ok(p.set(&new_p)?)
    }

    #[test]
    fn task_4_1() {
        passes(|| {
            momentum_step(|p, u, g, a, c| {
                let new = ((u.detach() * c)? + (g * a)?)?;
                set(p, u, (p.detach() - &new)?, new)
            })
        });
        fails(|| momentum_step(|_, _, _, _, _| unsolved()), UNSOLVED);
        fails(
            || {
                momentum_step(|p, u, g, a, c| {
                    let new = ((u.detach() * c)? + g)?;
                    set(p, u, (p.detach() - (&new * a)?)?, new)
                })
            },
            "запись PyTorch",
        );
        fails(
            || {
                momentum_step(|p, u, g, a, c| {
                    let new = ((u.detach() * c)? + (g * a)?)?;
                    set(p, u, (p.detach() + &new)?, new)
                })
            },
            "в какую сторону идти",
        );
        fails(
            || {
                momentum_step(|p, u, g, a, c| {
                    let (old, new) = (u.as_tensor().copy()?, ((u.detach() * c)? + (g * a)?)?);
                    set(p, u, (p.detach() - old)?, new)
                })
            },
            "какая из двух новее",
        );
        fails(
            || {
                momentum_step(|p, u, g, a, c| {
                    let new = ((u.detach() * c)? + (g * a)?)?;
                    Ok(p.set(&(p.detach() - new)?)?)
                })
            },
            "Память не изменилась",
        );
        fails(
            || momentum_step(|p, u, g, a, _| set(p, u, (p.detach() - (g * a)?)?, (g * a)?)),
            "Где прежняя память",
        );
        fails(
            || {
                momentum_step(|p, u, g, a, _| {
                    let new = (u.detach() + (g * a)?)?;
                    set(p, u, (p.detach() - &new)?, new)
                })
            },
            "а где gamma",
        );
    }

    fn line(x: &Tensor, w: &Tensor, b: &Tensor) -> Result<Tensor> {
        Ok(x.broadcast_mul(w)?.broadcast_add(b)?)
    }

    /// The answer with another loss of the differences.
    fn with(
        loss: fn(Tensor) -> candle_core::Result<Tensor>,
        [x, y, w, b]: [&Tensor; 4],
    ) -> Result<(Tensor, Tensor)> {
        let y_pred = line(x, w, b)?;
        let loss = loss((&y_pred - y)?)?;
        Ok((y_pred, loss))
    }

    #[test]
    fn task_4_2() {
        passes(|| predict_and_loss(|x, y, w, b| with(|off| off.sqr()?.mean_all(), [x, y, w, b])));
        passes(|| {
            predict_and_loss(|x, y, w, b| with(|off| off.sqr()?.mean_keepdim(0), [x, y, w, b]))
        });
        fails(|| predict_and_loss(|_, _, _, _| unsolved()), UNSOLVED);
        fails(
            || predict_and_loss(|x, y, w, b| with(|off| off.sqr()?.sum_all(), [x, y, w, b])),
            "числа точек",
        );
        fails(
            || predict_and_loss(|x, y, w, b| with(|off| off.mean_all(), [x, y, w, b])),
            "где квадрат",
        );
        fails(
            || predict_and_loss(|x, y, w, b| with(|off| off.abs()?.mean_all(), [x, y, w, b])),
            "средний модуль",
        );
        fails(
            || {
                predict_and_loss(|x, y, w, b| {
                    with(|off| off.sqr()?.mean_all()?.sqrt(), [x, y, w, b])
                })
            },
            "Корень",
        );
        fails(
            || predict_and_loss(|x, y, w, b| with(|off| off.sqr(), [x, y, w, b])),
            "ждали одно число",
        );
        fails(
            || {
                predict_and_loss(|x, y, w, b| {
                    with(|off| Ok(off.sqr()?.mean_all()?.detach()), [x, y, w, b])
                })
            },
            "градиента по w нет",
        );
        fails(
            || predict_and_loss(|x, y, w, _| Ok((x.broadcast_mul(w)?, y.mean_all()?))),
            "где сдвиг b",
        );
        fails(|| predict_and_loss(|x, y, w, b| Ok((line(x, b, w)?, y.mean_all()?))), "перепутаны");
    }
}
