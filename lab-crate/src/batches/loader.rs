//! Cuts a data set into batches. Not here: who makes them (`epoch.rs`, `prefetch.rs`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use candle_core::Device;

use super::dataset::Dataset;
use super::epoch::Epoch;
use crate::{Error, Result, Rng};

/// How a [`DataLoader`] cuts: the options of `torch.utils.data.DataLoader`.
///
/// ```
/// use lab::batches::LoaderOptions;
/// let options = LoaderOptions { shuffle: true, ..Default::default() };
/// assert_eq!((options.batch_size, options.num_workers), (32, 0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LoaderOptions {
    /// Examples in a batch, at least 1.
    pub batch_size: usize,
    /// Whether each epoch has an order of its own; for training yes, for validation no.
    pub shuffle: bool,
    /// Whether a short last batch is left out.
    pub drop_last: bool,
    /// Threads that make batches ahead; 0 makes each batch when it is asked for.
    pub num_workers: usize,
    /// Decides the orders, together with the number of the epoch.
    pub seed: u64,
}

impl Default for LoaderOptions {
    fn default() -> Self {
        // The lab's batch size; no batch is lost; tensors in memory need no workers.
        Self { batch_size: 32, shuffle: false, drop_last: false, num_workers: 0, seed: 0 }
    }
}

/// The batches of a data set, epoch after epoch.
///
/// The order of an epoch follows from the seed and the number of the epoch alone: a loader made
/// again gives the same batches again, with any number of workers.
///
/// ```
/// use lab::batches::{DataLoader, LoaderOptions, TensorDataset};
/// use lab::candle_core::{Device, Tensor};
/// let x = Tensor::arange(0f32, 10., &Device::Cpu)?;
/// let set = TensorDataset::new(x.clone(), x)?;
/// let options = LoaderOptions { batch_size: 4, shuffle: true, ..Default::default() };
/// let loader = DataLoader::new(set, options)?;
/// assert_eq!(loader.len(), 3);
/// for batch in loader.iter() {
///     assert!(batch?.len() <= 4);
/// }
/// # Ok::<(), lab::Error>(())
/// ```
pub struct DataLoader {
    dataset: Arc<dyn Dataset>,
    options: LoaderOptions,
    device: Option<Device>,
    epoch: AtomicU64,
}

impl DataLoader {
    /// A loader of `dataset`.
    ///
    /// # Errors
    /// The data set is empty, `batch_size` is 0, or `drop_last` leaves no batch.
    pub fn new(dataset: impl Dataset + 'static, options: LoaderOptions) -> Result<Self> {
        let (items, batch_size) = (dataset.len(), options.batch_size);
        if items == 0 {
            return Err(Error::Argument("DataLoader: набор пуст, делить нечего".into()));
        }
        if batch_size == 0 {
            return Err(Error::Argument(
                "DataLoader: batch_size = 0, а нужно число от 1; обычно 32".into(),
            ));
        }
        if options.drop_last && items < batch_size {
            return Err(Error::Argument(format!(
                "DataLoader: в наборе {items} элементов, batch_size = {batch_size} и drop_last: не \
                 остаётся ни одного пакета; уменьшите batch_size или уберите drop_last"
            )));
        }
        let dataset = Arc::new(dataset);
        Ok(Self { dataset, options, device: None, epoch: AtomicU64::new(0) })
    }

    /// The loader whose batches come to `device`, where the model is (as `DataLoaders.to` of fastai; in a loop of PyTorch
    /// one writes `x.to(device)`). Without it they stay where the data set has its tensors.
    ///
    /// ```
    /// use lab::prelude::*;
    /// let (x, dev) = (Tensor::arange(0f32, 10., &Device::Cpu)?, device()?);
    /// let set = TensorDataset::new(x.clone(), x)?;
    /// let loader = DataLoader::new(set, LoaderOptions::default())?.to_device(&dev);
    /// for batch in &loader {
    ///     assert!(batch?.x.device().same_device(&dev));
    /// }
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn to_device(mut self, device: &Device) -> Self {
        self.device = Some(device.clone());
        self
    }

    /// The number of batches in an epoch.
    pub fn len(&self) -> usize {
        let (items, size) = (self.dataset.len(), self.options.batch_size);
        if self.options.drop_last { items / size } else { items.div_ceil(size) }
    }

    /// Never: an empty data set is refused.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of items in the data set.
    pub fn dataset_len(&self) -> usize {
        self.dataset.len()
    }

    /// The options.
    pub fn options(&self) -> &LoaderOptions {
        &self.options
    }

    /// The batches of the next epoch: 0 at the first call, 1 at the second, ...
    pub fn iter(&self) -> Epoch {
        self.epoch(self.epoch.fetch_add(1, Ordering::Relaxed))
    }

    /// Makes `epoch` the one that the next call of [`DataLoader::iter`] gives.
    ///
    /// ```
    /// use lab::batches::{DataLoader, LoaderOptions, TensorDataset};
    /// use lab::candle_core::{Device, Tensor};
    /// let x = Tensor::arange(0f32, 10., &Device::Cpu)?;
    /// let options = LoaderOptions { batch_size: 10, shuffle: true, ..Default::default() };
    /// let loader = DataLoader::new(TensorDataset::new(x.clone(), x)?, options)?;
    /// let first = |epoch: lab::batches::Epoch| -> lab::Result<Vec<f32>> {
    ///     Ok(epoch.map(|batch| Ok(batch?.x.to_vec1()?)).collect::<lab::Result<Vec<_>>>()?.concat())
    /// };
    /// let (zero, one) = (first(loader.iter())?, first(loader.iter())?);
    /// assert_ne!(zero, one); // each epoch has an order of its own
    /// loader.set_epoch(0); // the training begins anew
    /// assert_eq!(first(loader.iter())?, zero);
    /// assert_eq!(first(loader.epoch(1))?, one); // any epoch, without counting
    /// assert_eq!((loader.dataset_len(), loader.is_empty(), loader.options().batch_size), (10, false, 10));
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn set_epoch(&self, epoch: u64) {
        self.epoch.store(epoch, Ordering::Relaxed);
    }

    /// The batches of epoch `epoch`.
    pub fn epoch(&self, epoch: u64) -> Epoch {
        let items = self.dataset.len();
        let order = if self.options.shuffle {
            // An odd constant (that of the golden ratio) keeps the seeds of the epochs apart.
            let seed = self.options.seed.wrapping_add(epoch.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            Rng::seed(seed).permutation(items)
        } else {
            (0..items).collect()
        };
        let (dataset, device) = (Arc::clone(&self.dataset), self.device.clone());
        Epoch::new(dataset, epoch, order, self.len(), &self.options).on(device)
    }
}

impl IntoIterator for &DataLoader {
    type Item = Result<super::Batch>;
    type IntoIter = Epoch;

    fn into_iter(self) -> Epoch {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::TensorDataset;
    use super::*;
    use candle_core::{Device, Tensor};

    fn loader(items: u32, options: LoaderOptions) -> DataLoader {
        let x = Tensor::arange(0, items, &Device::Cpu).unwrap();
        DataLoader::new(TensorDataset::new(x.clone(), x).unwrap(), options).unwrap()
    }

    fn seen(epoch: Epoch) -> Vec<Vec<u32>> {
        epoch.map(|batch| batch.unwrap().y.to_vec1().unwrap()).collect()
    }

    #[test]
    fn every_item_comes_once_and_the_short_batch_is_kept_or_dropped() {
        let mut rng = Rng::seed(9);
        for _ in 0..60 {
            let (items, batch_size) = (1 + rng.below(40), 1 + rng.below(12));
            let (shuffle, workers) = (rng.below(2) == 0, rng.below(3));
            let options =
                LoaderOptions { batch_size, shuffle, num_workers: workers, ..Default::default() };
            let batches = seen(loader(items as u32, options.clone()).iter());
            assert!(batches.iter().rev().skip(1).all(|batch| batch.len() == batch_size));
            let mut all: Vec<u32> = batches.concat();
            if !shuffle {
                assert!(all.is_sorted());
            }
            all.sort_unstable();
            assert_eq!(all, (0..items as u32).collect::<Vec<_>>(), "{options:?}");
            if items >= batch_size {
                let whole = loader(items as u32, LoaderOptions { drop_last: true, ..options });
                let batches = seen(whole.iter());
                assert_eq!(batches.len(), whole.len());
                assert!(batches.iter().all(|batch| batch.len() == batch_size));
            }
        }
    }

    #[test]
    fn epochs_differ_and_repeat_from_the_seed_with_any_workers() {
        let options = LoaderOptions { batch_size: 8, shuffle: true, seed: 5, ..Default::default() };
        let first = loader(50, options.clone());
        let (one, two) = (seen(first.iter()), seen(first.iter()));
        assert_ne!(one, two);
        let again = loader(50, LoaderOptions { num_workers: 3, ..options.clone() });
        assert_eq!((seen(again.iter()), seen(again.iter())), (one.clone(), two));
        again.set_epoch(0);
        assert_eq!(seen(again.into_iter()), one);
        assert_ne!(seen(loader(50, LoaderOptions { seed: 6, ..options }).iter()), one);
    }

    #[test]
    fn bad_options_are_told() {
        let x = Tensor::arange(0u32, 3, &Device::Cpu).unwrap();
        let set = TensorDataset::new(x.clone(), x).unwrap();
        let error = |batch_size, drop_last| {
            let options = LoaderOptions { batch_size, drop_last, ..Default::default() };
            DataLoader::new(set.clone(), options).err().unwrap().to_string()
        };
        assert!(error(0, false).contains("batch_size = 0"));
        assert!(error(4, true).contains("в наборе 3 элементов, batch_size = 4"));
    }
}
