//! The buffers of one parameter, and the step that changes them and the weight in place.
//!
//! Not here: the arithmetic of a number (`sgd.rs`, ...) and the loop over a slice (`slices.rs`). Read next: `rule.rs`.

use std::cell::Cell;
use std::ops::Range;

use candle_core::{CpuStorage, DType, Device, FloatDType, InplaceOp2, Layout, Tensor, Var};
use num_traits::Float;

use super::Rule;
use super::rule::{At, Settings};
use super::slices::{Slices, in_pieces};
use crate::{Error, Result};

/// How many steps a parameter has made, and its buffers.
#[derive(Debug)]
pub(super) struct State {
    /// Steps with a gradient.
    pub(super) steps: u64,
    /// The buffers.
    pub(super) numbers: Numbers,
}

/// The buffers of the rule, in the dtype of the parameter; one that is not in use is empty.
#[derive(Debug)]
pub(super) enum Numbers {
    /// For a parameter of f32.
    F32([Vec<f32>; 3]),
    /// For a parameter of f64.
    F64([Vec<f64>; 3]),
}

impl State {
    /// Empty buffers for a parameter of this dtype.
    ///
    /// # Errors
    /// The dtype is neither f32 nor f64.
    pub(super) fn new(name: &str, dtype: DType) -> Result<Self> {
        let numbers = match dtype {
            DType::F32 => Numbers::F32(Default::default()),
            DType::F64 => Numbers::F64(Default::default()),
            other => {
                return Err(Error::Argument(format!(
                    "параметр «{name}»: тип {other:?}, а оптимизатор меняет только f32 и f64; \
                     создайте переменную с DType::F32"
                )));
            }
        };
        Ok(Self { steps: 0, numbers })
    }

    /// One step of `var` along `grad`, in place.
    ///
    /// # Errors
    /// The device refuses a copy.
    pub(super) fn step(
        &mut self,
        rule: &Rule,
        group: Settings,
        var: &Var,
        grad: &Tensor,
    ) -> Result<()> {
        let fresh = match &mut self.numbers {
            Numbers::F32(s) => prepare(s, rule, var.elem_count()),
            Numbers::F64(s) => prepare(s, rule, var.elem_count()),
        };
        self.steps += 1;
        let Settings { lr, weight_decay } = group;
        let at = At { lr, weight_decay, step: self.steps, fresh };
        let step = Step { rule, at, numbers: Cell::new(Some(&mut self.numbers)) };
        // A gradient that is the weight itself cannot be read while the weight is written.
        let copy = if same_memory(var, grad) { Some(grad.copy()?) } else { None };
        let grad = copy.as_ref().unwrap_or(grad);
        if matches!(var.device(), Device::Cpu) && grad.is_contiguous() {
            var.inplace_op2(grad, &step)?;
        } else {
            through_cpu(var, grad, &step)?;
        }
        Ok(())
    }
}

/// Whether two tensors live in the same memory.
fn same_memory(a: &Tensor, b: &Tensor) -> bool {
    // The locks are taken one after the other: two at once could wait for a writer in between.
    let place = |tensor: &Tensor| std::ptr::from_ref(&*tensor.storage_and_layout().0).addr();
    place(a) == place(b)
}

/// Makes the buffers that the rule needs and the state lacks; says whether it made the first one.
fn prepare<T: FloatDType>(buffers: &mut [Vec<T>; 3], rule: &Rule, len: usize) -> bool {
    let mut fresh = false;
    for (i, (buffer, name)) in buffers.iter_mut().zip(rule.buffers()).enumerate() {
        if name.is_some() && buffer.len() != len {
            *buffer = vec![T::from_f64(rule.initial()); len];
            fresh |= i == 0;
        }
    }
    fresh
}

/// The same step where the numbers live on another device, or the gradient is not in one piece.
fn through_cpu(var: &Var, grad: &Tensor, step: &Step<'_>) -> Result<()> {
    let weight = var.to_device(&Device::Cpu)?.copy()?;
    let grad = grad.to_device(&Device::Cpu)?.contiguous()?;
    weight.inplace_op2(&grad, step)?;
    var.set(&weight.to_device(var.device())?)?;
    Ok(())
}

/// One step as an operation of candle.
struct Step<'a> {
    rule: &'a Rule,
    at: At,
    /// Candle lends the operation only for reading; the buffers are taken out when it runs.
    numbers: Cell<Option<&'a mut Numbers>>,
}

impl InplaceOp2 for Step<'_> {
    fn name(&self) -> &'static str {
        "optimizer step"
    }

    fn cpu_fwd(
        &self,
        w: &mut CpuStorage,
        w_layout: &Layout,
        g: &CpuStorage,
        g_layout: &Layout,
    ) -> candle_core::Result<()> {
        let (at_w, at_g) = (whole(w_layout)?, whole(g_layout)?);
        match (w, g, self.numbers.take()) {
            (CpuStorage::F32(w), CpuStorage::F32(g), Some(Numbers::F32(s))) => {
                run(self.rule, self.at, &mut w[at_w], &g[at_g], s);
            }
            (CpuStorage::F64(w), CpuStorage::F64(g), Some(Numbers::F64(s))) => {
                run(self.rule, self.at, &mut w[at_w], &g[at_g], s);
            }
            _ => candle_core::bail!("градиент и параметр разных типов"),
        }
        Ok(())
    }
}

/// The place of a tensor in its memory.
fn whole(layout: &Layout) -> candle_core::Result<Range<usize>> {
    match layout.contiguous_offsets() {
        Some((from, to)) => Ok(from..to),
        None => candle_core::bail!("числа параметра лежат не подряд"),
    }
}

fn run<T: FloatDType + Float>(rule: &Rule, at: At, w: &mut [T], g: &[T], s: &mut [Vec<T>; 3]) {
    let [a, b, c] = s;
    let work = Slices { w, g, s: [&mut a[..], &mut b[..], &mut c[..]] };
    in_pieces(work, &|part| rule.update(at, part));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{RmsProp, Sgd};
    use super::*;

    const GROUP: Settings = Settings { lr: 0.25, weight_decay: 0.0 };

    #[test]
    fn the_way_through_the_cpu_gives_the_same_weights() {
        let rule = Rule::from(RmsProp { momentum: 0.5, ..RmsProp::lr(0.1) });
        let start = [[1f32, 2.0, 3.0], [4.0, 5.0, 6.0]];
        let grad = Tensor::new(&[[1f32, -4.0], [2.0, 5.0], [-3.0, 0.0]], &Device::Cpu).unwrap();
        let (a, b) =
            (Var::new(&start, &Device::Cpu).unwrap(), Var::new(&start, &Device::Cpu).unwrap());
        let mut states = [(); 2].map(|()| State::new("w", DType::F32).unwrap());
        for _ in 0..3 {
            // The transposed gradient is not in one piece and takes the long way.
            states[0].step(&rule, GROUP, &a, &grad.t().unwrap()).unwrap();
            let whole = grad.t().unwrap().contiguous().unwrap();
            states[1].step(&rule, GROUP, &b, &whole).unwrap();
        }
        assert_eq!(a.to_vec2::<f32>().unwrap(), b.to_vec2::<f32>().unwrap());
        assert_ne!(a.to_vec2::<f32>().unwrap()[0], start[0]);
    }

    #[test]
    fn a_gradient_that_is_the_weight_itself_works() {
        let w = Var::new(&[1f64, -2.0], &Device::Cpu).unwrap();
        let rule = Rule::from(Sgd::lr(0.25));
        let mut state = State::new("w", DType::F64).unwrap();
        state.step(&rule, GROUP, &w, &w.as_tensor().clone()).unwrap();
        assert_eq!(w.to_vec1::<f64>().unwrap(), [0.75, -1.5]);
    }
}
