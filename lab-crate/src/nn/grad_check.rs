//! Gradients by `backward` against finite differences. Not here: how `backward` works; that is candle's.

use std::fmt;

use candle_core::{DType, Device, Tensor, Var};

use crate::{Error, Result, Rng};

/// How exact the check is (as the arguments of `torch.autograd.gradcheck`).
///
/// ```
/// use lab::{candle_core::{Device, Var}, nn::{GradCheck, grad_check}};
/// let w = Var::new(&[1f64, -2.0], &Device::Cpu)?;
/// let strict = GradCheck { rtol: 1e-8, atol: 1e-8, ..Default::default() };
/// assert!(grad_check(|| Ok(w.sqr()?.sum_all()?), &[("w", &w)], strict).is_ok());
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradCheck {
    /// The step of the differences. 1e-6: the error of the difference (its square) and of rounding (1e-16 / step)
    /// are both near 1e-11.
    pub eps: f64,
    /// The allowed difference of a gradient near 0. 1e-5, as in PyTorch.
    pub atol: f64,
    /// The allowed difference of a large gradient, as its part. 1e-3, as in PyTorch.
    pub rtol: f64,
}

impl Default for GradCheck {
    fn default() -> Self {
        Self { eps: 1e-6, atol: 1e-5, rtol: 1e-3 }
    }
}

/// What a passed check saw: how many numbers, and the one with the largest difference.
///
/// ```
/// use lab::{candle_core::{Device, Var}, nn::{GradCheck, grad_check}};
/// let w = Var::new(&[3f64], &Device::Cpu)?;
/// let report = grad_check(|| Ok(w.sqr()?.sum_all()?), &[("w", &w)], GradCheck::default())?;
/// assert_eq!((report.name.as_str(), report.index.as_slice()), ("w", &[0][..]));
/// assert!((report.analytic - report.numeric).abs() < 1e-6);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GradReport {
    /// The number of derivatives compared.
    pub checked: usize,
    /// The variable with the worst derivative.
    pub name: String,
    /// The index of the worst derivative in that variable.
    pub index: Vec<usize>,
    /// The worst derivative as `backward` gives it.
    pub analytic: f64,
    /// The worst derivative as the difference `(f(x + eps) - f(x - eps)) / (2 eps)`.
    pub numeric: f64,
}

impl fmt::Display for GradReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { checked, name, index, analytic, numeric } = self;
        write!(
            f,
            "проверено производных: {checked}; наибольшее расхождение у {name}{index:?}: \
             backward даёт {analytic}, разность - {numeric}"
        )
    }
}

/// Compares the gradients of `f` by the named variables with finite differences (as `torch.autograd.gradcheck`).
///
/// `f` computes a tensor from `vars`, all f64, any shapes; its numbers are first added up with fixed random factors from
/// 0.5 to 1.5, also where there is one only, and the derivatives in the report are those of this sum. `f` is
/// called twice for each number of the variables and must give the same result each time (no dropout). The variables
/// keep their values.
///
/// # Errors
/// A derivative differs by more than `atol + rtol |numeric|` or is not finite: the text names the worst one. A variable is
/// not f64 or empty, an option is not positive, or `f` fails.
///
/// ```
/// use lab::candle_core::{Device, Var};
/// use lab::nn::{GradCheck, grad_check};
/// let w = Var::new(&[1f64, -2.0, 3.0], &Device::Cpu)?;
/// let report = grad_check(|| Ok((w.sqr()? * 0.5)?.sum_all()?), &[("w", &w)], GradCheck::default())?;
/// assert_eq!(report.checked, 3);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn grad_check(
    f: impl Fn() -> Result<Tensor>,
    vars: &[(&str, &Var)],
    options: GradCheck,
) -> Result<GradReport> {
    check(vars, options)?;
    let first = f()?;
    let factors = Rng::seed(0).rand(first.shape(), 0.5, 1.5, &Device::Cpu)?;
    let factors = factors.to_dtype(first.dtype())?.to_device(first.device())?;
    let scalar = |y: Tensor| -> Result<Tensor> { Ok((y * &factors)?.sum_all()?) };
    let value = || Ok(scalar(f()?)?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    let grads = scalar(first)?.backward()?;
    let mut worst = Worst { checked: 0, excess: f64::NEG_INFINITY, report: None };
    for (name, var) in vars {
        let analytic = match grads.get(var) {
            Some(grad) => grad.flatten_all()?.to_vec1::<f64>()?,
            // Nothing of the result depends on it.
            None => vec![0.0; var.elem_count()],
        };
        let numeric = differences(&value, var, options.eps)?;
        for (i, (a, n)) in analytic.into_iter().zip(numeric).enumerate() {
            worst.see(options, (name, var, i), a, n);
        }
    }
    worst.judge(options)
}

/// The derivatives of `value` by the numbers of `var`, which keeps its value whatever happens.
fn differences(value: &dyn Fn() -> Result<f64>, var: &Var, eps: f64) -> Result<Vec<f64>> {
    let start = var.flatten_all()?.to_vec1::<f64>()?;
    let mut moved = start.clone();
    let mut at = |i: usize, x: f64| -> Result<f64> {
        moved[i] = x;
        var.set(&Tensor::from_slice(&moved, var.shape(), var.device())?)?;
        moved[i] = start[i];
        value()
    };
    let slopes = start.iter().enumerate().map(|(i, x)| {
        let (high, low) = (x + eps, x - eps);
        // The step that was really made, after rounding.
        Ok((at(i, high)? - at(i, low)?) / (high - low))
    });
    let slopes = slopes.collect::<Result<Vec<f64>>>();
    var.set(&Tensor::from_slice(&start, var.shape(), var.device())?)?;
    slopes
}

/// The largest difference so far.
struct Worst {
    checked: usize,
    /// The difference as a part of the allowed one.
    excess: f64,
    report: Option<GradReport>,
}

impl Worst {
    fn see(&mut self, options: GradCheck, place: (&str, &Var, usize), analytic: f64, numeric: f64) {
        let (name, var, i) = place;
        self.checked += 1;
        let allowed = options.atol + options.rtol * numeric.abs();
        let excess = (analytic - numeric).abs() / allowed;
        let excess = if excess.is_nan() { f64::INFINITY } else { excess };
        if excess > self.excess {
            let index = index_of(i, var.dims());
            let name = name.to_string();
            self.excess = excess;
            self.report = Some(GradReport { checked: 0, name, index, analytic, numeric });
        }
    }

    fn judge(self, options: GradCheck) -> Result<GradReport> {
        let Some(mut report) = self.report else {
            return Err(Error::Argument(
                "grad_check: переменных не дано; нужна хотя бы одна: &[(\"w\", &w)]".into(),
            ));
        };
        report.checked = self.checked;
        if self.excess <= 1.0 {
            return Ok(report);
        }
        let GradCheck { atol, rtol, .. } = options;
        Err(Error::Argument(format!(
            "grad_check: градиент неверен; {report}; допустимо {atol} + {rtol} * |разность|. Проверьте формулу \
             производной и то, что функция каждый раз даёт один и тот же результат и гладка в этой точке"
        )))
    }
}

/// The index of the number `i` of a tensor.
fn index_of(mut i: usize, dims: &[usize]) -> Vec<usize> {
    let mut index = vec![0; dims.len()];
    for (place, &dim) in index.iter_mut().zip(dims).rev() {
        *place = i % dim;
        i /= dim;
    }
    index
}

fn check(vars: &[(&str, &Var)], options: GradCheck) -> Result<()> {
    for (name, value) in [("eps", options.eps), ("atol", options.atol), ("rtol", options.rtol)] {
        if !(value.is_finite() && value > 0.0) {
            return Err(Error::Argument(format!(
                "grad_check: {name} = {value}, а нужно положительное число; обычно GradCheck::default()"
            )));
        }
    }
    for (name, var) in vars {
        if var.dtype() != DType::F64 {
            return Err(Error::Argument(format!(
                "grad_check: переменная {name} имеет тип {}, а нужен f64: в f32 ошибка округления больше разности; \
                 Var::from_tensor(&{name}.to_dtype(DType::F64)?)?",
                var.dtype().as_str()
            )));
        }
        if var.elem_count() == 0 {
            return Err(Error::Argument(format!(
                "grad_check: переменная {name} пуста (форма {:?}); проверять нечего",
                var.dims()
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::loss::{CrossEntropy, bce_with_logits, cross_entropy, mse, nll};
    use crate::{nn, ops};

    fn var(rng: &mut Rng, shape: &[usize]) -> Var {
        let x = rng.randn(shape, &Device::Cpu).unwrap().to_dtype(DType::F64).unwrap();
        Var::from_tensor(&x).unwrap()
    }

    fn passes(f: impl Fn() -> Result<Tensor>, vars: &[(&str, &Var)]) {
        let exact = GradCheck { eps: 1e-6, atol: 1e-8, rtol: 1e-7 };
        let report = grad_check(f, vars, exact).unwrap();
        assert_eq!(report.checked, vars.iter().map(|(_, v)| v.elem_count()).sum::<usize>());
    }

    #[test]
    fn our_operations_and_losses_pass() {
        let rng = &mut Rng::seed(1);
        let (x, w, b) = (var(rng, &[5, 4]), var(rng, &[3, 4]), var(rng, &[3]));
        let vars = [("x", &x), ("w", &w), ("b", &b)];
        let labels = Tensor::new(&[0u32, 2, 1, 1, 0], &Device::Cpu).unwrap();
        passes(|| ops::linear(&x, &w, &b, false), &vars);
        passes(|| ops::linear(&x, &w, &b, true), &vars);
        let z = || ops::linear(&x, &w, &b, true);
        passes(|| nn::log_softmax(&z()?), &vars);
        passes(|| nll(&nn::log_softmax(&z()?)?, &labels), &vars);
        passes(|| cross_entropy(&z()?, &labels), &vars);
        let options =
            CrossEntropy { label_smoothing: 0.2, class_weights: Some(vec![0.5, 2.0, 1.0]) };
        passes(|| options.loss(&z()?, &labels), &vars);
        let targets = rng.rand((5, 3), 0.0, 1.0, &Device::Cpu).unwrap();
        let targets = targets.to_dtype(DType::F64).unwrap();
        passes(|| bce_with_logits(&z()?, &targets), &vars);
        let y = var(rng, &[5, 3]);
        passes(|| mse(&z()?, &y), &[("x", &x), ("w", &w), ("b", &b), ("y", &y)]);
    }

    #[test]
    fn a_wrong_gradient_is_named_and_variables_are_kept() {
        let w = Var::new(&[[1f64, 2.0], [3.0, 4.0]], &Device::Cpu).unwrap();
        // The gradient forgets one of the two factors.
        let f = || Ok((&w.detach() * w.as_tensor())?.sum_all()?);
        let error = grad_check(f, &[("w", &w)], GradCheck::default()).unwrap_err().to_string();
        assert!(error.contains("w[1, 1]") && error.contains("неверен"), "{error}");
        assert_eq!(w.to_vec2::<f64>().unwrap(), [[1.0, 2.0], [3.0, 4.0]]);
        let fails = || Err(Error::Interrupted);
        assert!(grad_check(fails, &[("w", &w)], GradCheck::default()).is_err());
    }

    #[test]
    fn not_a_number_does_not_pass() {
        let w = Var::new(&[-1f64], &Device::Cpu).unwrap();
        let f = || Ok(w.log()?.sum_all()?);
        assert!(grad_check(f, &[("w", &w)], GradCheck::default()).is_err());
    }

    #[test]
    fn wrong_arguments_are_told() {
        let w = Var::new(&[1f32], &Device::Cpu).unwrap();
        let f = || Ok(w.sum_all()?);
        let text =
            |vars: &[(&str, &Var)], options| grad_check(f, vars, options).unwrap_err().to_string();
        assert!(text(&[("w", &w)], GradCheck::default()).contains("f32"));
        assert!(text(&[], GradCheck::default()).contains("хотя бы одна"));
        assert!(text(&[], GradCheck { eps: 0.0, ..GradCheck::default() }).contains("eps = 0"));
        let empty = Var::zeros((0, 2), DType::F64, &Device::Cpu).unwrap();
        assert!(text(&[("v", &empty)], GradCheck::default()).contains("пуста"));
    }

    #[test]
    fn indices_follow_rows() {
        assert_eq!(index_of(5, &[2, 3]), [1, 2]);
        assert_eq!(index_of(7, &[2, 2, 2]), [1, 1, 1]);
        assert!(index_of(0, &[]).is_empty());
    }
}
