//! Checks of notebook 05: a network for digits.
//!
//! | file | what it holds |
//! |---|---|
//! | `outputs.rs` | what comes out of the network: probabilities, classes, accuracy |
//! | `history.rs` | the figure of a training |
//! | `epochs.rs` | functions that go over all batches; `toy.rs` is what they are tried on |

mod epochs;
mod history;
mod outputs;
mod toy;

pub use epochs::{test, test_with_accuracy, train_with_accuracy};
pub use history::plot_history;
pub use outputs::{accuracy, predict, probabilities};
