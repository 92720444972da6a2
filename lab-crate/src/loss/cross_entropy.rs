//! The cross-entropy of logits, with label smoothing and weights of classes.
//!
//! Shapes: `N` examples, `C` classes. Not here: log-probabilities (`nll.rs`), two classes with one logit (`bce.rs`).

use candle_core::{DType, Device, Tensor, WithDType};

use super::labels;
use crate::ops::{cpu, elements, log_sum_exp, scalar};
use crate::{Error, Result};

/// The mean cross-entropy of logits and labels (as `F.cross_entropy` of PyTorch).
///
/// `logits` is `(N, C)`, f32 or f64: what the last layer gives, without softmax. `labels` is `(N)`, u32 (or u8,
/// i64), in `0..C`. The result is a scalar, at least 0; a model that guesses has about `ln C`. Value and gradient
/// are finite for any finite logits.
///
/// # Errors
/// A shape or dtype is wrong, the batch is empty, or a label is outside `0..C`.
///
/// ```
/// use lab::candle_core::{Device, Tensor};
/// let logits = Tensor::new(&[[2f32, 0.0, 0.0], [0.0, 0.0, 0.0]], &Device::Cpu)?;
/// let labels = Tensor::new(&[0u32, 2], &Device::Cpu)?;
/// let loss = lab::loss::cross_entropy(&logits, &labels)?.to_scalar::<f32>()?;
/// assert!((loss - 0.6691).abs() < 1e-4);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    CrossEntropy::default().loss(logits, labels)
}

/// The cross-entropy with options (as `nn.CrossEntropyLoss` of PyTorch).
///
/// ```
/// use lab::loss::CrossEntropy;
/// use lab::candle_core::{Device, Tensor};
/// let loss = CrossEntropy { label_smoothing: 0.1, ..Default::default() };
/// let logits = Tensor::new(&[[1f32, 2.0]], &Device::Cpu)?;
/// let value = loss.loss(&logits, &Tensor::new(&[1u32], &Device::Cpu)?)?;
/// assert!((value.to_scalar::<f32>()? - 0.3633).abs() < 1e-4);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CrossEntropy {
    /// The part of the probability shared by all classes, in `[0, 1]` (Szegedy et al., 2015,
    /// arXiv:1512.00567). 0 by default: labels are trusted.
    pub label_smoothing: f64,
    /// The weight of each class, `C` numbers from 0; the mean is weighted by the weights of the labels.
    /// `None` by default: all classes count the same.
    pub class_weights: Option<Vec<f64>>,
}

impl CrossEntropy {
    /// The loss of `logits` `(N, C)` and `labels` `(N)`, as [`cross_entropy`].
    ///
    /// # Errors
    /// As [`cross_entropy`]; an option is out of range; all labels of the batch have weight 0.
    pub fn loss(&self, logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
        let classes = labels::read("cross_entropy", "logits", logits, labels)?;
        self.check(logits.dims().get(1).copied().unwrap_or(0))?;
        let input = logits.to_device(&Device::Cpu)?.contiguous()?;
        let loss = match input.dtype() {
            DType::F32 => self.mean::<f32>(&input, &classes)?,
            _ => self.mean::<f64>(&input, &classes)?,
        };
        Ok(loss.to_device(logits.device())?)
    }

    fn check(&self, classes: usize) -> Result<()> {
        if !(0.0..=1.0).contains(&self.label_smoothing) {
            return Err(Error::Argument(format!(
                "CrossEntropy: label_smoothing = {}, а нужно число от 0 до 1, обычно 0.1",
                self.label_smoothing
            )));
        }
        let Some(weights) = &self.class_weights else { return Ok(()) };
        if weights.len() != classes {
            return Err(Error::Argument(format!(
                "CrossEntropy: в class_weights {} чисел, а у модели {classes} классов; нужен вес каждого класса",
                weights.len()
            )));
        }
        match weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
            Some(i) => Err(Error::Argument(format!(
                "CrossEntropy: class_weights[{i}] = {}, а нужно конечное число от 0",
                weights[i]
            ))),
            None => Ok(()),
        }
    }

    /// Value and gradient in one pass over the rows.
    fn mean<T: WithDType>(&self, input: &Tensor, labels: &[usize]) -> Result<Tensor> {
        let (n, classes) = input.dims2()?;
        let shares = self.shares(classes, labels)?;
        let tracked = input.track_op();
        let mut gradient: Vec<T> = Vec::with_capacity(if tracked { n * classes } else { 0 });
        let mut exponents = Vec::with_capacity(classes);
        let mut value = 0.0;
        {
            let (storage, layout) = input.storage_and_layout();
            let numbers = elements::<T>(cpu(&storage)?, layout)?;
            for (row, &label) in numbers.chunks_exact(classes).zip(labels) {
                let (log, sum) = log_sum_exp(row, &mut exponents);
                value += shares.loss(row, label, log);
                if tracked {
                    shares.gradient(&exponents, sum, label, &mut gradient);
                }
            }
        }
        let gradient = match tracked {
            true => Some(Tensor::from_vec(gradient, (n, classes), input.device())?),
            false => None,
        };
        Ok(scalar(input, value, gradient)?)
    }

    /// How much each class counts in this batch: the weights divided by the sum of the labels' weights.
    fn shares(&self, classes: usize, labels: &[usize]) -> Result<Shares> {
        let weight = |class: usize| self.class_weights.as_ref().map_or(1.0, |w| w[class]);
        let total: f64 = labels.iter().map(|&label| weight(label)).sum();
        if total <= 0.0 {
            return Err(Error::Argument(
                "CrossEntropy: веса class_weights всех меток пакета равны 0, и среднее не определено; \
                 возьмите пакет больше или веса больше 0"
                    .into(),
            ));
        }
        let all = |factor: f64| (0..classes).map(|c| factor * weight(c) / total).collect();
        let smooth: Vec<f64> = match self.label_smoothing {
            0.0 => Vec::new(),
            part => all(part / classes as f64),
        };
        let smooth_total = smooth.iter().sum();
        Ok(Shares { sharp: all(1.0 - self.label_smoothing), smooth, smooth_total })
    }
}

/// The two parts of the loss of a row with `q = softmax(z)`:
/// `-sharp[label] ln q[label] - sum over c of smooth[c] ln q[c]`.
struct Shares {
    /// Of each class, when it is the label.
    sharp: Vec<f64>,
    /// Of each class, whatever the label; empty without smoothing.
    smooth: Vec<f64>,
    /// The sum of `smooth`.
    smooth_total: f64,
}

impl Shares {
    /// The loss of a row; `log` is the logarithm of the sum of its exponents.
    fn loss<T: WithDType>(&self, row: &[T], label: usize, log: f64) -> f64 {
        let term =
            |share: f64, logit: T| if share == 0.0 { 0.0 } else { share * (log - logit.to_f64()) };
        let smooth: f64 = self.smooth.iter().zip(row).map(|(share, z)| term(*share, *z)).sum();
        term(self.sharp[label], row[label]) + smooth
    }

    /// Appends the gradient of a row: `(sharp + smooth_total) q - sharp at the label - smooth`.
    fn gradient<T: WithDType>(&self, exponents: &[f64], sum: f64, label: usize, out: &mut Vec<T>) {
        let sharp = self.sharp[label];
        let factor = (sharp + self.smooth_total) / sum;
        let one = |(class, exponent): (usize, &f64)| {
            let smooth = self.smooth.get(class).copied().unwrap_or(0.0);
            let sharp = if class == label { sharp } else { 0.0 };
            T::from_f64(exponent * factor - sharp - smooth)
        };
        out.extend(exponents.iter().enumerate().map(one));
    }
}

#[cfg(test)]
mod tests;
