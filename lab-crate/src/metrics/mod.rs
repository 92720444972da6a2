//! Metrics: how good predictions are, as numbers that need no gradient.
//!
//! All of them count examples, so a short last batch weighs what it holds. Not here: losses (`loss/`).
//! Read next: `accuracy.rs`.
//!
//! | name | range | better | in other libraries |
//! |---|---|---|---|
//! | [`accuracy`] | 0 to 1 | higher | `sklearn.metrics.accuracy_score` |
//! | [`top_k_accuracy`] | 0 to 1 | higher | `sklearn.metrics.top_k_accuracy_score` |
//! | [`ConfusionMatrix`] | counts | - | `sklearn.metrics.confusion_matrix`, `precision_recall_fscore_support` |
//! | [`Mean`] | that of its values | - | `torchmetrics.MeanMetric` |

mod accuracy;
mod confusion;
mod mean;
pub(crate) mod scores;

pub use accuracy::{accuracy, top_k_accuracy};
pub use confusion::{ClassScores, ConfusionMatrix};
pub use mean::Mean;
