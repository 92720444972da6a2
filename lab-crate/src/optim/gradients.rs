//! The gradients an optimizer holds: they add up until they are cleared, as in PyTorch.
//!
//! Not here: the step (`optimizer.rs`). Read next: `state.rs`.

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, DType, Device, Storage, Tensor, Var};

use super::Optimizer;
use super::rule::at_least_zero;
use crate::ops::leaf::{self, Leaves};
use crate::{Error, Result};

impl Optimizer {
    /// Computes the gradients of `loss` and adds them to the held ones, as `loss.backward()` does in PyTorch.
    ///
    /// `loss` is a tensor of one number. Call [`Optimizer::zero_grad`] before or after each step, or
    /// several calls add up (which is how a batch is split in parts).
    ///
    /// # Errors
    /// `loss` has more or fewer numbers than one, depends on none of the parameters, or went through an
    /// operation that has no gradient.
    pub fn backward(&mut self, loss: &Tensor) -> Result<()> {
        if loss.elem_count() != 1 {
            return Err(Error::Argument(format!(
                "backward: дан тензор формы {:?}, а нужно одно число; возьмите loss.mean_all()? или \
                 loss.sum_all()?",
                loss.dims()
            )));
        }
        let variables = self.params.iter().map(|(_, var)| var.id());
        let (grads, leaves) = leaf::gather(variables, || loss.backward());
        self.add_all(&grads?, &leaves)
    }

    /// Adds gradients computed by `Tensor::backward` to the held ones; where nothing is held, no number is copied.
    ///
    /// # Errors
    /// There is no gradient for any of the parameters, or one has another shape or dtype; then nothing is added.
    ///
    /// ```
    /// use lab::candle_core::{Device, Var};
    /// use lab::optim::{Optimizer, Sgd};
    /// let w = Var::new(&[2f32, -1.0], &Device::Cpu)?;
    /// let mut opt = Optimizer::new(Sgd::lr(0.25), &w)?;
    /// let grads = w.sqr()?.sum_all()?.backward()?; // 2 w
    /// opt.add_grads(&grads)?;
    /// opt.add_grads(&grads)?; // they add up
    /// let held = opt.grad(&w).map(|grad| grad.to_vec1::<f32>()).transpose()?;
    /// assert_eq!(held, Some(vec![8.0, -4.0]));
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn add_grads(&mut self, grads: &GradStore) -> Result<()> {
        self.add_all(grads, &Leaves::new())
    }

    /// Adds the gradients of candle and those that came past it.
    fn add_all(&mut self, grads: &GradStore, leaves: &Leaves) -> Result<()> {
        let of = |var: &Var| [grads.get(var), leaves.get(&var.id()).and_then(Option::as_ref)];
        let mut any = false;
        for (name, var) in self.params.iter() {
            for grad in of(var).into_iter().flatten() {
                any = true;
                check(name, var, grad)?;
            }
        }
        if !any {
            return Err(Error::Argument(
                "backward: функция потерь не зависит ни от одного параметра оптимизатора; проверьте, что она \
                 посчитана по этой модели, без detach() и без перевода в числа"
                    .to_string(),
            ));
        }
        for ((_, var), slot) in self.params.iter().zip(&mut self.slots) {
            for grad in of(var).into_iter().flatten() {
                slot.grad = Some(match &slot.grad {
                    Some(held) => (held + grad)?.detach(),
                    None => grad.detach(),
                });
            }
        }
        Ok(())
    }

    /// The held gradient of a parameter: its shape and dtype are the parameter's. `None` if there is none yet,
    /// or `var` is not a parameter of this optimizer.
    pub fn grad(&self, var: &Var) -> Option<&Tensor> {
        let index = self.params.iter().position(|(_, own)| own.id() == var.id())?;
        self.slots.get(index)?.grad.as_ref()
    }

    /// Forgets all held gradients.
    pub fn zero_grad(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.grad = None);
    }

    /// Scales the held gradients so that their common L2 norm is at most `max_norm`; returns the norm before.
    ///
    /// As `torch.nn.utils.clip_grad_norm_`: the factor is `max_norm / (norm + 1e-6)` where that is below 1.
    ///
    /// # Errors
    /// `max_norm` is not a finite number of 0 or more; a gradient is infinite or not a number (the message names
    /// the parameter).
    ///
    /// ```
    /// use lab::candle_core::{Device, Tensor, Var};
    /// use lab::optim::{Optimizer, Sgd};
    /// let w = Var::new(&[0f32, 0.0], &Device::Cpu)?;
    /// let mut opt = Optimizer::new(Sgd::lr(1.0), &w)?;
    /// opt.backward(&(w.as_tensor() * Tensor::new(&[3f32, 4.0], &Device::Cpu)?)?.sum_all()?)?;
    /// assert_eq!(opt.clip_grad_norm(1.0)?, 5.0); // the norm of (3, 4)
    /// opt.step()?;
    /// assert!((w.to_vec1::<f32>()?[0] + 0.6).abs() < 1e-5); // 3 / 5
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn clip_grad_norm(&mut self, max_norm: f64) -> Result<f64> {
        at_least_zero("clip_grad_norm: max_norm", max_norm)?;
        let mut sum = 0.0;
        for ((name, _), slot) in self.params.iter().zip(&self.slots) {
            let Some(grad) = &slot.grad else { continue };
            let part = squares(grad)?;
            if !part.is_finite() {
                return Err(Error::Argument(format!(
                    "clip_grad_norm: в градиенте параметра «{name}» есть NaN или бесконечность; уменьшите lr \
                     и проверьте функцию потерь"
                )));
            }
            sum += part;
        }
        let norm = sum.sqrt();
        let factor = max_norm / (norm + 1e-6);
        if factor < 1.0 {
            for slot in &mut self.slots {
                if let Some(grad) = &slot.grad {
                    slot.grad = Some((grad * factor)?);
                }
            }
        }
        Ok(norm)
    }
}

/// The gradient fits its parameter.
fn check(name: &str, var: &Var, grad: &Tensor) -> Result<()> {
    if grad.dims() == var.dims() && grad.dtype() == var.dtype() {
        return Ok(());
    }
    Err(Error::Argument(format!(
        "градиент параметра «{name}»: форма {:?} и тип {:?}, а у параметра {:?} и {:?}",
        grad.dims(),
        grad.dtype(),
        var.dims(),
        var.dtype()
    )))
}

/// The sum of squares, added up in f64.
fn squares(grad: &Tensor) -> Result<f64> {
    let grad = grad.to_device(&Device::Cpu)?.contiguous()?;
    let (storage, layout) = grad.storage_and_layout();
    if let (Storage::Cpu(CpuStorage::F32(numbers)), Some((from, to))) =
        (&*storage, layout.contiguous_offsets())
    {
        return Ok(sum_of_squares(&numbers[from..to]));
    }
    drop(storage);
    Ok(grad.to_dtype(DType::F64)?.sqr()?.sum_all()?.to_scalar::<f64>()?)
}

/// Eight sums side by side, for the vector instructions.
fn sum_of_squares(numbers: &[f32]) -> f64 {
    let (rows, rest) = numbers.as_chunks::<8>();
    let mut sums = [0f64; 8];
    for row in rows {
        for (sum, &x) in sums.iter_mut().zip(row) {
            *sum += f64::from(x) * f64::from(x);
        }
    }
    let square = |&x: &f32| f64::from(x) * f64::from(x);
    sums.iter().sum::<f64>() + rest.iter().map(square).sum::<f64>()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Sgd;
    use super::*;

    fn pair() -> (Var, Var, Optimizer) {
        let a = Var::new(&[1f32, 2.0], &Device::Cpu).unwrap();
        let b = Var::new(&[3f32], &Device::Cpu).unwrap();
        let opt = Optimizer::new(Sgd::lr(0.5), [&a, &b]).unwrap();
        (a, b, opt)
    }

    fn loss(a: &Var, times: &[f32]) -> Tensor {
        (a.as_tensor() * Tensor::new(times, &Device::Cpu).unwrap()).unwrap().sum_all().unwrap()
    }

    #[test]
    fn gradients_add_up_until_they_are_cleared() {
        let (a, b, mut opt) = pair();
        opt.backward(&loss(&a, &[1.0, -2.0])).unwrap();
        opt.backward(&loss(&a, &[0.5, 0.25])).unwrap();
        assert_eq!(opt.grad(&a).unwrap().to_vec1::<f32>().unwrap(), [1.5, -1.75]);
        assert!(opt.grad(&b).is_none());
        opt.step().unwrap();
        assert_eq!(a.to_vec1::<f32>().unwrap(), [0.25, 2.875]);
        assert_eq!(b.to_vec1::<f32>().unwrap(), [3.0], "no gradient, no change");
        opt.zero_grad();
        assert!(opt.grad(&a).is_none());
        let error = opt.step().unwrap_err().to_string();
        assert!(error.contains("opt.backward(&loss)"), "{error}");
    }

    #[test]
    fn all_uses_of_a_variable_add_up_whoever_computes_their_gradients() {
        let mut rng = crate::Rng::seed(1);
        let x = rng.randn((4, 3), &Device::Cpu).unwrap();
        let w = Var::from_tensor(&rng.randn((3, 3), &Device::Cpu).unwrap()).unwrap();
        let b = Var::from_tensor(&Tensor::zeros(3, DType::F32, &Device::Cpu).unwrap()).unwrap();
        let mut opt = Optimizer::new(Sgd::lr(0.5), [&w, &b]).unwrap();
        // Twice in our operation, once in candle's.
        let layer = |x: &Tensor| crate::ops::linear(x, &w, &b, false).unwrap();
        let fit = layer(&layer(&x)).sqr().unwrap().sum_all().unwrap();
        let loss = (fit + w.sqr().unwrap().sum_all().unwrap()).unwrap();
        let right = loss.backward().unwrap();
        for times in [1.0, 2.0] {
            opt.backward(&loss).unwrap();
            for var in [&w, &b] {
                let right = (right.get(var).unwrap() * times).unwrap();
                let gap = (opt.grad(var).unwrap() - right).unwrap().abs().unwrap();
                assert!(gap.max_all().unwrap().to_scalar::<f32>().unwrap() < 1e-4);
            }
        }
    }

    #[test]
    fn a_loss_of_many_numbers_is_told() {
        let (a, _, mut opt) = pair();
        let error = opt.backward(&a.sqr().unwrap()).unwrap_err().to_string();
        assert!(error.contains("[2]") && error.contains("mean_all"), "{error}");
        opt.backward(&loss(&a, &[1.0, 1.0]).reshape((1, 1)).unwrap()).unwrap();
    }

    #[test]
    fn a_loss_of_other_variables_is_told() {
        let (a, _, mut opt) = pair();
        let other = Var::new(&[1f32, 1.0], &Device::Cpu).unwrap();
        for loss in [loss(&other, &[1.0, 1.0]), loss(&a, &[1.0, 1.0]).detach()] {
            let error = opt.backward(&loss).unwrap_err().to_string();
            assert!(error.contains("не зависит ни от одного параметра"), "{error}");
        }
        assert!(opt.grad(&other).is_none());
    }

    #[test]
    fn a_gradient_of_another_shape_is_refused_whole() {
        let (a, b, mut opt) = pair();
        let mut grads = loss(&a, &[1.0, 1.0]).backward().unwrap();
        grads.insert(&b, a.zeros_like().unwrap());
        let error = opt.add_grads(&grads).unwrap_err().to_string();
        assert!(error.contains("«1»") && error.contains("[2]"), "{error}");
        assert!(opt.grad(&a).is_none(), "nothing is added");
    }

    // torch.nn.utils.clip_grad_norm_ of the gradients [3, 4] and [12] with 2: 13, [0.4615384340286255,
    // 0.615384578704834], [1.846153736114502].
    #[test]
    fn the_norm_is_clipped_as_in_pytorch() {
        let (a, b, mut opt) = pair();
        let both = (loss(&a, &[3.0, 4.0]) + loss(&b, &[12.0])).unwrap();
        opt.backward(&both).unwrap();
        assert_eq!(opt.clip_grad_norm(13.5).unwrap(), 13.0);
        assert_eq!(opt.grad(&b).unwrap().to_vec1::<f32>().unwrap(), [12.0], "already within");
        assert_eq!(opt.clip_grad_norm(2.0).unwrap(), 13.0);
        let clipped = opt.grad(&a).unwrap().to_vec1::<f32>().unwrap();
        assert!((clipped[0] - 0.461_538_43).abs() < 1e-7, "{clipped:?}");
        assert!((clipped[1] - 0.615_384_6).abs() < 1e-7, "{clipped:?}");
        assert!((opt.clip_grad_norm(9.0).unwrap() - 2.0).abs() < 1e-6);
        assert!(opt.clip_grad_norm(f64::NAN).unwrap_err().to_string().contains("max_norm = NaN"));
    }

    #[test]
    fn a_gradient_that_is_not_a_number_is_named() {
        let (_, b, mut opt) = pair();
        opt.backward(&loss(&b, &[f32::NAN])).unwrap();
        let error = opt.clip_grad_norm(1.0).unwrap_err().to_string();
        assert!(error.contains("«1»"), "{error}");
    }

    #[test]
    fn squares_add_up_for_any_length_and_type() {
        for n in [0, 1, 7, 8, 9, 1000] {
            let x = Tensor::arange(0f32, n as f32, &Device::Cpu).unwrap();
            let right: f64 = (0..n).map(|i| f64::from(i) * f64::from(i)).sum();
            assert_eq!(squares(&x).unwrap(), right, "{n}");
            assert_eq!(squares(&x.to_dtype(DType::F64).unwrap()).unwrap(), right, "{n}");
        }
    }
}
