//! Tests only: walks an optimizer for 100 steps of fixed gradients and compares with PyTorch 2.15 on the CPU.
//!
//! The script that recorded the constants in the files of the rules:
//! ```python
//! import torch
//! def run(rule, dtype, **options):
//!     w = ((torch.arange(6, dtype=dtype) - 2) * 0.25 + 0.0625).reshape(2, 3).requires_grad_()
//!     b = torch.tensor([1.5, -0.75], dtype=dtype, requires_grad=True)
//!     opt = rule([w, b], **options, foreach=False)
//!     for t in range(1, 101):
//!         g = [((7 * t + 5 * i + t * t * i) % 17 - 6) / 16 * 2.0 ** (i - 5) for i in range(8)]
//!         w.grad = torch.tensor(g[:6], dtype=dtype).reshape(2, 3)
//!         b.grad = torch.tensor(g[6:], dtype=dtype)
//!         opt.step()
//!         if t in (1, 10, 100):
//!             print(*(x.detach().numpy() for x in (w[0, 0], w[1, 2], b[1])), sep=", ")
//! ```
//! The gradients are exact in both languages, and their scales differ by 2^7, so only the optimizer is tested.
#![allow(clippy::unwrap_used)]

use candle_core::{DType, Device, Tensor, Var};

use super::{Group, Optimizer, Rule};

/// `w` (2, 3) and `b` (2) before the first step.
pub(super) fn start(dtype: DType) -> [Var; 2] {
    let cpu = &Device::Cpu;
    let w: Vec<f64> = (0..6).map(|i| (f64::from(i) - 2.0) * 0.25 + 0.0625).collect();
    let w = Tensor::from_vec(w, (2, 3), cpu).unwrap();
    let b = Tensor::new(&[1.5, -0.75], cpu).unwrap();
    [w, b].map(|t| Var::from_tensor(&t.to_dtype(dtype).unwrap()).unwrap())
}

/// A loss whose gradients are those of step `t`.
pub(super) fn loss([w, b]: &[Var; 2], t: u32) -> Tensor {
    let g = |i: u32| {
        let whole = f64::from((7 * t + 5 * i + t * t * i) % 17) - 6.0;
        whole / 16.0 * 2f64.powi(i as i32 - 5)
    };
    let times = |var: &Var, first: u32| {
        let g: Vec<f64> = (first..).take(var.elem_count()).map(g).collect();
        let g = Tensor::from_vec(g, var.shape(), var.device()).unwrap();
        (var.as_tensor() * g.to_dtype(var.dtype()).unwrap()).unwrap().sum_all().unwrap()
    };
    (times(w, 0) + times(b, 6)).unwrap()
}

/// The three watched numbers.
pub(super) fn watched([w, b]: &[Var; 2]) -> [f64; 3] {
    let w = w.flatten_all().unwrap().to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap();
    let b = b.to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap();
    [w[0], w[5], b[1]]
}

/// Steps `t` in `steps`.
pub(super) fn walk(opt: &mut Optimizer, vars: &[Var; 2], steps: std::ops::RangeInclusive<u32>) {
    for t in steps {
        opt.zero_grad();
        opt.backward(&loss(vars, t)).unwrap();
        opt.step().unwrap();
    }
}

/// The watched numbers after 1, 10 and 100 steps lie within `tolerance` of `recorded`, as a part of the greatest size
/// each has had by then: a number that comes close to zero keeps the rounding of the sizes it has come from.
pub(super) fn assert_near(
    rule: Rule,
    groups: impl Fn(&[Var; 2]) -> Vec<Group>,
    dtype: DType,
    recorded: [[f64; 3]; 3],
    tolerance: f64,
) {
    let vars = start(dtype);
    let mut opt = Optimizer::with_groups(rule, groups(&vars)).unwrap();
    let mut sizes = watched(&vars).map(f64::abs);
    for (steps, recorded) in [1..=1, 2..=10, 11..=100].into_iter().zip(recorded) {
        let last = *steps.end();
        walk(&mut opt, &vars, steps);
        for ((ours, theirs), size) in watched(&vars).into_iter().zip(recorded).zip(&mut sizes) {
            *size = theirs.abs().max(*size);
            let error = (ours - theirs).abs() / *size;
            assert!(
                error <= tolerance,
                "{rule:?} {dtype:?} step {last}: {ours} {theirs} {error:e}"
            );
        }
    }
}

/// Both dtypes follow PyTorch: f32 to 1e-6, f64 to 1e-13.
pub(super) fn assert_follows(rule: impl Into<Rule>, in_f32: [[f32; 3]; 3], in_f64: [[f64; 3]; 3]) {
    let rule = rule.into();
    let group = |vars: &[Var; 2]| vec![Group::new(&vars[..])];
    assert_near(rule, group, DType::F32, in_f32.map(|row| row.map(f64::from)), 1e-6);
    assert_near(rule, group, DType::F64, in_f64, 1e-13);
}
