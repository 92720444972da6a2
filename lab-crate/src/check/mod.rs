//! Checks of the student's answers: one function for each task, named as the student's function.
//!
//! A check calls the student's function on small inputs, compares what comes with what should, prints one
//! verdict line to the standard output (`1.2 ✓`, or `1.2 ✗` with the reason and a question that leads on) and
//! returns an error when the answer is wrong, so that the cell fails. Wrong ideas that many have (the other
//! axis, a forgotten mean) are computed too, and named when they explain the answer. A check never trains,
//! never panics, writes nothing to the standard error and takes well under two seconds.
//!
//! ```
//! use lab::prelude::*;
//! fn center_columns(x: &Tensor) -> lab::Result<Tensor> {
//!     Ok(x.broadcast_sub(&x.mean_keepdim(0)?)?)
//! }
//! check::center_columns(center_columns)?; // prints «1.2 ✓»
//! assert!(check::center_columns(|x| Ok(x.clone())).is_err()); // prints what is wrong
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! With the environment variable `LAB_CHECK_SEED=N` the same rules are checked on other numbers: for grading.
//!
//! | notebook | checks |
//! |---|---|
//! | 01 tensors | [`sin2_plus_cos2`], [`center_columns`] |
//! | 02 autograd | [`float_var`], [`numeric_grad`] |
//! | 03 linear regression | [`step`], [`standardize`], [`should_stop`] |
//! | 04 optimizers | [`momentum_step`], [`predict_and_loss`] |
//! | 05 MNIST | [`probabilities`], [`predict`], [`test()`], [`plot_history`], [`accuracy`], [`train_with_accuracy`], [`test_with_accuracy`] |
//! | 06 transfer learning | [`new_head`], [`freeze_body`], [`visualize`] |
//! | all | [`hint()`], [`Hint`]; [`score()`], [`Score`] |
//!
//! | file | what it holds |
//! |---|---|
//! | `tensors.rs` … `transfer/` | the checks of each notebook |
//! | `compare.rs`, `fault.rs` | comparing an answer, saying what is wrong with it |
//! | `verdict.rs` | calling the student's code with care, printing the verdict |
//! | `table.rs`, `hint.rs`, `score.rs` | the table of tasks, hints, the record of what is done |
//!
//! Not here: ready answers for who is stuck ([`ready`](crate::ready)). Read next: `verdict.rs`, then `tensors.rs`.

mod compare;
mod fault;
mod hint;
pub(crate) mod score;
mod table;
mod verdict;

mod autograd;
mod mnist;
mod optimizers;
mod regression;
mod tensors;
mod transfer;

pub use autograd::{float_var, numeric_grad};
pub use hint::{Hint, hint};
pub use mnist::{
    accuracy, plot_history, predict, probabilities, test, test_with_accuracy, train_with_accuracy,
};
pub use optimizers::{momentum_step, predict_and_loss};
pub use regression::{should_stop, standardize, step};
pub use score::{Score, score};
pub use tensors::{center_columns, sin2_plus_cos2};
pub use transfer::{freeze_body, new_head, visualize};
