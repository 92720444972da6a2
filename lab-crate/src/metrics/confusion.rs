//! Which classes are taken for which. Not here: a picture of it.

use std::fmt;

use candle_core::{D, DType, Tensor};

use super::scores;
use crate::{Error, Result};

/// Counts of predictions: row = the true class, column = the predicted one (as `sklearn.metrics.confusion_matrix`).
///
/// ```
/// use lab::{candle_core::{Device, Tensor}, metrics::ConfusionMatrix};
/// let mut matrix = ConfusionMatrix::new(2)?;
/// let scores = Tensor::new(&[[0.1f32, 0.9], [0.8, 0.2], [0.4, 0.6]], &Device::Cpu)?;
/// matrix.add(&scores, &Tensor::new(&[1u32, 0, 0], &Device::Cpu)?)?;
/// assert_eq!((matrix.count(0, 0), matrix.count(0, 1), matrix.accuracy()), (1, 1, 2.0 / 3.0));
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ConfusionMatrix {
    classes: usize,
    counts: Vec<u64>,
}

/// How well one class is found, each 0 to 1, higher is better; where nothing can be divided the value is 0.
///
/// ```
/// use lab::{candle_core::{Device, Tensor}, metrics::ConfusionMatrix};
/// let mut matrix = ConfusionMatrix::new(2)?;
/// let scores = Tensor::new(&[[0.1f32, 0.9], [0.8, 0.2], [0.4, 0.6]], &Device::Cpu)?;
/// matrix.add(&scores, &Tensor::new(&[1u32, 0, 0], &Device::Cpu)?)?;
/// let class = matrix.per_class()[0];
/// assert_eq!((class.precision, class.recall, class.support), (1.0, 0.5, 2));
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClassScores {
    /// Of the examples said to be of this class, the share that is.
    pub precision: f64,
    /// Of the examples of this class, the share that was found.
    pub recall: f64,
    /// The harmonic mean of the two.
    pub f1: f64,
    /// The number of examples of this class.
    pub support: u64,
}

impl ConfusionMatrix {
    /// A matrix of zeros for `classes` classes.
    ///
    /// # Errors
    /// There are fewer than 2 classes.
    pub fn new(classes: usize) -> Result<Self> {
        if classes < 2 {
            return Err(Error::Argument(format!(
                "ConfusionMatrix: классов {classes}, а нужно хотя бы 2"
            )));
        }
        Ok(Self { classes, counts: vec![0; classes * classes] })
    }

    /// Adds a batch: `scores` `(N, C)`, f32 or f64, the highest one is the prediction; `labels` `(N)`.
    ///
    /// # Errors
    /// A shape or dtype is wrong, a label is outside `0..C`, or a score is NaN; then nothing is added.
    pub fn add(&mut self, scores: &Tensor, labels: &Tensor) -> Result<()> {
        let read = scores::read("ConfusionMatrix", scores, labels)?;
        if read.rows[0].len() != self.classes {
            return Err(Error::Argument(format!(
                "ConfusionMatrix: в scores классов {}, а матрица на {}",
                read.rows[0].len(),
                self.classes
            )));
        }
        if let Some(i) = read.rows.iter().position(|row| row.iter().any(|score| score.is_nan())) {
            return Err(Error::Argument(format!(
                "ConfusionMatrix: в строке {i} scores есть NaN: модель разошлась; уменьшите lr"
            )));
        }
        let best = scores.argmax(D::Minus1)?.to_dtype(DType::U32)?.to_vec1::<u32>()?;
        for (label, predicted) in read.labels.into_iter().zip(best) {
            self.counts[label * self.classes + predicted as usize] += 1;
        }
        Ok(())
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How many examples of class `truth` were taken for class `predicted`; 0 where there is no such class.
    pub fn count(&self, truth: usize, predicted: usize) -> u64 {
        if truth.max(predicted) >= self.classes {
            return 0;
        }
        self.counts[truth * self.classes + predicted]
    }

    /// The share of right predictions; 0 before the first example.
    pub fn accuracy(&self) -> f64 {
        share((0..self.classes).map(|k| self.count(k, k)).sum(), self.counts.iter().sum())
    }

    /// Precision, recall and F1 of every class.
    pub fn per_class(&self) -> Vec<ClassScores> {
        let all = 0..self.classes;
        let one = |k: usize| {
            let support = all.clone().map(|other| self.count(k, other)).sum();
            let said: u64 = all.clone().map(|other| self.count(other, k)).sum();
            let right = self.count(k, k);
            ClassScores {
                precision: share(right, said),
                recall: share(right, support),
                f1: share(2 * right, said + support),
                support,
            }
        };
        all.clone().map(one).collect()
    }

    /// The means of [`ConfusionMatrix::per_class`] over the classes, every class weighing the same (`average="macro"`).
    ///
    /// ```
    /// use lab::{candle_core::{Device, Tensor}, metrics::ConfusionMatrix};
    /// let mut matrix = ConfusionMatrix::new(2)?;
    /// let scores = Tensor::new(&[[0.1f32, 0.9], [0.8, 0.2], [0.4, 0.6]], &Device::Cpu)?;
    /// matrix.add(&scores, &Tensor::new(&[1u32, 0, 0], &Device::Cpu)?)?;
    /// let recalls: Vec<f64> = matrix.per_class().iter().map(|class| class.recall).collect();
    /// assert_eq!((matrix.classes(), recalls), (2, vec![0.5, 1.0]));
    /// assert_eq!(matrix.macro_average().recall, 0.75);
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn macro_average(&self) -> ClassScores {
        let classes = self.per_class();
        let mean = |part: fn(&ClassScores) -> f64| {
            classes.iter().map(part).sum::<f64>() / self.classes as f64
        };
        ClassScores {
            precision: mean(|class| class.precision),
            recall: mean(|class| class.recall),
            f1: mean(|class| class.f1),
            support: self.counts.iter().sum(),
        }
    }
}

/// A share; of nothing it is 0 (`zero_division=0` of scikit-learn).
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Counts in columns of one width.
impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = self.counts.iter().max().map_or(1, |count| count.to_string().len());
        let width = widest.max(self.classes.to_string().len()) + 1;
        write!(f, "{:>width$} |", "")?;
        (0..self.classes).try_for_each(|k| write!(f, "{k:>width$}"))?;
        writeln!(f, "  ← ответ модели")?;
        for (truth, row) in self.counts.chunks(self.classes).enumerate() {
            write!(f, "{truth:>width$} |")?;
            row.iter().try_for_each(|count| write!(f, "{count:>width$}"))?;
            writeln!(f)?;
        }
        write!(f, "слева — правильный класс; точность {:.4}", self.accuracy())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::Device;

    fn one_hot(classes: &[usize], width: usize) -> Tensor {
        let rows: Vec<f32> = classes
            .iter()
            .flat_map(|&class| (0..width).map(move |k| if k == class { 1.0 } else { 0.0 }))
            .collect();
        Tensor::from_vec(rows, (classes.len(), width), &Device::Cpu).unwrap()
    }

    fn labels(labels: &[u32]) -> Tensor {
        Tensor::new(labels, &Device::Cpu).unwrap()
    }

    #[test]
    fn the_numbers_of_scikit_learn() {
        // precision_recall_fscore_support([2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2], zero_division=0):
        // precision 2/3, 0, 2/3; recall 1, 0, 2/3; F1 0.8, 0, 2/3; support 2, 1, 3.
        let mut matrix = ConfusionMatrix::new(3).unwrap();
        matrix.add(&one_hot(&[0, 0, 2], 3), &labels(&[2, 0, 2])).unwrap();
        matrix.add(&one_hot(&[2, 0, 2], 3), &labels(&[2, 0, 1])).unwrap();
        let third = 2.0 / 3.0;
        let class = |precision, recall, f1, support| ClassScores { precision, recall, f1, support };
        let right = [class(third, 1.0, 0.8, 2), ClassScores { support: 1, ..Default::default() }];
        assert_eq!(matrix.per_class()[..2], right);
        assert_eq!(matrix.per_class()[2], class(third, third, third, 3));
        assert!((matrix.macro_average().f1 - (0.8 + third) / 3.0).abs() < 1e-12);
        assert_eq!((matrix.accuracy(), matrix.count(2, 0), matrix.count(1, 2)), (third, 1, 1));
        let text = matrix.to_string();
        assert!(
            text.starts_with("   | 0 1 2  ← ответ модели\n 0 | 2 0 0\n 1 | 0 0 1\n 2 | 1 0 2\n"),
            "{text}"
        );
    }

    #[test]
    fn an_empty_matrix_has_no_nan_and_bad_batches_add_nothing() {
        let mut matrix = ConfusionMatrix::new(2).unwrap();
        assert_eq!((matrix.accuracy(), matrix.macro_average()), (0.0, ClassScores::default()));
        let error = matrix.add(&one_hot(&[0], 3), &labels(&[2])).unwrap_err().to_string();
        assert!(error.contains("в scores классов 3, а матрица на 2"), "{error}");
        let nan = Tensor::new(&[[0f32, 1.0], [f32::NAN, 0.0]], &Device::Cpu).unwrap();
        let error = matrix.add(&nan, &labels(&[0, 1])).unwrap_err().to_string();
        assert!(error.contains("в строке 1 scores есть NaN"), "{error}");
        assert!(matrix.add(&one_hot(&[0, 1], 2), &labels(&[0, 2])).is_err());
        assert_eq!(matrix, ConfusionMatrix::new(2).unwrap());
        assert_eq!(matrix.count(5, 0), 0);
        assert!(ConfusionMatrix::new(1).is_err());
    }
}
