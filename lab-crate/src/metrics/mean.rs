//! A mean that grows with the examples. Read next: `accuracy.rs`.

/// The mean over examples of values that come batch by batch, each weighted with its examples.
///
/// ```
/// let mut loss = lab::metrics::Mean::default();
/// loss.add(1.0, 32);
/// loss.add(4.0, 16); // a short last batch
/// assert_eq!((loss.value(), loss.count()), (Some(2.0), 48));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    /// Adds the mean `value` of a batch of `examples` examples.
    pub fn add(&mut self, value: f64, examples: usize) {
        if examples > 0 {
            self.sum += value * examples as f64;
            self.count += examples;
        }
    }

    /// The mean so far; `None` before the first example.
    pub fn value(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// The number of examples so far.
    pub fn count(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_no_mean_and_an_empty_batch_adds_nothing() {
        let mut mean = Mean::default();
        assert_eq!(mean.value(), None);
        mean.add(f64::NAN, 0);
        assert_eq!((mean.value(), mean.count()), (None, 0));
        mean.add(3.0, 1);
        assert_eq!(mean.value(), Some(3.0));
        mean.add(f64::NAN, 1);
        assert!(mean.value().is_some_and(f64::is_nan), "a broken loss is not hidden");
    }
}
