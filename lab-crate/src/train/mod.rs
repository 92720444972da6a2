//! Training: an epoch, an evaluation, the loop of epochs, and who watches it.
//!
//! The loops draw and print nothing; what is seen while a model trains comes from an [`Observer`].
//! Not here: losses (`loss/`), optimizers (`optim/`), batches (`batches/`). Read next: `epoch.rs`, then `fit.rs`.
//!
//! | file | what it holds |
//! |---|---|
//! | `epoch.rs` | [`train_epoch`], [`evaluate`] |
//! | `fit.rs` | [`fit`], [`Fit`] |
//! | `scores.rs`, `stop.rs`, `watch.rs` | [`Scores`], [`Metric`], [`Task`]; [`Stop`]; [`Watch`] |
//! | `observer.rs`, `several.rs` | [`Observer`]; several of them as one |
//! | `bar.rs`, `curves.rs`, `epoch_table.rs` | what is seen: [`ProgressBar`], [`LiveCurves`], [`EpochTable`] |
//! | `early_stop.rs`, `best_weights.rs` | [`EarlyStop`], [`BestWeights`] |
//! | `history.rs`, `history_plot.rs`, `history_csv.rs` | [`History`] |
//! | `lr_finder.rs`, `lr_sweep.rs` | [`LrFinder`]: the range test; [`LrSweep`] |
//! | `surface.rs`, `race.rs`, `contours.rs` | [`Race`]: optimizers on a [`Surface`] of two variables |

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
