//! Parts of a data set. Read next: `loader.rs`.

use std::sync::Arc;

use candle_core::Tensor;

use super::dataset::{Batch, Dataset, outside};
use crate::{Error, Result, Rng};

/// Some items of a data set, in an order of their own (as `torch.utils.data.Subset`). Nothing is copied.
///
/// ```
/// use std::sync::Arc;
/// use lab::batches::{Dataset, Subset, TensorDataset};
/// use lab::candle_core::{Device, Tensor};
/// let x = Tensor::arange(0f32, 10., &Device::Cpu)?;
/// let whole: Arc<dyn Dataset> = Arc::new(TensorDataset::new(x.clone(), x)?);
/// let part = Subset::new(Arc::clone(&whole), vec![9, 0])?;
/// assert_eq!((part.len(), part.indices()), (2, &[9, 0][..]));
/// assert_eq!(part.batch(&[0, 1])?.x.to_vec1::<f32>()?, [9.0, 0.0]);
/// assert!(Subset::new(whole, vec![10]).is_err()); // there are 10 items, the last one is 9
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone)]
pub struct Subset {
    whole: Arc<dyn Dataset>,
    indices: Vec<usize>,
}

impl Subset {
    /// The items `indices` of `whole`.
    ///
    /// # Errors
    /// There is no item of one of the indices.
    pub fn new(whole: Arc<dyn Dataset>, indices: Vec<usize>) -> Result<Self> {
        match indices.iter().find(|&&index| index >= whole.len()) {
            Some(&index) => Err(outside(index, whole.len())),
            None => Ok(Self { whole, indices }),
        }
    }

    /// The indices in the whole.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    fn place(&self, index: usize) -> Result<usize> {
        self.indices.get(index).copied().ok_or_else(|| outside(index, self.indices.len()))
    }

    fn places(&self, indices: &[usize]) -> Result<Vec<usize>> {
        indices.iter().map(|&index| self.place(index)).collect()
    }
}

impl Dataset for Subset {
    fn len(&self) -> usize {
        self.indices.len()
    }

    fn get(&self, index: usize) -> Result<(Tensor, Tensor)> {
        self.whole.get(self.place(index)?)
    }

    fn batch(&self, indices: &[usize]) -> Result<Batch> {
        self.whole.batch(&self.places(indices)?)
    }

    fn batch_at(&self, epoch: u64, indices: &[usize]) -> Result<Batch> {
        self.whole.batch_at(epoch, &self.places(indices)?)
    }
}

/// Deals the items out at random into parts of the given lengths (as `torch.utils.data.random_split`);
/// the same seed deals the same way.
///
/// # Errors
/// The lengths do not add up to the length of the data set.
///
/// ```
/// use lab::batches::{Dataset, TensorDataset, random_split};
/// use lab::candle_core::{Device, Tensor};
/// let x = Tensor::arange(0f32, 10., &Device::Cpu)?;
/// let parts = random_split(TensorDataset::new(x.clone(), x)?, &[7, 3], 42)?;
/// assert_eq!((parts[0].len(), parts[1].len()), (7, 3));
/// # Ok::<(), lab::Error>(())
/// ```
pub fn random_split(
    whole: impl Dataset + 'static,
    lengths: &[usize],
    seed: u64,
) -> Result<Vec<Subset>> {
    let total = whole.len();
    let sum = lengths.iter().try_fold(0usize, |sum, &length| sum.checked_add(length));
    if sum != Some(total) {
        let sum = sum.map_or("слишком много".to_owned(), |sum| sum.to_string());
        return Err(Error::Argument(format!(
            "random_split: части {lengths:?} в сумме дают {sum}, а в наборе {total} элементов"
        )));
    }
    let whole: Arc<dyn Dataset> = Arc::new(whole);
    let order = Rng::seed(seed).permutation(total);
    let mut rest = order.as_slice();
    let mut parts = Vec::with_capacity(lengths.len());
    for &length in lengths {
        let (part, more) = rest.split_at(length);
        parts.push(Subset { whole: Arc::clone(&whole), indices: part.to_vec() });
        rest = more;
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::TensorDataset;
    use super::*;
    use candle_core::Device;

    fn numbers(n: u32) -> TensorDataset {
        let x = Tensor::arange(0, n, &Device::Cpu).unwrap();
        TensorDataset::new(x.clone(), x).unwrap()
    }

    #[test]
    fn every_item_goes_to_one_part_and_the_seed_decides() {
        let parts = random_split(numbers(10), &[6, 0, 4], 1).unwrap();
        let mut all: Vec<usize> = parts.iter().flat_map(|part| part.indices().to_vec()).collect();
        let again = random_split(numbers(10), &[6, 0, 4], 1).unwrap();
        assert_eq!(parts[0].indices(), again[0].indices());
        assert_ne!(parts[0].indices(), random_split(numbers(10), &[6, 4], 2).unwrap()[0].indices());
        let batch = parts[2].batch(&[3, 0]).unwrap().y.to_vec1::<u32>().unwrap();
        assert_eq!(batch, [parts[2].indices()[3] as u32, parts[2].indices()[0] as u32]);
        all.sort_unstable();
        assert_eq!(all, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn wrong_lengths_and_indices_are_told() {
        let error = random_split(numbers(10), &[6, 5], 1).err().unwrap().to_string();
        assert!(error.contains("[6, 5] в сумме дают 11, а в наборе 10"), "{error}");
        let error = random_split(numbers(10), &[usize::MAX, 11], 1).err().unwrap().to_string();
        assert!(error.contains("в сумме дают слишком много, а в наборе 10"), "{error}");
        let subset = Subset::new(Arc::new(numbers(3)), vec![2, 0]).unwrap();
        assert!(subset.get(2).err().unwrap().to_string().contains("нет элемента 2: в наборе их 2"));
        assert!(Subset::new(Arc::new(numbers(3)), vec![3]).is_err());
    }
}
