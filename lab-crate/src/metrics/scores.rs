//! Reads the scores of classes and the labels that all metrics take.

use candle_core::{DType, Tensor};

use crate::{Error, Result};

/// Scores `(N, C)` row by row, and the label of each row.
pub(crate) struct Scores {
    pub(crate) rows: Vec<Vec<f64>>,
    pub(crate) labels: Vec<usize>,
}

/// Checks and reads `scores` `(N, C)`, f32 or f64, and `labels` `(N)`, u8, u32 or i64.
///
/// # Errors
/// A shape or dtype is wrong, there are no examples, or a label is outside `0..C`.
pub(crate) fn read(name: &str, scores: &Tensor, labels: &Tensor) -> Result<Scores> {
    let (n, classes) = match scores.dims() {
        &[n, classes] if n > 0 && classes > 0 => (n, classes),
        dims => {
            return Err(Error::Argument(format!(
                "{name}: scores формы {dims:?}, а нужна (N, C): строка на пример, столбец на класс"
            )));
        }
    };
    if !matches!(scores.dtype(), DType::F32 | DType::F64) {
        return Err(Error::Argument(format!(
            "{name}: scores типа {:?}, а нужны f32 или f64: логиты или вероятности, не номера классов",
            scores.dtype()
        )));
    }
    let labels = read_labels(name, labels, classes)?;
    if labels.len() != n {
        return Err(Error::Argument(format!(
            "{name}: в scores {n} примеров, а в labels {}; их должно быть поровну",
            labels.len()
        )));
    }
    Ok(Scores { rows: scores.to_dtype(DType::F64)?.to_vec2()?, labels })
}

/// Labels `(N)` in `0..classes`.
///
/// # Errors
/// The shape or dtype is wrong, or a label is outside.
pub(crate) fn read_labels(name: &str, labels: &Tensor, classes: usize) -> Result<Vec<usize>> {
    if labels.rank() != 1 || !labels.dtype().is_int() {
        return Err(Error::Argument(format!(
            "{name}: labels формы {:?} и типа {:?}, а нужны номера классов: форма (N), тип u8, u32 или i64",
            labels.dims(),
            labels.dtype()
        )));
    }
    let numbers = labels.to_dtype(DType::I64)?.to_vec1::<i64>()?;
    let one = |(i, label): (usize, i64)| {
        usize::try_from(label).ok().filter(|&label| label < classes).ok_or_else(|| {
            Error::Argument(format!(
                "{name}: labels[{i}] = {label}, а классов {classes}, номера от 0 до {}",
                classes - 1
            ))
        })
    };
    numbers.into_iter().enumerate().map(one).collect()
}
