//! A scalar function of one tensor whose gradient is known together with its value.
//!
//! Losses are made of it: value and gradient come from one pass over the numbers. Not here: the
//! losses (`loss/`). Read next: `loss/mse.rs`, the simplest user.

use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result, Shape, Tensor, WithDType, bail};

/// The scalar `value` (of the dtype of `input`) as a function of `input`, whose gradient is `gradient`.
///
/// `gradient` has the shape and dtype of `input`; `None` is for an `input` that needs no gradient. Both
/// must be on the CPU.
///
/// # Errors
/// `input` is neither f32 nor f64 or not on the CPU.
pub(crate) fn scalar(input: &Tensor, value: f64, gradient: Option<Tensor>) -> Result<Tensor> {
    input.apply_op1(Known { value, gradient })
}

struct Known {
    value: f64,
    gradient: Option<Tensor>,
}

impl CustomOp1 for Known {
    fn name(&self) -> &'static str {
        "lab-scalar"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let value = match storage {
            CpuStorage::F32(_) => CpuStorage::F32(vec![self.value as f32]),
            CpuStorage::F64(_) => CpuStorage::F64(vec![self.value]),
            other => {
                bail!("lab-scalar: тип {:?}", candle_core::backend::BackendStorage::dtype(other))
            }
        };
        Ok((value, Shape::from(())))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, grad_res: &Tensor) -> Result<Option<Tensor>> {
        let Some(gradient) = &self.gradient else { return Ok(None) };
        let factor = grad_res.to_dtype(DType::F64)?.to_scalar::<f64>()?;
        // Most often the loss itself is differentiated.
        Ok(Some(if factor == 1.0 { gradient.clone() } else { (gradient * factor)? }))
    }
}

/// The sum of `term(0)`, ..., `term(n - 1)` in f64, in an order that depends on `n` only.
///
/// Eight partial sums run beside each other: faster than one, and more exact.
pub(crate) fn sum(n: usize, term: impl Fn(usize) -> f64) -> f64 {
    let mut parts = [0f64; 8];
    let whole = n - n % 8;
    for start in (0..whole).step_by(8) {
        for (lane, part) in parts.iter_mut().enumerate() {
            *part += term(start + lane);
        }
    }
    let rest: f64 = (whole..n).map(term).sum();
    parts.iter().sum::<f64>() + rest
}

/// The sum of `term(a[i], b[i])`, in an order that depends on the length only.
///
/// Partial sums of the terms' own precision run beside each other, few terms in each; these are added in f64. The vector
/// instructions at hand change the speed and not a bit of the sum. `a` and `b` have one length.
pub(crate) fn sum_of_pairs<T: WithDType>(a: &[T], b: &[T], term: impl Fn(T, T) -> T) -> f64 {
    const LANES: usize = 16;
    const BLOCK: usize = 32 * LANES;
    #[inline(always)]
    fn run<T: WithDType>(a: &[T], b: &[T], term: impl Fn(T, T) -> T) -> f64 {
        let mut sum = 0.0;
        for (a, b) in a.chunks(BLOCK).zip(b.chunks(BLOCK)) {
            let mut parts = [T::zero(); LANES];
            let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
            for (&a, &b) in a.remainder().iter().zip(b.remainder()) {
                sum += term(a, b).to_f64();
            }
            for (a, b) in a.zip(b) {
                for (part, (&a, &b)) in parts.iter_mut().zip(a.iter().zip(b)) {
                    *part += term(a, b);
                }
            }
            for part in parts {
                sum += part.to_f64();
            }
        }
        sum
    }
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || run(a, b, term),
    )
}

/// The sums of the columns of a matrix with `columns` columns whose rows lie one after another.
pub(super) fn column_sums<T: WithDType>(data: &[T], columns: usize) -> Vec<T> {
    if columns == 1 {
        return vec![T::from_f64(sum_of_pairs(data, data, |a, _| a))];
    }
    let mut sums = vec![0f64; columns];
    for row in data.chunks_exact(columns.max(1)) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value.to_f64();
        }
    }
    sums.into_iter().map(T::from_f64).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::{Device, Var};

    #[test]
    fn the_gradient_is_scaled_by_what_follows() {
        let x = Var::new(&[1f32, 2.0], &Device::Cpu).unwrap();
        let gradient = Tensor::new(&[3f32, 4.0], &Device::Cpu).unwrap();
        let y = scalar(&x, 7.5, Some(gradient)).unwrap();
        assert_eq!(y.to_scalar::<f32>().unwrap(), 7.5);
        let grads = y.backward().unwrap();
        assert_eq!(grads.get(&x).unwrap().to_vec1::<f32>().unwrap(), [3.0, 4.0]);
        let grads = (y * -2.0).unwrap().backward().unwrap();
        assert_eq!(grads.get(&x).unwrap().to_vec1::<f32>().unwrap(), [-6.0, -8.0]);
    }

    #[test]
    fn sums_of_all_lengths() {
        for n in 0..40usize {
            assert_eq!(sum(n, |i| i as f64), (n * n.saturating_sub(1) / 2) as f64);
        }
    }

    #[test]
    fn sums_of_pairs_of_all_lengths() {
        for n in (0..200usize).chain([2048, 5000]) {
            let a: Vec<f64> = (0..n).map(|i| i as f64).collect();
            let b: Vec<f64> = (0..n).map(|i| 1.0 + i as f64).collect();
            let expected = (0..n).map(|i| (i * (i + 1)) as f64).sum::<f64>();
            assert_eq!(sum_of_pairs(&a, &b, |a, b| a * b), expected);
        }
    }

    #[test]
    fn sums_of_columns() {
        let data = [1f32, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(column_sums(&data, 2), [9.0, 12.0]);
        assert_eq!(column_sums(&data, 1), [21.0]);
        assert_eq!(column_sums::<f32>(&[], 3), [0.0; 3]);
    }
}
