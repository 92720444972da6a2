#![doc = include_str!("../README.md")]
//!
//! # Where to begin
//!
//! Read in this order; every page begins with what it is for and its smallest whole example, and names the next one.
//!
//! 1. **Tensors.** They are candle's: [`Tensor`](candle_core::Tensor), [`Var`](candle_core::Var). Here: [`device()`], seeded
//!    numbers with [`Rng`], arrays in and out with [`from_ndarray`] and [`to_ndarray`], a table of the values with [`Show`].
//! 2. **Data.** [`mod@data`] reads data sets, [`mod@batches`] cuts them into batches.
//! 3. **Model.** [`mod@nn`] has layers and the table of their parameters; [`mod@models`] whole networks for images,
//!    [`mod@weights`] their published numbers.
//! 4. **Training.** [`mod@loss`] says how wrong a model is, [`mod@optim`] changes it, [`mod@train`] repeats that and records it.
//! 5. **Metrics.** [`mod@metrics`] says how right it is.
//! 6. **Vision.** [`mod@vision`] reads and transforms images, and shows what a network looks at.
//! 7. **Plots.** [`Figure`] draws, [`Live`] draws while a model trains, [`progress()`] shows how long it still takes.
//! 8. **Checks.** [`mod@check`] judges a student's answers, [`mod@ready`] lets one go on who is stuck.
//!
//! All of it, from numbers to a picture:
//!
//! ```rust
//! use lab::prelude::*;
//! use lab::train::{Fit, Metric, Task, evaluate, fit};
//!
//! // Data: two clouds of points, (200, 2), and which one each belongs to, (200,).
//! let device = lab::device()?;
//! let labels = Tensor::from_iter((0..200u32).map(|i| i % 2), &device)?;
//! let middle = (labels.to_dtype(DType::F32)?.unsqueeze(1)? * 4.0)?; // (200, 1)
//! let points = Rng::seed(42).randn((200, 2), &device)?.broadcast_add(&middle)?;
//! let set = TensorDataset::new(points, labels)?;
//! let train = DataLoader::new(set.clone(), LoaderOptions { shuffle: true, ..Default::default() })?;
//! let val = DataLoader::new(set, LoaderOptions::default())?;
//!
//! // Model: one layer, (N, 2) to logits (N, 2).
//! let map = VarMap::new();
//! let model = nn::linear(2, 2, nn::var_builder(&map, 42, &device).pp("fc"))?;
//!
//! // Training.
//! let mut opt = Optimizer::new(Adam::lr(0.05), &map)?;
//! let options = Fit { num_epochs: 10, task: Task::Classification, ..Default::default() };
//! let history = fit(&model, &mut opt, loss::cross_entropy, &train, Some(&val), options, &mut ())?;
//!
//! // Metrics, and a plot: figure.show()? in a notebook.
//! let scores = evaluate(&model, &val, loss::cross_entropy, Task::Classification)?;
//! assert!(scores.accuracy.is_some_and(|accuracy| accuracy > 0.95));
//! let figure = history.figure(Metric::Loss)?;
//! assert!(figure.to_svg()?.starts_with("<svg"));
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! # What it is in Python
//!
//! | Python | here |
//! |---|---|
//! | `torch.tensor`, `torch.randn` with a seed | [`candle_core::Tensor`], [`Rng::randn`] |
//! | `torch.from_numpy(a)`, `t.numpy()` | [`from_ndarray`], [`to_ndarray`] |
//! | `torch.utils.data.DataLoader` | [`batches::DataLoader`] |
//! | `torch.nn`, `torch.nn.functional` | [`mod@nn`], [`mod@loss`] |
//! | `torch.optim`, `lr_scheduler` | [`optim::Optimizer`], [`optim::Scheduler`] |
//! | the loop over epochs; `model.eval()` | [`train::fit`]; [`train::evaluate`] |
//! | `torchvision.datasets`, `transforms`, `models` | [`mod@data`], [`vision::transforms`], [`mod@models`] |
//! | `torch.load`, `load_state_dict` | [`weights::read`], [`weights::Weights::load_into`] |
//! | `sklearn.metrics` | [`mod@metrics`] |
//! | `matplotlib.pyplot`, `tqdm` | [`Figure`], [`progress()`] |
//! | `torch.get_num_threads`, `set_num_threads` | [`num_threads`], [`set_num_threads`] |
//!
//! # Where things are
//!
//! | module | what it holds |
//! |---|---|
//! | [`prelude`] | what a cell imports |
//! | `ops` | fused operations with gradients for the CPU |
//! | `threads` | [`num_threads`], [`set_num_threads`] |
//! | `plot` | [`Figure`], [`Live`], [`Series`] |
//! | `progress` | [`progress()`] and [`Progress`] |
//! | `table`, `cells` | [`Show`] and [`Table`]: a tensor as text and as a table |
//! | `array` | [`from_ndarray`], [`to_ndarray`] |
//! | `rng` | [`Rng`]: seeded randomness |
//! | `device` | [`device()`]: the CPU or a GPU |
//! | `interrupt` | [`interrupted`], [`check_interrupted`] |
//! | `error` | [`Error`], [`Result`] |
//! | `replace` | files that are replaced only when complete |
//! | `output`, `throttle` | the lines that carry an output to the notebook; how often |
//!
//! Not here: Jupyter (`lab-kernel`), the network and the command line (`lab-cli`). Read next: [`mod@data`].

// So that `pub` means "on a page of this documentation": tests/examples.rs counts on it. The code of tests is shared with
// other crates, where its `pub` is needed.
#![cfg_attr(not(test), deny(unreachable_pub))]

pub mod batches;
pub mod check;
pub mod data;
pub mod loss;
pub mod metrics;
pub mod models;
pub mod nn;
pub mod optim;
pub mod prelude;
pub mod ready;
pub mod train;
pub mod vision;
pub mod weights;

mod array;
mod cells;
mod device;
mod error;
#[cfg(test)]
mod fuzz;
mod interrupt;
mod ops;
mod output;
mod plot;
mod progress;
mod replace;
mod rng;
mod table;
mod threads;
mod throttle;

pub use candle_core;
pub use candle_nn;
pub use ndarray;

pub use array::{from_ndarray, to_ndarray};
pub use check::{hint, score};
pub use device::device;
pub use error::{Error, Result};
pub use interrupt::{check_interrupted, interrupted};
pub use plot::{Figure, Live, Series};
pub use progress::{Progress, progress};
pub use rng::Rng;
pub use table::{Show, Table};
pub use threads::{num_threads, set_num_threads};
