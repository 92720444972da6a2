//! Metrics: how good predictions are, as numbers that need no gradient.
//!
//! All of them count examples, so a short last batch weighs what it holds.
//!
//! ```
//! use lab::prelude::*;
//! let scores = Tensor::new(&[[0.1f32, 0.9], [0.8, 0.2], [0.4, 0.6]], &Device::Cpu)?;
//! let labels = Tensor::new(&[1u32, 0, 0], &Device::Cpu)?;
//! let mut accuracy = metrics::Mean::default(); // over the batches of an epoch
//! accuracy.add(metrics::accuracy(&scores, &labels)?, labels.elem_count());
//! assert_eq!(accuracy.value(), Some(2.0 / 3.0));
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! | name | range | better | in Python |
//! |---|---|---|---|
//! | [`accuracy`] | 0 to 1 | higher | `sklearn.metrics.accuracy_score` |
//! | [`top_k_accuracy`] | 0 to 1 | higher | `sklearn.metrics.top_k_accuracy_score` |
//! | [`ConfusionMatrix`] | counts | - | `sklearn.metrics.confusion_matrix`, `precision_recall_fscore_support` |
//! | [`Mean`] | that of its values | - | `torchmetrics.MeanMetric` |
//!
//! Not here: losses ([`loss`](crate::loss)); the picture of a confusion matrix
//! ([`confusion`](crate::vision::pictures::confusion)). Read next: `accuracy.rs`; after this module
//! [`vision`](crate::vision).

mod accuracy;
mod confusion;
mod mean;
pub(crate) mod scores;

pub use accuracy::{accuracy, top_k_accuracy};
pub use confusion::{ClassScores, ConfusionMatrix};
pub use mean::Mean;
