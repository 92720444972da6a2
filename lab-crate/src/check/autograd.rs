//! Checks of notebook 02: gradients.

use candle_core::{DType, Device, Tensor, Var};

use super::compare::{number, tensor};
use super::fault::{Fault, Judgement, ensure};
use super::verdict::run;
use crate::{Result, Rng};

/// Task 2.1: a variable with the values of `t` where its elements are real numbers, an error where they are whole.
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// check::float_var(|t| {
///     if !t.dtype().is_float() {
///         return Err(lab::Error::Argument("у целых чисел нет градиента".into()));
///     }
///     Ok(Var::from_tensor(t)?)
/// })?; // prints «2.1 ✓»
/// assert!(check::float_var(|t| Ok(Var::from_tensor(t)?)).is_err()); // whole numbers too
/// # Ok::<(), lab::Error>(())
/// ```
pub fn float_var(f: fn(&Tensor) -> Result<Var>) -> Result<()> {
    run("2.1", |rng| {
        let columns = 2 + rng.below(3);
        let x = rng.randn((2, columns), &Device::Cpu)?;
        for dtype in [DType::F32, DType::F64] {
            real(f, &x.to_dtype(dtype)?)?;
        }
        for dtype in [DType::I64, DType::U32, DType::U8] {
            whole(f, &(x.abs()? * 10.0)?.to_dtype(dtype)?)?;
        }
        Ok(())
    })
}

fn real(f: fn(&Tensor) -> Result<Var>, t: &Tensor) -> Judgement {
    let name = t.dtype().as_str();
    let var = f(t).map_err(|error| {
        Fault::new(format!("тензор {name} отвергнут: {error}"))
            .asking("Какое условие должно приводить к ошибке: is_float() или его отрицание?")
    })?;
    ensure(var.is_variable(), format!("для {name} получилась не переменная"))?;
    let zeros =
        (t.zeros_like().map_err(Into::into), "Числа потерялись: какой метод Var берёт тензор?");
    tensor(Ok(var.as_tensor().clone()), t, 0.0, &[zeros])
}

fn whole(f: fn(&Tensor) -> Result<Var>, t: &Tensor) -> Judgement {
    let name = t.dtype().as_str();
    let Ok(var) = f(t) else { return Ok(()) };
    let now = var.dtype();
    Err(if now.is_float() {
        Fault::new(format!("тензор {name} молча превращён в {}, ждали ошибку", now.as_str()))
            .asking("Что ответил бы PyTorch на torch.tensor([1, 2], requires_grad=True)?")
    } else {
        Fault::new(format!("из тензора {name} получилась переменная, ждали ошибку"))
            .asking("Чему равен градиент по целому числу? Проверьте тип до создания переменной")
    })
}

/// Task 2.2: the derivative of `f` at `x` by the central difference with step `h`.
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// check::numeric_grad(|f, x, h| (f(x + h) - f(x - h)) / (2.0 * h))?; // prints «2.2 ✓»
/// assert!(check::numeric_grad(|f, x, h| (f(x + h) - f(x)) / h).is_err()); // not central
/// # Ok::<(), lab::Error>(())
/// ```
pub fn numeric_grad(f: fn(&dyn Fn(f64) -> f64, f64, f64) -> f64) -> Result<()> {
    run("2.2", |rng| {
        central(f, &|x| x * x, 3.0, 0.1)?;
        let (x, h) = (1.0 + rng.uniform(), 0.05 + 0.2 * rng.uniform());
        central(f, &|x| x * x * x - 2.0 * x, x, h)?;
        let steep = cubic(rng);
        central(f, &steep, -x, h)
    })
}

/// A cubic with coefficients between 1 and 3.
fn cubic(rng: &mut Rng) -> impl Fn(f64) -> f64 + use<> {
    let [a, b] = [1.0 + 2.0 * rng.uniform(), 1.0 + 2.0 * rng.uniform()];
    move |x| a * x * x * x + b * x
}

fn central(
    f: fn(&dyn Fn(f64) -> f64, f64, f64) -> f64,
    g: &dyn Fn(f64) -> f64,
    x: f64,
    h: f64,
) -> Judgement {
    let (up, here, down) = (g(x + h), g(x), g(x - h));
    let want = (up - down) / (2.0 * h);
    let mistakes = [
        (Ok((up - here) / h), "Это односторонняя разность: где второе значение, слева от x?"),
        (Ok((here - down) / h), "Это односторонняя разность: где второе значение, справа от x?"),
        (Ok((up - down) / h), "Каково расстояние между точками x − h и x + h?"),
        (Ok((up - down) / 2.0 * h), "В каком порядке выполняются / и *? Где нужны скобки?"),
        (Ok(up - down), "Разность значений ещё не производная: на что её делят?"),
        (Ok(-want), "Знак: из какого значения какое вычитают?"),
    ];
    number(&format!("производная в точке {x:.3}"), f(g, x, h), want, 1e-9, &mistakes)
}

#[cfg(test)]
mod tests {
    use super::super::verdict::testing::{UNSOLVED, fails, passes, unsolved};
    use super::*;
    use crate::Error;

    fn refuse() -> Result<Var> {
        Err(Error::Argument("градиент есть только у f32, f64".into()))
    }

    #[test]
    fn task_2_1() {
        passes(|| {
            float_var(|t| if t.dtype().is_float() { Ok(Var::from_tensor(t)?) } else { refuse() })
        });
        fails(|| float_var(|_| unsolved()), UNSOLVED);
        fails(|| float_var(|t| Ok(Var::from_tensor(t)?)), "Чему равен градиент по целому");
        fails(
            || float_var(|t| Ok(Var::from_tensor(&t.to_dtype(DType::F32)?)?)),
            "тип элементов f32, ждали f64",
        );
        fails(
            || {
                float_var(|t| match t.dtype() {
                    DType::F64 => Ok(Var::from_tensor(t)?),
                    _ => Ok(Var::from_tensor(&t.to_dtype(DType::F32)?)?),
                })
            },
            "молча превращён в f32",
        );
        fails(
            || float_var(|t| if t.dtype().is_int() { Ok(Var::from_tensor(t)?) } else { refuse() }),
            "или его отрицание",
        );
        fails(
            || float_var(|t| Ok(Var::zeros(t.dims(), t.dtype(), t.device())?)),
            "Числа потерялись",
        );
    }

    #[test]
    fn task_2_2() {
        passes(|| numeric_grad(|f, x, h| (f(x + h) - f(x - h)) / (2.0 * h)));
        fails(|| numeric_grad(|_, _, _| unsolved()), UNSOLVED);
        fails(|| numeric_grad(|f, x, h| (f(x + h) - f(x)) / h), "слева от x");
        fails(|| numeric_grad(|f, x, h| (f(x) - f(x - h)) / h), "справа от x");
        fails(|| numeric_grad(|f, x, h| (f(x + h) - f(x - h)) / h), "Каково расстояние");
        fails(|| numeric_grad(|f, x, h| (f(x + h) - f(x - h)) / 2.0 * h), "порядке выполняются");
        fails(|| numeric_grad(|f, x, h| f(x + h) - f(x - h)), "на что её делят");
        fails(|| numeric_grad(|f, x, h| (f(x - h) - f(x + h)) / (2.0 * h)), "Знак");
        fails(|| numeric_grad(|f, x, _| f(x)), "ждали");
    }
}
