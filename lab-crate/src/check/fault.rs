//! What is wrong with an answer, as the sentence that the student reads.
//!
//! Not here: how an answer is compared (`compare.rs`), how a fault is shown (`verdict.rs`).

use crate::Error;

/// The reason why a check fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault(String);

/// How a check judges an answer.
pub(super) type Judgement = std::result::Result<(), Fault>;

impl Fault {
    /// A reason in words.
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    /// The reason with the question that leads on.
    pub(super) fn asking(self, question: &str) -> Self {
        Self(format!("{}\n    {question}", self.0))
    }

    /// The reason, with the case in which it was seen before it.
    pub(super) fn at(self, case: &str) -> Self {
        Self(format!("{case}: {}", self.0))
    }

    /// The sentence.
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// An error where an answer was expected.
impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self(format!("вместо ответа пришла ошибка: {error}"))
    }
}

impl From<candle_core::Error> for Fault {
    fn from(error: candle_core::Error) -> Self {
        Error::from(error).into()
    }
}

/// Judges that `condition` holds; else the reason is `reason`.
pub(super) fn ensure(condition: bool, reason: impl Into<String>) -> Judgement {
    if condition { Ok(()) } else { Err(Fault::new(reason)) }
}
