//! The check of two tensors that must look alike: predictions and targets of the same shape.
//!
//! Not here: labels of classes (`labels.rs`).

use candle_core::Tensor;

use crate::ops::require_real;
use crate::{Error, Result};

/// Checks that both hold f32 or both f64, have the same shape and at least one number.
///
/// # Errors
/// They do not; the text tells what PyTorch would silently do with such shapes.
pub(super) fn check(call: &str, names: [&str; 2], input: &Tensor, target: &Tensor) -> Result<()> {
    let [first, second] = names;
    require_real(call, first, input)?;
    if target.dtype() != input.dtype() {
        return Err(Error::Argument(format!(
            "{call}: {first} имеет тип {}, а {second} - {}; типы должны совпадать: \
             {second}.to_dtype({first}.dtype())?",
            input.dtype().as_str(),
            target.dtype().as_str(),
        )));
    }
    if target.dims() != input.dims() {
        return Err(Error::Argument(format!(
            "{call}: {first} имеет форму {:?}, а {second} - {:?}; формы должны совпадать. {}",
            input.dims(),
            target.dims(),
            advice(names, input, target),
        )));
    }
    if input.elem_count() == 0 {
        return Err(Error::Argument(format!(
            "{call}: {first} имеет форму {:?}, в нём нет ни одного числа, и среднее не определено; \
             нужен хотя бы один пример",
            input.dims(),
        )));
    }
    Ok(())
}

/// What to do about two shapes that differ.
fn advice([first, second]: [&str; 2], input: &Tensor, target: &Tensor) -> String {
    let (a, b) = (input.dims(), target.dims());
    if input.elem_count() == target.elem_count() {
        let broadcast = a.len() != b.len();
        let warning = if broadcast {
            format!(
                "PyTorch здесь растянул бы их до общей формы (broadcasting), сравнил бы каждое \
                 предсказание с каждым ответом ({0} x {0} чисел) и обучил бы модель не тому. ",
                input.elem_count()
            )
        } else {
            String::new()
        };
        return format!("{warning}Сделайте формы одинаковыми: {second}.reshape({first}.shape())?");
    }
    format!("Проверьте, что {first} и {second} относятся к одним и тем же примерам")
}
