//! Labels of classes next to a table of numbers `(N, C)`: read and checked.
//!
//! Shapes: `N` examples, `C` classes. Not here: targets that are numbers (`pair.rs`).

use candle_core::{DType, Tensor};

use crate::ops::require_real;
use crate::{Error, Result};

/// The labels of a batch as numbers of classes, each less than `C`.
///
/// `input` is `(N, C)`, f32 or f64, and is called `name` in messages; `labels` is `(N)`, u32, u8 or i64.
///
/// # Errors
/// A shape or dtype is wrong, the batch is empty, or a label is outside `0..C`.
pub(super) fn read(call: &str, name: &str, input: &Tensor, labels: &Tensor) -> Result<Vec<usize>> {
    require_real(call, name, input)?;
    let &[examples, classes] = input.dims() else {
        return Err(Error::Argument(format!(
            "{call}: {name} имеет форму {:?}, а нужна (N, C): N примеров, C классов{}",
            input.dims(),
            if input.rank() == 1 { "; один пример: .unsqueeze(0)?" } else { "" },
        )));
    };
    check_labels(call, name, input, labels)?;
    if examples == 0 {
        return Err(Error::Argument(format!(
            "{call}: {name} имеет форму {:?}, пакет пуст, и среднее не определено; нужен хотя бы один пример",
            input.dims(),
        )));
    }
    let numbers = match labels.dtype() {
        // No copy of a copy for the usual type.
        DType::U32 => labels.to_vec1::<u32>()?.into_iter().map(i64::from).collect(),
        _ => labels.to_dtype(DType::I64)?.to_vec1::<i64>()?,
    };
    let mut read = Vec::with_capacity(numbers.len());
    for (i, label) in numbers.into_iter().enumerate() {
        match usize::try_from(label) {
            Ok(class) if class < classes => read.push(class),
            _ => return Err(Error::Argument(out_of_range(call, i, label, classes))),
        }
    }
    Ok(read)
}

fn out_of_range(call: &str, index: usize, label: i64, classes: usize) -> String {
    let hint = if usize::try_from(label) == Ok(classes) {
        format!(
            "; если метки идут от 1, вычтите 1, иначе у модели должно быть {} выходов",
            classes + 1
        )
    } else {
        "; проверьте метки и число выходов модели".into()
    };
    let last = classes.saturating_sub(1);
    format!(
        "{call}: метка labels[{index}] равна {label}, а при {classes} классах нужны метки от 0 до {last}{hint}"
    )
}

fn check_labels(call: &str, name: &str, input: &Tensor, labels: &Tensor) -> Result<()> {
    if !matches!(labels.dtype(), DType::U8 | DType::U32 | DType::I64) {
        return Err(Error::Argument(format!(
            "{call}: метки labels имеют тип {}, а нужны номера классов, тип u32: labels.to_dtype(DType::U32)?",
            labels.dtype().as_str(),
        )));
    }
    let examples = input.dims().first().copied().unwrap_or(0);
    if labels.dims() != [examples] {
        let advice = match labels.dims() {
            [n, 1] if *n == examples => "уберите лишнюю размерность: labels.squeeze(1)?",
            [n, _] if *n == examples => "из one-hot номера классов даёт labels.argmax(1)?",
            _ => "у каждого примера должна быть одна метка",
        };
        return Err(Error::Argument(format!(
            "{call}: метки labels имеют форму {:?}, а для {name} формы {:?} нужна [{examples}]; {advice}",
            labels.dims(),
            input.dims(),
        )));
    }
    Ok(())
}
