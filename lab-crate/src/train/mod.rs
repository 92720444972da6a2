//! Training: an epoch, an evaluation, the loop of epochs, and who watches it.
//!
//! The loops draw and print nothing; what is seen while a model trains comes from an [`Observer`].
//!
//! ```
//! use lab::prelude::*;
//! use lab::train::{EarlyStop, EpochTable, Fit, Metric, Watch, fit};
//! let x = Rng::seed(1).randn((64, 3), &Device::Cpu)?;
//! let set = TensorDataset::new(x.clone(), x.sum_keepdim(1)?)?;
//! let train = DataLoader::new(set.clone(), LoaderOptions { shuffle: true, ..Default::default() })?;
//! let val = DataLoader::new(set, LoaderOptions::default())?;
//! let map = VarMap::new();
//! let model = nn::linear(3, 1, nn::var_builder(&map, 42, &Device::Cpu))?;
//! let mut opt = Optimizer::new(Sgd::lr(0.1), &map)?;
//! let mut seen = (EpochTable::new(), EarlyStop::new(Watch::ValLoss, 3, 1e-6)?);
//! let options = Fit { num_epochs: 20, ..Default::default() };
//! let history = fit(&model, &mut opt, loss::mse, &train, Some(&val), options, &mut seen)?;
//! let best = history.best(Metric::Loss).and_then(|epoch| epoch.val);
//! assert!(best.is_some_and(|scores| scores.loss < 1e-2));
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! | name | what it is | in Python |
//! |---|---|---|
//! | [`train_epoch`], [`evaluate`] | one pass over the data | the loop one writes; `model.train()`, `model.eval()` |
//! | [`fit`], [`Fit`] | many epochs | `Trainer.fit` of Lightning, `learn.fit` of fastai |
//! | [`Scores`], [`Metric`], [`Task`], [`Stop`], [`Watch`] | what an epoch is judged by; why it ended | - |
//! | [`Observer`] | who watches: a tuple of several, or `()` | a callback |
//! | [`ProgressBar`], [`LiveCurves`], [`EpochTable`] | what is seen | `tqdm`, live plots |
//! | [`EarlyStop`], [`BestWeights`] | stop in time; go back to the best epoch | `EarlyStopping`, `ModelCheckpoint` |
//! | [`History`] | the record of every step and epoch | `History` of Keras |
//! | [`LrFinder`], [`LrSweep`] | the range test of the learning rate | `learn.lr_find()` of fastai |
//! | [`race`], [`Race`], [`Surface`] | optimizers on a surface of two variables | - |
//!
//! | file | what it holds |
//! |---|---|
//! | `epoch.rs`, `fit.rs`, `scores.rs`, `stop.rs`, `watch.rs` | the loops and what they are judged by |
//! | `observer.rs`, `several.rs` | [`Observer`]; several of them as one |
//! | `bar.rs`, `curves.rs`, `epoch_table.rs` | what is seen |
//! | `history.rs`, `history_plot.rs`, `history_csv.rs` | [`History`] |
//! | `lr_finder.rs`, `lr_sweep.rs`; `surface.rs`, `race.rs`, `contours.rs` | the range test; the race |
//!
//! Not here: losses ([`loss`](crate::loss)), optimizers ([`optim`](crate::optim)), batches
//! ([`batches`](crate::batches)). Read next: `epoch.rs`, then `fit.rs`; after this module [`metrics`](crate::metrics).

mod bar;
mod best_weights;
mod contours;
mod curves;
mod early_stop;
mod epoch;
mod epoch_table;
mod fit;
mod history;
mod history_csv;
mod history_plot;
mod lr_finder;
mod lr_sweep;
mod observer;
mod race;
mod scores;
mod several;
mod stop;
mod surface;
#[cfg(test)]
mod toy;
mod watch;
mod weights;

pub use bar::ProgressBar;
pub use best_weights::BestWeights;
pub use curves::LiveCurves;
pub use early_stop::EarlyStop;
pub use epoch::{evaluate, train_epoch};
pub use epoch_table::EpochTable;
pub use fit::{Fit, fit};
pub use history::{History, StepRecord};
pub use lr_finder::LrFinder;
pub use lr_sweep::LrSweep;
pub use observer::{BatchRecord, EpochRecord, Observer};
pub use race::{Race, race};
pub use scores::{Metric, Scores, Task};
pub use stop::Stop;
pub use surface::Surface;
pub use watch::Watch;
