//! The one error type of the library: what was given, what was expected, what to do next.
//!
//! Not here: the places that raise it. Every module builds its own text; a student reads
//! these texts, so they are in Russian. Read next: `data/file.rs`, which raises most of them.

use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;

/// The result of every fallible call of the library.
///
/// ```
/// fn half(n: u32) -> lab::Result<u32> {
///     if n % 2 == 1 {
///         return Err(lab::Error::Argument(format!("{n} нечётное, а нужно чётное")));
///     }
///     Ok(n / 2)
/// }
/// assert_eq!(half(8)?, 4);
/// assert!(half(7).is_err());
/// # Ok::<(), lab::Error>(())
/// ```
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, as a sentence for the student.
///
/// `Debug` prints the same sentence as `Display`: a notebook shows the error of a failed `?`
/// through `Debug`, and a student must not see the fields of a struct there.
///
/// ```
/// let error = lab::Error::Interrupted;
/// assert_eq!(format!("{error}"), format!("{error:?}"));
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An operation on tensors failed in candle.
    #[error("ошибка операции с тензором: {0}")]
    Candle(#[from] candle_core::Error),
    /// An argument has a wrong value, shape or type.
    #[error("{0}")]
    Argument(String),
    /// A data set is missing, damaged or written in an unexpected way.
    #[error("{0}")]
    Data(String),
    /// A figure cannot be drawn from what it was given.
    #[error("график: {0}")]
    Plot(String),
    /// A file cannot be read or written.
    #[error("файл «{}»: {}", path.display(), reason(source))]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The output of the cell cannot be written.
    #[error("не удалось вывести результат: {0}")]
    Output(std::io::Error),
    /// An array cannot take the asked shape.
    #[error("форма массива: {0}")]
    Shape(#[from] ndarray::ShapeError),
    /// The answer to a task is wrong, or not written yet; the cell's output says why.
    #[error("задание {id} ещё не решено; что не так, напечатано выше")]
    Check {
        /// The task, as `2.1`.
        id: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The student pressed "interrupt".
    #[error("Прервано")]
    Interrupted,
}

/// What the system said, in the student's language and with what to do where that is known.
fn reason(error: &std::io::Error) -> String {
    // An error of candle's that a file caused has it inside.
    let first: &(dyn std::error::Error + 'static) = error;
    let causes = std::iter::successors(Some(first), |cause| cause.source());
    let kinds = causes.filter_map(|cause| cause.downcast_ref().map(std::io::Error::kind));
    let known = |kind| match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Some("на диске нет места; освободите его и выполните ячейку снова")
        }
        ErrorKind::FileTooLarge => Some("файл больше, чем разрешает система (ulimit -f)"),
        ErrorKind::ReadOnlyFilesystem => Some("сюда можно только читать; назовите другую папку"),
        ErrorKind::PermissionDenied => Some("нет прав на этот файл или папку; назовите другую"),
        _ => None,
    };
    kinds.filter_map(known).last().map_or_else(|| error.to_string(), str::to_owned)
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// So that `forward` of a `candle_nn::Module`, whose error is candle's, can use `?` on our calls.
impl From<Error> for candle_core::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Candle(inner) => inner,
            other => Self::msg(other),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn debug_is_the_sentence_of_display() {
        let error = Error::File {
            path: PathBuf::from("loss.png"),
            source: std::io::Error::other("диск заполнен"),
        };
        assert_eq!(format!("{error:?}"), "файл «loss.png»: диск заполнен");
        assert_eq!(format!("{:?}", Error::Interrupted), "Прервано");
    }

    #[test]
    fn candle_keeps_its_own_words() {
        let a = candle_core::Tensor::zeros(2, candle_core::DType::F32, &candle_core::Device::Cpu);
        let b = candle_core::Tensor::zeros(3, candle_core::DType::F32, &candle_core::Device::Cpu);
        let error = Error::from((a.unwrap() + b.unwrap()).unwrap_err());
        let text = error.to_string();
        assert!(text.starts_with("ошибка операции с тензором: "), "{text}");
        assert!(text.contains("[2]") && text.contains("[3]"), "{text}");
    }

    #[test]
    fn our_errors_pass_through_candle() {
        let error = candle_core::Error::from(Error::Interrupted);
        assert!(error.to_string().starts_with("Прервано"), "{error}");
    }
}
