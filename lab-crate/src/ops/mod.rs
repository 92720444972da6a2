//! Operations on CPU tensors that candle lacks or does slowly, each with its gradient.
//!
//! Private to the crate: students meet them as layers (`nn/`) and losses (`loss/`). The numbers are
//! f32 or f64. For tensors on a GPU the functions use candle's own operations, or the CPU and copies.
//! Not here: kernels for a GPU. Read next: `linear.rs`.

mod avg_pool2d;
mod batch_norm;
mod conv;
mod conv_bn;
mod elements;
mod gemm;
pub(crate) mod leaf;
mod linear;
mod log_softmax;
mod mask;
mod max_pool2d;
pub(crate) mod pieces;
mod planes;
pub(crate) mod pool;
#[cfg(test)]
pub(crate) mod recorded;
mod relu;
mod relu6;
mod scalar;
mod windows;
mod zeros;

pub(crate) use avg_pool2d::{adaptive_avg_pool2d, avg_pool2d};
pub(crate) use batch_norm::{Moments, Stats, Tail, batch_norm};
pub(crate) use conv::conv2d;
pub(crate) use conv_bn::conv_bn;
pub(crate) use elements::{cpu, elements, require_real};
pub(crate) use linear::linear;
pub(crate) use log_softmax::{log_softmax, log_sum_exp};
pub(crate) use mask::mul_mask;
pub(crate) use max_pool2d::max_pool2d;
pub(crate) use relu6::relu6;
pub(crate) use scalar::{scalar, sum, sum_of_pairs};
pub(crate) use windows::Window;
