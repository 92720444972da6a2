#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what it holds |
//! |---|---|
//! | [`prelude`] | what a cell imports |
//! | [`mod@data`] | data sets, read from verified local files |
//! | [`mod@batches`] | data sets cut into batches, in a seeded order |
//! | [`mod@nn`] | layers with seeded weights, summary, gradient check |
//! | [`mod@loss`] | losses |
//! | [`mod@metrics`] | accuracy, confusion matrix, weighted means |
//! | [`mod@optim`] | optimizers and schedules of the learning rate |
//! | [`mod@train`] | the training loop, its history and observers |
//! | [`mod@vision`] | images: transforms, folders of images, pictures of what a model sees |
//! | [`mod@models`] | ResNet and EfficientNet-Lite0, as in torchvision |
//! | [`mod@weights`] | weights in files: `.pth`, safetensors |
//! | [`mod@check`] | checks of the student's answers, hints, the score |
//! | [`mod@ready`] | ready answers, with which who is stuck goes on |
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
