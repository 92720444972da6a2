//! Batches: a data set cut into parts, in a seeded order, ready to train on.
//!
//! The names and the semantics are those of `torch.utils.data`. A [`Dataset`] gives items by index, a [`DataLoader`]
//! stacks them into batches, epoch after epoch.
//!
//! ```
//! use lab::prelude::*;
//! let x = Rng::seed(1).randn((100, 3), &Device::Cpu)?;
//! let set = TensorDataset::new(x.clone(), x.sum_keepdim(1)?)?;
//! let options = LoaderOptions { batch_size: 32, shuffle: true, ..Default::default() };
//! let loader = DataLoader::new(set, options)?;
//! let mut sizes = Vec::new();
//! for batch in &loader {
//!     let Batch { x, y } = batch?; // (N, 3) and (N, 1)
//!     assert_eq!(x.dim(0)?, y.dim(0)?);
//!     sizes.push(x.dim(0)?);
//! }
//! assert_eq!(sizes, [32, 32, 32, 4]);
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! | name | what it is | in `torch.utils.data` |
//! |---|---|---|
//! | [`Dataset`] | what has a length and gives items by index | `Dataset` |
//! | [`TensorDataset`] | rows of two tensors | `TensorDataset` |
//! | [`Subset`], [`random_split`] | parts of a set | the same |
//! | [`DataLoader`], [`LoaderOptions`] | batches of a set, in a seeded order, made ahead by threads | `DataLoader` |
//! | [`Epoch`], [`Batch`] | the batches of one pass; one of them | `iter(loader)`, a pair |
//!
//! Each has a file of its own; `prefetch.rs` holds the threads. Not here: reading data sets from files
//! ([`data`](crate::data)), folders of images ([`vision`](crate::vision)). Read next: `dataset.rs`, then `loader.rs`;
//! after this module [`nn`](crate::nn).

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
