//! Inputs by formula and results of PyTorch in short form, for the tests of the operations.
//!
//! A file `recorded.txt` has one case a line: its sizes, then three numbers of every tensor. They come from this Python:
//! ```text
//! def wave(shape, a, b=0.0):
//!     n = math.prod(shape)
//!     return torch.tensor([math.sin(a * (i + 1)) + b for i in range(n)], dtype=torch.float64).reshape(shape)
//! def digest(t):
//!     v = t.detach().flatten().tolist()
//!     return [sum(x * math.cos(0.1 * i) for i, x in enumerate(v)), v[len(v) // 3], v[-1]]
//! ```
#![allow(clippy::unwrap_used)]

use candle_core::{DType, Device, Tensor, Var};

/// The numbers `sin(a (i + 1)) + b`, f64.
pub(crate) fn wave(shape: &[usize], a: f64, b: f64) -> Tensor {
    let n = shape.iter().product::<usize>();
    let numbers: Vec<f64> = (0..n).map(|i| (a * (i + 1) as f64).sin() + b).collect();
    Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap()
}

/// A variable of that dtype.
pub(crate) fn var(tensor: &Tensor, dtype: DType) -> Var {
    Var::from_tensor(&tensor.to_dtype(dtype).unwrap()).unwrap()
}

pub(crate) fn numbers(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().unwrap().to_dtype(DType::F64).unwrap().to_vec1().unwrap()
}

/// The sum with the factors `cos(0.1 i)`, the number after a third, the last one.
pub(crate) fn digest(tensor: &Tensor) -> [f64; 3] {
    let v = numbers(tensor);
    let sum = v.iter().enumerate().map(|(i, x)| x * (0.1 * i as f64).cos()).sum();
    [sum, v[v.len() / 3], v[v.len() - 1]]
}

/// The sum of the products with `sin(0.91 (i + 1))`: its gradient tells all results apart.
pub(crate) fn loss(y: &Tensor) -> Tensor {
    let factors = wave(y.dims(), 0.91, 0.0).to_dtype(y.dtype()).unwrap();
    (y * factors).unwrap().sum_all().unwrap()
}

/// The cases of a file: the sizes, and the digests.
pub(crate) fn cases(text: &str) -> impl Iterator<Item = (Vec<usize>, Vec<[f64; 3]>)> {
    text.lines().map(|line| {
        let (sizes, numbers) = line.split_once("  ").unwrap();
        let sizes = sizes.split_whitespace().map(|n| n.parse().unwrap()).collect();
        let numbers: Vec<f64> = numbers.split_whitespace().map(|n| n.parse().unwrap()).collect();
        (sizes, numbers.as_chunks::<3>().0.to_vec())
    })
}

/// Both digests are equal up to `tolerance`, relative to large numbers.
#[track_caller]
pub(crate) fn assert_near(ours: &Tensor, right: [f64; 3], tolerance: f64, what: &str) {
    let ours = digest(ours);
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance * b.abs().max(1.0);
    assert!(ours.iter().zip(&right).all(near), "{what}: {ours:?}, PyTorch {right:?}");
}

/// Calls `run` with 1, 2 and 3 threads and compares the bits of its tensors.
#[track_caller]
pub(crate) fn assert_same_with_any_threads(run: &dyn Fn() -> Vec<Tensor>) {
    let _alone = crate::threads::TESTS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let before = crate::num_threads();
    let bits = |threads| {
        crate::set_num_threads(threads).unwrap();
        let bits = |t: &Tensor| numbers(t).into_iter().map(f64::to_bits).collect::<Vec<_>>();
        run().iter().map(bits).collect::<Vec<_>>()
    };
    let one = bits(1);
    assert!(bits(2) == one && bits(3) == one);
    crate::set_num_threads(before).unwrap();
}
