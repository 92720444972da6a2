//! One pass over the data. Read next: `prefetch.rs`.

use std::sync::Arc;

use candle_core::Device;

use super::dataset::{Batch, Dataset};
use super::loader::LoaderOptions;
use super::prefetch::Prefetch;
use crate::{Error, Result, interrupted};

/// The batches of one epoch, in order; made by a `DataLoader`. It knows how many are left.
///
/// With workers, the next batches are made while this one is used; dropping the iterator stops them.
/// When the student interrupts the cell, the next item is [`Error::Interrupted`] and the epoch ends.
///
/// ```
/// use lab::batches::{DataLoader, LoaderOptions, TensorDataset};
/// use lab::candle_core::{Device, Tensor};
/// let x = Tensor::arange(0f32, 10., &Device::Cpu)?;
/// let options = LoaderOptions { batch_size: 4, ..Default::default() };
/// let loader = DataLoader::new(TensorDataset::new(x.clone(), x)?, options)?;
/// let mut epoch = loader.iter();
/// assert_eq!(epoch.len(), 3);
/// let sizes = epoch.by_ref().map(|batch| Ok(batch?.len())).collect::<lab::Result<Vec<_>>>()?;
/// assert_eq!((sizes, epoch.len()), (vec![4, 4, 2], 0));
/// # Ok::<(), lab::Error>(())
/// ```
pub struct Epoch {
    source: Source,
    left: usize,
    /// Where the batches go; `None` leaves them where they are.
    device: Option<Device>,
}

enum Source {
    Here(Work),
    Ahead(Prefetch),
    /// The workers could not be started.
    Failed(Option<Error>),
}

/// What to do for the batches of an epoch.
pub(super) struct Work {
    dataset: Arc<dyn Dataset>,
    number: u64,
    order: Vec<usize>,
    size: usize,
    next: usize,
}

impl Work {
    /// Makes batch `number`.
    pub(super) fn batch(&self, number: usize) -> Result<Batch> {
        let from = number * self.size;
        let to = (from + self.size).min(self.order.len());
        self.dataset.batch_at(self.number, &self.order[from..to])
    }
}

impl Epoch {
    pub(super) fn new(
        dataset: Arc<dyn Dataset>,
        number: u64,
        order: Vec<usize>,
        batches: usize,
        options: &LoaderOptions,
    ) -> Self {
        let work = Work { dataset, number, order, size: options.batch_size, next: 0 };
        if options.num_workers == 0 {
            return Self::of(Source::Here(work), batches);
        }
        match Prefetch::start(work, batches, options.num_workers) {
            Ok(prefetch) => Self::of(Source::Ahead(prefetch), batches),
            Err(error) => Self::of(Source::Failed(Some(error)), 1),
        }
    }

    fn of(source: Source, left: usize) -> Self {
        Self { source, left, device: None }
    }

    /// With the batches moved to `device`, if there is one.
    pub(super) fn on(self, device: Option<Device>) -> Self {
        Self { device, ..self }
    }

    /// The next item; `interrupted` is asked before a batch is made and while a worker is waited for.
    fn step(&mut self, interrupted: impl Fn() -> bool) -> Option<Result<Batch>> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let item = match &mut self.source {
            _ if interrupted() => Err(Error::Interrupted),
            Source::Here(work) => {
                work.next += 1;
                work.batch(work.next - 1)
            }
            Source::Ahead(prefetch) => prefetch.take(interrupted),
            Source::Failed(error) => Err(error.take()?),
        };
        if matches!(item, Err(Error::Interrupted)) {
            self.left = 0;
        }
        Some(item.and_then(|batch| match &self.device {
            Some(device) => batch.to_device(device),
            None => Ok(batch),
        }))
    }
}

impl Iterator for Epoch {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(interrupted)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Epoch {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{DataLoader, LoaderOptions, Subset, TensorDataset};
    use super::*;
    use candle_core::{Device, Tensor};
    use std::cell::Cell;
    use std::time::{Duration, Instant};

    /// Items that take a minute, in steps, so that a test can end.
    struct Slow(Arc<std::sync::atomic::AtomicBool>);

    impl Dataset for Slow {
        fn len(&self) -> usize {
            4
        }

        fn get(&self, _: usize) -> Result<(Tensor, Tensor)> {
            let until = Instant::now() + Duration::from_secs(60);
            while Instant::now() < until && !self.0.load(std::sync::atomic::Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(1));
            }
            let t = Tensor::new(0u32, &Device::Cpu)?;
            Ok((t.clone(), t))
        }
    }

    #[test]
    fn an_interrupt_comes_once_and_ends_the_epoch() {
        for num_workers in [0, 2] {
            let x = Tensor::arange(0u32, 10, &Device::Cpu).unwrap();
            let options = LoaderOptions { batch_size: 2, num_workers, ..Default::default() };
            let set = TensorDataset::new(x.clone(), x).unwrap();
            let mut epoch = DataLoader::new(set, options).unwrap().iter();
            assert_eq!(epoch.len(), 5);
            assert_eq!(epoch.step(|| false).unwrap().unwrap().len(), 2);
            assert_eq!(epoch.len(), 4);
            assert!(matches!(epoch.step(|| true), Some(Err(Error::Interrupted))));
            assert_eq!(epoch.len(), 0);
            assert!(epoch.step(|| false).is_none());
        }
    }

    #[test]
    fn an_interrupt_does_not_wait_for_a_slow_worker() {
        let release = Arc::default();
        let options = LoaderOptions { batch_size: 2, num_workers: 1, ..Default::default() };
        let mut epoch = DataLoader::new(Slow(Arc::clone(&release)), options).unwrap().iter();
        let (start, asked) = (Instant::now(), Cell::new(0));
        let interrupt = || asked.replace(asked.get() + 1) >= 2;
        assert!(matches!(epoch.step(interrupt), Some(Err(Error::Interrupted))));
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        release.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// The target of each item is the epoch.
    struct Epochs;

    impl Dataset for Epochs {
        fn len(&self) -> usize {
            3
        }

        fn get(&self, _: usize) -> Result<(Tensor, Tensor)> {
            Err(Error::Data("без эпохи".into()))
        }

        fn batch_at(&self, epoch: u64, indices: &[usize]) -> Result<Batch> {
            let y = Tensor::new(vec![epoch as u32; indices.len()], &Device::Cpu)?;
            Ok(Batch { x: y.clone(), y })
        }
    }

    #[test]
    fn the_data_set_hears_the_epoch_also_through_a_part_and_in_workers() {
        for num_workers in [0, 2] {
            let part = Subset::new(Arc::new(Epochs), vec![2, 0]).unwrap();
            let options = LoaderOptions { batch_size: 1, num_workers, ..Default::default() };
            let loader = DataLoader::new(part, options).unwrap();
            let epochs = |epoch: Epoch| -> Vec<u32> {
                epoch.flat_map(|batch| batch.unwrap().y.to_vec1::<u32>().unwrap()).collect()
            };
            assert_eq!((epochs(loader.iter()), epochs(loader.iter())), (vec![0; 2], vec![1; 2]));
            assert_eq!(epochs(loader.epoch(7)), [7, 7]);
        }
    }

    #[test]
    fn workers_that_do_not_start_are_one_error() {
        let source = Source::Failed(Some(Error::Data("мало памяти".into())));
        let mut epoch = Epoch::of(source, 1);
        assert_eq!(epoch.step(|| false).unwrap().unwrap_err().to_string(), "мало памяти");
        assert!(epoch.step(|| false).is_none());
    }
}
