//! Ready answers to the tasks of the lab, so that who is stuck can go on: the function of that name in place of `todo!`.
//!
//! A check tells a ready answer and gives no points for it. Each function does what the student's function of that
//! name does, with the same arguments; what it is for stands in its notebook.
//!
//! ```
//! use lab::prelude::*;
//! fn standardize(x: &Array1<f64>) -> Array1<f64> {
//!     lab::ready::standardize(x)
//! }
//! assert_eq!(standardize(&Array1::from(vec![1.0, 3.0])), Array1::from(vec![-1.0, 1.0]));
//! assert!(check::standardize(standardize).is_err()); // prints that the answer is a ready one
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `basics.rs` | notebooks 01 to 04: tensors, autograd, regression, optimizers |
//! | `mnist.rs` | notebook 05: a network for digits |
//! | `transfer.rs` | notebook 06: transfer learning |
//!
//! Not here: how a right answer is recognised. Read next: [`check`](crate::check).

mod basics;
mod mnist;
mod transfer;

pub use basics::{
    center_columns, float_var, momentum_step, numeric_grad, predict_and_loss, should_stop,
    sin2_plus_cos2, standardize, step,
};
pub use mnist::{
    accuracy, plot_history, predict, probabilities, test, test_with_accuracy, train_with_accuracy,
};
pub use transfer::{freeze_body, new_head, visualize};

use std::cell::Cell;

thread_local! {
    /// Whether a ready answer was used since the last [`take_used`].
    static USED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a ready answer was used in this thread since the last call.
pub(crate) fn take_used() -> bool {
    USED.take()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, check};

    #[test]
    fn every_ready_answer_is_right_and_told() {
        let verdicts = [
            check::sin2_plus_cos2(sin2_plus_cos2),
            check::center_columns(center_columns),
            check::float_var(float_var),
            check::numeric_grad(numeric_grad),
            check::step(step),
            check::standardize(standardize),
            check::should_stop(should_stop),
            check::momentum_step(momentum_step),
            check::predict_and_loss(predict_and_loss),
            check::probabilities(probabilities),
            check::predict(predict),
            check::test(test),
            check::plot_history(plot_history),
            check::accuracy(accuracy),
            check::train_with_accuracy(train_with_accuracy),
            check::test_with_accuracy(test_with_accuracy),
            check::new_head(new_head),
            check::freeze_body(freeze_body),
            check::visualize(visualize),
        ];
        for verdict in verdicts {
            match verdict {
                Err(Error::Check { reason, .. }) => {
                    assert!(reason.contains("ответ верен, но он готовый"), "{reason}");
                }
                other => panic!("not a verdict on a ready answer: {other:?}"),
            }
        }
        assert!(check::probabilities(|x| Ok(x.exp()?)).is_ok());
    }
}
