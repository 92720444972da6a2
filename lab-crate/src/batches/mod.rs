//! Batches: a data set cut into parts, in a seeded order, ready to train on.
//!
//! The names and the semantics are those of `torch.utils.data`. Not here: reading data sets from
//! files (`data/`). Read next: `dataset.rs`, then `loader.rs`.
//!
//! | file | what it holds |
//! |---|---|
//! | `dataset.rs` | [`Dataset`]: what has a length and gives items by index |
//! | `tensors.rs` | [`TensorDataset`]: rows of two tensors |
//! | `subset.rs` | [`Subset`], [`random_split`] |
//! | `loader.rs` | [`DataLoader`], [`LoaderOptions`] |
//! | `epoch.rs` | [`Epoch`]: the batches of one pass |
//! | `prefetch.rs` | worker threads that make batches ahead, in order |

mod dataset;
mod epoch;
mod loader;
mod prefetch;
mod subset;
mod tensors;

pub use dataset::{Batch, Dataset};
pub use epoch::Epoch;
pub(crate) use prefetch::in_worker;

pub use loader::{DataLoader, LoaderOptions};
pub use subset::{Subset, random_split};
pub use tensors::TensorDataset;
