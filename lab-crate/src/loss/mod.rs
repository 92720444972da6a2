//! Losses: how far predictions are from the truth, as one number to make small.
//!
//! Every loss is a mean over the batch, a scalar of the dtype of the first argument, and stays
//! finite where logits are huge. Not here: metrics, which need no gradient. Read next: `mse.rs`.
//!
//! | loss | first argument | targets | in PyTorch |
//! |---|---|---|---|
//! | [`mse`] | numbers | numbers, same shape | `F.mse_loss` |
//! | [`cross_entropy`], [`CrossEntropy`] | logits `(N, C)` | labels `(N)` | `F.cross_entropy` |
//! | [`nll`] | log-probabilities `(N, C)` | labels `(N)` | `F.nll_loss` |
//! | [`bce_with_logits`] | logits | 0 or 1, same shape | `F.binary_cross_entropy_with_logits` |

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
