//! Losses: how far predictions are from the truth, as one number to make small.
//!
//! Every loss is a mean over the batch, a scalar of the dtype of the first argument, and stays
//! finite where logits are huge.
//!
//! ```
//! use lab::prelude::*;
//! let logits = Tensor::new(&[[1000f32, 0.0], [0.0, 0.0]], &Device::Cpu)?; // what the last layer gives
//! let labels = Tensor::new(&[0u32, 1], &Device::Cpu)?;
//! let loss = loss::cross_entropy(&logits, &labels)?.to_scalar::<f32>()?;
//! assert!((loss - 2f32.ln() / 2.0).abs() < 1e-6); // sure and right: 0; a guess among two: ln 2
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! | loss | first argument | targets | in PyTorch |
//! |---|---|---|---|
//! | [`mse`] | numbers | numbers, same shape | `F.mse_loss` |
//! | [`cross_entropy`], [`CrossEntropy`] | logits `(N, C)` | labels `(N)` | `F.cross_entropy` |
//! | [`nll`] | log-probabilities `(N, C)` | labels `(N)` | `F.nll_loss` |
//! | [`bce_with_logits`] | logits | 0 or 1, same shape | `F.binary_cross_entropy_with_logits` |
//!
//! Not here: [`metrics`](crate::metrics), which need no gradient. Read next: `mse.rs`; after this module
//! [`optim`](crate::optim), which makes a loss small.

mod bce;
mod cross_entropy;
mod labels;
mod mse;
mod nll;
mod pair;

pub use bce::bce_with_logits;
pub use cross_entropy::{CrossEntropy, cross_entropy};
pub use mse::mse;
pub use nll::nll;
