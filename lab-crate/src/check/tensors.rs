//! Checks of notebook 01: tensors.

use candle_core::{DType, Device, Tensor};

use super::compare::tensor;
use super::fault::{Judgement, ensure};
use super::verdict::run;
use crate::{Result, Rng};

/// Task 1.1: sin²(x) + cos²(x) of every element, in the shape and type of `x`.
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// check::sin2_plus_cos2(|x| Ok((x.sin()?.sqr()? + x.cos()?.sqr()?)?))?; // prints «1.1 ✓»
/// assert!(check::sin2_plus_cos2(|x| Ok(x.sin()?.sqr()?)).is_err()); // half of the sum
/// # Ok::<(), lab::Error>(())
/// ```
pub fn sin2_plus_cos2(f: fn(&Tensor) -> Result<Tensor>) -> Result<()> {
    run("1.1", |rng| {
        let n = 3 + rng.below(5);
        for shape in [vec![n], vec![2, n], vec![]] {
            let x = (rng.randn(shape, &Device::Cpu)? * 3.0)?.to_dtype(DType::F64)?;
            let (s, c) = (x.sin()?, x.cos()?);
            let mistakes = [
                ((&s + &c).map_err(Into::into), "Возведены ли синус и косинус в квадрат?"),
                ((s.sqr()? - c.sqr()?).map_err(Into::into), "Какой знак стоит между квадратами?"),
                ((&s + &c)?.sqr().map_err(Into::into), "Квадрат суммы или сумма квадратов?"),
                (
                    (x.sqr()?.sin()? + x.sqr()?.cos()?).map_err(Into::into),
                    "Что возводят в квадрат: x или sin x?",
                ),
            ];
            tensor(f(&x), &x.ones_like()?, 1e-12, &mistakes)?;
        }
        Ok(())
    })
}

/// Task 1.2: the columns of `x` (N, D) less their means.
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// check::center_columns(|x| Ok(x.broadcast_sub(&x.mean_keepdim(0)?)?))?; // prints «1.2 ✓»
/// // The other axis: the reason is printed with a question that leads on.
/// assert!(check::center_columns(|x| Ok(x.broadcast_sub(&x.mean_keepdim(1)?)?)).is_err());
/// # Ok::<(), lab::Error>(())
/// ```
pub fn center_columns(f: fn(&Tensor) -> Result<Tensor>) -> Result<()> {
    run("1.2", |rng| {
        let example = Tensor::new(&[[1f32, 10.0], [3.0, 20.0]], &Device::Cpu)?;
        centered(f, &example)?;
        let (n, d) = (3 + rng.below(4), 2 + rng.below(3));
        centered(f, &matrix(rng, n, d)?)?;
        centered(f, &matrix(rng, 1, d)?)
    })
}

fn centered(f: fn(&Tensor) -> Result<Tensor>, x: &Tensor) -> Judgement {
    let want = x.broadcast_sub(&x.mean_keepdim(0)?)?;
    let less = |mean: candle_core::Result<Tensor>| Ok(x.broadcast_sub(&mean?)?);
    let mistakes = [
        (less(x.mean_keepdim(1)), "Среднее какой оси вычтено? Столбец идёт вдоль оси 0"),
        (less(x.mean_all()), "Вычтено одно среднее на всю матрицу, а нужно своё у каждого столбца"),
        (less(x.sum_keepdim(0)), "Вычтена сумма столбца; на что её делят, чтобы получить среднее?"),
        (less(Ok(x.zeros_like()?)), "Ответ равен входу: вычтено ли среднее?"),
        (Ok(x.broadcast_add(&x.mean_keepdim(0)?)?), "Среднее прибавлено, а нужно вычесть"),
    ];
    let got = f(x);
    if let Ok(got) = &got {
        ensure(
            got.rank() == x.rank(),
            format!("форма ответа {:?}, ждали {:?}", got.dims(), x.dims()),
        )?;
    }
    tensor(got, &want, 1e-5, &mistakes)
}

/// A matrix (n, d) whose columns have means of their own.
fn matrix(rng: &mut Rng, n: usize, d: usize) -> Result<Tensor> {
    let shift = Tensor::arange(0f32, d as f32, &Device::Cpu)?;
    Ok(rng.randn((n, d), &Device::Cpu)?.broadcast_add(&(shift + 1.0)?)?)
}

#[cfg(test)]
mod tests {
    use super::super::verdict::testing::{UNSOLVED, fails, passes, unsolved};
    use super::*;

    #[test]
    fn task_1_1() {
        passes(|| sin2_plus_cos2(|x| Ok((x.sin()?.sqr()? + x.cos()?.sqr()?)?)));
        fails(|| sin2_plus_cos2(|_| unsolved()), UNSOLVED);
        fails(|| sin2_plus_cos2(|x| Ok((x.sin()? + x.cos()?)?)), "в квадрат");
        fails(|| sin2_plus_cos2(|x| Ok((x.sin()?.sqr()? - x.cos()?.sqr()?)?)), "Какой знак");
        fails(|| sin2_plus_cos2(|x| Ok((x.sin()? + x.cos()?)?.sqr()?)), "сумма квадратов");
        fails(|| sin2_plus_cos2(|x| Ok((x.sqr()?.sin()? + x.sqr()?.cos()?)?)), "x или sin x");
        fails(|| sin2_plus_cos2(|x| Ok(x.sum_all()?)), "форма");
        fails(|| sin2_plus_cos2(|x| Ok(x.ones_like()?.to_dtype(DType::F32)?)), "тип элементов f32");
        fails(|| sin2_plus_cos2(|x| Ok(x.narrow(0, 0, 99)?)), "вместо ответа пришла ошибка");
    }

    #[test]
    fn task_1_2() {
        passes(|| center_columns(|x| Ok(x.broadcast_sub(&x.mean_keepdim(0)?)?)));
        fails(|| center_columns(|_| unsolved()), UNSOLVED);
        fails(|| center_columns(|x| Ok(x.broadcast_sub(&x.mean_keepdim(1)?)?)), "вдоль оси 0");
        fails(
            || center_columns(|x| Ok(x.broadcast_sub(&x.mean_all()?)?)),
            "своё у каждого столбца",
        );
        fails(|| center_columns(|x| Ok(x.broadcast_sub(&x.sum_keepdim(0)?)?)), "на что её делят");
        fails(|| center_columns(|x| Ok(x.clone())), "вычтено ли среднее");
        fails(|| center_columns(|x| Ok(x.broadcast_add(&x.mean_keepdim(0)?)?)), "нужно вычесть");
        fails(|| center_columns(|x| Ok(x.mean_keepdim(0)?)), "форма ответа [1, 2]");
    }
}
