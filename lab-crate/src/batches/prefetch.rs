//! Worker threads that make batches ahead of their use.
//!
//! Worker `k` of `n` makes the batches `k`, `k + n`, `k + 2n`, ... and offers them in a queue of its own;
//! the reader asks the queues in turn. So batches come in order, and each worker is at most
//! [`AHEAD`] batches ahead. Not here: what a batch is (`dataset.rs`).

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::dataset::Batch;
use super::epoch::Work;
use crate::{Error, Result};

/// Finished batches that wait in the queue of a worker (PyTorch's `prefetch_factor`).
const AHEAD: usize = 2;
/// How often a reader that waits for a worker looks for an interrupt.
const LOOK: Duration = Duration::from_millis(20);

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread makes batches ahead. It then leaves the other threads to the training.
pub(crate) fn in_worker() -> bool {
    IS_WORKER.get()
}

/// The workers of one epoch.
pub(super) struct Prefetch {
    queues: Vec<Receiver<Result<Batch>>>,
    workers: Vec<JoinHandle<()>>,
    next: usize,
}

impl Prefetch {
    /// Starts at most `workers` threads for `batches` batches.
    ///
    /// # Errors
    /// The system refuses a thread; those that run are stopped.
    pub(super) fn start(work: Work, batches: usize, workers: usize) -> Result<Self> {
        let work = Arc::new(work);
        let count = workers.min(batches).max(1);
        let mut all = Self { queues: Vec::new(), workers: Vec::new(), next: 0 };
        for first in 0..count {
            let (offer, queue) = sync_channel(AHEAD);
            let work = Arc::clone(&work);
            all.queues.push(queue);
            let worker = Builder::new().name(format!("lab-batches-{first}")).spawn(move || {
                IS_WORKER.set(true);
                for number in (first..batches).step_by(count) {
                    let made = catch_unwind(AssertUnwindSafe(|| work.batch(number)));
                    let made = made.unwrap_or_else(|_| Err(panicked(number)));
                    // Nobody listens any more: the reader has stopped early.
                    if offer.send(made).is_err() {
                        return;
                    }
                }
            });
            all.workers.push(worker.map_err(|error| refused(first, count, &error))?);
        }
        Ok(all)
    }

    /// The next batch in order; waits for its worker, but not longer than until an interrupt.
    ///
    /// # Errors
    /// As making the batch; or `interrupted` was true.
    pub(super) fn take(&mut self, interrupted: impl Fn() -> bool) -> Result<Batch> {
        let number = self.next;
        self.next += 1;
        let queue = &self.queues[number % self.queues.len()];
        loop {
            match queue.recv_timeout(LOOK) {
                Ok(made) => return made,
                Err(RecvTimeoutError::Disconnected) => return Err(panicked(number)),
                Err(RecvTimeoutError::Timeout) if interrupted() => return Err(Error::Interrupted),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Drop for Prefetch {
    fn drop(&mut self) {
        // Without its queue a worker that offers a batch ends.
        self.queues.clear();
        for worker in self.workers.drain(..) {
            // A panic was told at the place of its batch.
            worker.join().ok();
        }
    }
}

fn refused(started: usize, wanted: usize, error: &std::io::Error) -> Error {
    Error::Data(format!(
        "DataLoader: запустилось потоков {started} из {wanted}, дальше система отказала ({error}); \
         уменьшите num_workers"
    ))
}

fn panicked(number: usize) -> Error {
    Error::Data(format!(
        "пакет {number}: набор данных запаниковал в рабочем потоке; повторите с num_workers: 0, \
         чтобы увидеть его сообщение"
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{DataLoader, Dataset, LoaderOptions};
    use super::*;
    use candle_core::{Device, Tensor};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    /// Items that take longer the smaller their index, one that is bad, one that panics.
    struct Odd(Arc<AtomicUsize>);

    impl Dataset for Odd {
        fn len(&self) -> usize {
            40
        }

        fn get(&self, index: usize) -> Result<(Tensor, Tensor)> {
            self.0.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_micros(10 * (40 - index as u64)));
            match index {
                7 => Err(Error::Data("файл 7 не читается".into())),
                11 => panic!("item 11"),
                _ => {
                    let t = Tensor::new(index as u32, &Device::Cpu)?;
                    Ok((t.clone(), t))
                }
            }
        }
    }

    fn loader(made: &Arc<AtomicUsize>, num_workers: usize) -> DataLoader {
        let options = LoaderOptions { batch_size: 2, num_workers, ..Default::default() };
        DataLoader::new(Odd(Arc::clone(made)), options).unwrap()
    }

    #[test]
    fn batches_come_in_order_with_errors_and_panics_at_their_places() {
        for workers in [1, 2, 5, 100] {
            let batches: Vec<_> = loader(&Arc::default(), workers).iter().collect();
            assert_eq!(batches.len(), 20);
            for (i, batch) in batches.into_iter().enumerate() {
                match (i, batch) {
                    (3, Err(error)) => assert_eq!(error.to_string(), "файл 7 не читается"),
                    (5, Err(error)) => assert!(error.to_string().starts_with("пакет 5: набор")),
                    (_, batch) => {
                        let right = [2 * i as u32, 2 * i as u32 + 1];
                        assert_eq!(batch.unwrap().y.to_vec1::<u32>().unwrap(), right);
                    }
                }
            }
        }
    }

    #[test]
    fn stopping_early_ends_the_workers_and_they_are_never_far_ahead() {
        let made = Arc::new(AtomicUsize::new(0));
        let loader = loader(&made, 2);
        let mut epoch = loader.iter();
        epoch.next().unwrap().unwrap();
        drop(epoch);
        let after = made.load(Ordering::Relaxed);
        // Taken, waiting and in the making, two items each; joined, so that the number stays.
        assert!(after <= 2 * (1 + 2 * (AHEAD + 1)), "{after}");
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(made.load(Ordering::Relaxed), after);
    }
}
