//! The comparison of an answer with the right one and with the answers of known wrong ideas.
//!
//! Not here: the checks themselves, one file for each lab.

use candle_core::{DType, Tensor};

use super::fault::{Fault, Judgement};
use crate::Result;
use crate::cells::index_text;

/// A wrong idea: what it would have answered, and what to say to who had it.
///
/// Where the idea cannot be computed for an input it is left out.
pub(super) type Mistake<'a, T> = (Result<T>, &'a str);

/// Compares a tensor with the right one: shape, element type, then the values up to
/// `tolerance` · (1 + |value|). An answer that a wrong idea explains gets that idea's text.
pub(super) fn tensor(
    got: Result<Tensor>,
    want: &Tensor,
    tolerance: f64,
    mistakes: &[Mistake<Tensor>],
) -> Judgement {
    let got = got?;
    let Err(fault) = same(&got, want, tolerance) else { return Ok(()) };
    let known = mistakes.iter().find(|(answer, _)| {
        answer.as_ref().is_ok_and(|answer| same(&got, answer, tolerance).is_ok())
    });
    Err(match known {
        Some((_, says)) => fault.asking(says),
        None => fault,
    })
}

/// Compares a number with the right one as [`tensor`] does; `name` says what it is.
pub(super) fn number(
    name: &str,
    got: f64,
    want: f64,
    tolerance: f64,
    mistakes: &[Mistake<f64>],
) -> Judgement {
    if is_near(got, want, tolerance) {
        return Ok(());
    }
    let fault = Fault::new(format!("{name}: вышло {}, ждали {}", short(got), short(want)));
    let is_known = |answer: &f64| is_near(got, *answer, tolerance);
    Err(match mistakes.iter().find(|(answer, _)| answer.as_ref().is_ok_and(is_known)) {
        Some((_, says)) => fault.asking(says),
        None => fault,
    })
}

/// Whether two tensors agree; the first difference when they do not.
pub(super) fn same(got: &Tensor, want: &Tensor, tolerance: f64) -> Judgement {
    if got.dims() != want.dims() {
        let text = format!("форма ответа {:?}, ждали {:?}", got.dims(), want.dims());
        return Err(Fault::new(text));
    }
    if got.dtype() != want.dtype() {
        let (got, want) = (got.dtype().as_str(), want.dtype().as_str());
        return Err(Fault::new(format!("тип элементов {got}, ждали {want}")));
    }
    let (want_values, got_values) = (values(want)?, values(got)?);
    let is_off = |(&want, &got): (&f64, &f64)| !is_near(got, want, tolerance);
    let Some(at) = want_values.iter().zip(&got_values).position(is_off) else { return Ok(()) };
    let place = match want.dims() {
        [] => String::new(),
        dims => format!("в элементе [{}] ", index_text(at, dims)),
    };
    let (got, want) = (short(got_values[at]), short(want_values[at]));
    Err(Fault::new(format!("{place}вышло {got}, ждали {want}")))
}

/// Whether a number is the right one, up to `tolerance` · (1 + |number|).
fn is_near(got: f64, want: f64, tolerance: f64) -> bool {
    got == want || (got - want).abs() <= tolerance * (1.0 + want.abs())
}

/// All values in order, as `f64`.
fn values(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(tensor.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?)
}

/// A number with about six significant digits.
fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || (1e-3..1e6).contains(&value.abs()) {
        let text = format!("{value:.6}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    format!("{value:.3e}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::Device;

    fn row(values: &[f32]) -> Tensor {
        Tensor::new(values, &Device::Cpu).unwrap().unsqueeze(0).unwrap()
    }

    fn reason(got: &Tensor, want: &Tensor) -> String {
        same(got, want, 1e-6).unwrap_err().text().to_owned()
    }

    #[test]
    fn the_first_difference_is_named() {
        let want = row(&[1.0, 2.0]);
        assert_eq!(same(&want, &want, 0.0), Ok(()));
        assert_eq!(reason(&row(&[1.0, 2.5]), &want), "в элементе [0, 1] вышло 2.5, ждали 2");
        assert_eq!(reason(&row(&[1.0]), &want), "форма ответа [1, 1], ждали [1, 2]");
        let whole = want.to_dtype(DType::I64).unwrap();
        assert_eq!(reason(&whole, &want), "тип элементов i64, ждали f32");
        assert_eq!(reason(&row(&[f32::NAN, 2.0]), &want), "в элементе [0, 0] вышло NaN, ждали 1");
        let sum = want.sum_all().unwrap();
        assert_eq!(reason(&(&sum * 2.0).unwrap(), &sum), "вышло 6, ждали 3");
    }

    #[test]
    fn a_known_idea_gets_its_text() {
        let want = row(&[1.0, 2.0]);
        let minus = || (want.neg().map_err(Into::into), "а знак?");
        let say = |got: Tensor| tensor(Ok(got), &want, 1e-6, &[minus()]).unwrap_err();
        assert!(say(want.neg().unwrap()).text().ends_with("а знак?"));
        assert!(!say(row(&[3.0, 2.0])).text().contains("знак"));
        let fault = number("среднее", 4.0, 2.0, 1e-6, &[(Ok(4.0), "а деление?")]).unwrap_err();
        assert_eq!(fault.text(), "среднее: вышло 4, ждали 2\n    а деление?");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, 0.5, -3.0, 0.1 + 0.2].map(short), ["0", "0.5", "-3", "0.3"]);
        assert_eq!([1e-7, 2e9, f64::INFINITY].map(short), ["1.000e-7", "2.000e9", "inf"]);
    }
}
