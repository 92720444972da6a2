//! Operations on CPU tensors that candle lacks or does slowly, each with its gradient.
//!
//! Private to the crate: students meet them as layers (`nn/`) and losses (`loss/`). The numbers are
//! f32 or f64. Not here: anything for a GPU; there the callers use candle's own operations.
//! Read next: `linear.rs`.

mod elements;
mod gemm;
mod linear;
mod log_softmax;
mod mask;
pub(crate) mod pool;
mod scalar;

pub(crate) use elements::{cpu, elements, require_real};
pub(crate) use linear::linear;
pub(crate) use log_softmax::{log_softmax, log_sum_exp};
pub(crate) use mask::mul_mask;
pub(crate) use scalar::{scalar, sum, sum_of_pairs};
