//! Why a training ended before its last epoch. Read next: `fit.rs`.

use std::fmt;

/// The reason why training ended early. The weights stay as they were at that moment.
///
/// ```
/// use lab::train::Stop;
/// let stop = Stop::Diverged { step: 12, loss: f64::NAN, lr: 10.0 };
/// assert!(stop.to_string().contains("12")); // the sentence that a student reads
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// The student interrupted the cell.
    Interrupted,
    /// The loss was infinite or not a number; the weights are those before that step.
    Diverged {
        /// The step, counted from 1.
        step: usize,
        /// The loss.
        loss: f64,
        /// The learning rate of that step.
        lr: f64,
    },
    /// An observer wanted no more, in its own words.
    Observer(String),
    /// An error, in its words.
    Failed(String),
}

impl Stop {
    /// The text for a student whose training diverged.
    pub(super) fn diverged(step: usize, loss: f64, lr: f64) -> String {
        format!(
            "обучение разошлось: на шаге {step} функция потерь равна {loss} при lr = {lr}. Веса остались такими, \
             какими были перед этим шагом. Уменьшите lr, например до {:.0e}, проверьте, что во входах и ответах нет NaN и они \
             нормированы; от редких выбросов помогает opt.clip_grad_norm(1.0)? перед opt.step()?",
            lr / 10.0
        )
    }
}

/// For a student, in Russian.
impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupted => f.write_str("прервано"),
            Self::Diverged { step, loss, lr } => f.write_str(&Self::diverged(*step, *loss, *lr)),
            Self::Observer(reason) | Self::Failed(reason) => f.write_str(reason),
        }
    }
}
