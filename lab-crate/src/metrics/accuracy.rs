//! The share of right answers. Read next: `confusion.rs`, which says which ones are wrong.

use candle_core::Tensor;

use super::scores;
use crate::{Error, Result};

/// The share of examples whose highest score is that of their label: 0 to 1, higher is better.
///
/// `scores` is `(N, C)`, f32 or f64: logits, probabilities or their logarithms. `labels` is `(N)`, u8,
/// u32 or i64. Of equal scores the first class is the answer, as with `argmax` of PyTorch; a row with NaN
/// counts as wrong. Over several batches, add the results to a [`Mean`](super::Mean).
///
/// # Errors
/// A shape or dtype is wrong, there are no examples, or a label is outside `0..C`.
///
/// ```
/// use lab::candle_core::{Device, Tensor};
/// let scores = Tensor::new(&[[0.1f32, 0.9], [0.8, 0.2], [0.4, 0.6]], &Device::Cpu)?;
/// let labels = Tensor::new(&[1u32, 0, 0], &Device::Cpu)?;
/// assert_eq!(lab::metrics::accuracy(&scores, &labels)?, 2.0 / 3.0);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn accuracy(scores: &Tensor, labels: &Tensor) -> Result<f64> {
    share("accuracy", scores, labels, 1)
}

/// The share of examples whose label is among the `k` highest scores; otherwise as [`accuracy`].
///
/// # Errors
/// As for [`accuracy`]; or `k` is outside `1..=C`.
///
/// ```
/// use lab::candle_core::{Device, Tensor};
/// let scores = Tensor::new(&[[0.5f32, 0.3, 0.2], [0.5, 0.3, 0.2]], &Device::Cpu)?;
/// let labels = Tensor::new(&[1u32, 2], &Device::Cpu)?;
/// assert_eq!(lab::metrics::top_k_accuracy(&scores, &labels, 2)?, 0.5);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn top_k_accuracy(scores: &Tensor, labels: &Tensor, k: usize) -> Result<f64> {
    let classes = scores.dims().last().copied().unwrap_or(0);
    if k == 0 || (k > classes && scores.rank() == 2) {
        return Err(Error::Argument(format!(
            "top_k_accuracy: k = {k}, а нужно от 1 до числа классов {classes}"
        )));
    }
    share("top_k_accuracy", scores, labels, k)
}

fn share(name: &str, scores: &Tensor, labels: &Tensor, k: usize) -> Result<f64> {
    let scores = scores::read(name, scores, labels)?;
    let right =
        scores.rows.iter().zip(&scores.labels).filter(|(row, label)| rank(row, **label) < k);
    Ok(right.count() as f64 / scores.labels.len() as f64)
}

/// How many classes come before `label`; all of them where a score is NaN.
fn rank(row: &[f64], label: usize) -> usize {
    if row.iter().any(|score| score.is_nan()) {
        return row.len();
    }
    let own = row[label];
    let is_before = |(class, &score): (usize, &f64)| score > own || (score == own && class < label);
    row.iter().enumerate().filter(|&one| is_before(one)).count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::{DType, Device};

    fn scores() -> Tensor {
        let rows = [[0.5f32, 0.2, 0.2], [0.3, 0.4, 0.2], [0.2, 0.4, 0.3], [0.7, 0.2, 0.1]];
        Tensor::new(&rows, &Device::Cpu).unwrap()
    }

    #[test]
    fn the_example_of_scikit_learn() {
        // The example of sklearn.metrics.top_k_accuracy_score: 0.75 for k = 2; and 0.5, 1.0 for 1, 3.
        let labels = Tensor::new(&[0i64, 1, 2, 2], &Device::Cpu).unwrap();
        let top = |k| top_k_accuracy(&scores(), &labels, k).unwrap();
        assert_eq!((top(1), top(2), top(3)), (0.5, 0.75, 1.0));
        assert_eq!(accuracy(&scores(), &labels).unwrap(), 0.5);
    }

    #[test]
    fn of_equal_scores_the_first_wins_and_nan_is_wrong() {
        let rows =
            [[1f64, 1.0], [f64::NAN, 0.0], [f64::INFINITY, 0.0], [f64::NEG_INFINITY, -1e300]];
        let scores = Tensor::new(&rows, &Device::Cpu).unwrap();
        let labels = |labels: [u8; 4]| Tensor::new(&labels, &Device::Cpu).unwrap();
        assert_eq!(accuracy(&scores, &labels([0, 1, 0, 1])).unwrap(), 0.75);
        assert_eq!(accuracy(&scores, &labels([1, 0, 0, 1])).unwrap(), 0.5);
        assert_eq!(
            top_k_accuracy(&scores, &labels([1, 0, 1, 0]), 2).unwrap(),
            0.75,
            "NaN stays wrong"
        );
    }

    #[test]
    fn wrong_input_is_told() {
        let labels = |labels: &[u32]| Tensor::new(labels, &Device::Cpu).unwrap();
        let error =
            |scores: &Tensor, labels: &Tensor| accuracy(scores, labels).unwrap_err().to_string();
        assert!(error(&scores(), &labels(&[0, 1, 3, 0])).contains("labels[2] = 3, а классов 3"));
        assert!(error(&scores(), &labels(&[0, 1])).contains("в scores 4 примеров, а в labels 2"));
        assert!(error(&labels(&[0]), &labels(&[0])).contains("scores формы [1], а нужна (N, C)"));
        let whole = scores().to_dtype(DType::U32).unwrap();
        assert!(error(&whole, &labels(&[0, 1, 2, 0])).contains("scores типа U32"));
        assert!(error(&scores(), &scores()).contains("labels формы [4, 3] и типа F32"));
        let none = Tensor::zeros((0, 3), DType::F32, &Device::Cpu).unwrap();
        assert!(error(&none, &labels(&[])).contains("[0, 3]"));
        let error = top_k_accuracy(&scores(), &labels(&[0, 1, 2, 0]), 4).unwrap_err().to_string();
        assert!(error.contains("k = 4, а нужно от 1 до числа классов 3"), "{error}");
    }
}
