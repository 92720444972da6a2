//! One pass over the data. Read next: `prefetch.rs`.

use std::sync::Arc;

use super::dataset::{Batch, Dataset};
use super::loader::LoaderOptions;
use super::prefetch::Prefetch;
use crate::Result;

/// The batches of one epoch, in order; made by a `DataLoader`. It knows how many are left.
///
/// With workers, the next batches are made while this one is used; dropping the iterator stops them.
pub struct Epoch {
    source: Source,
    left: usize,
}

enum Source {
    Here(Work),
    Ahead(Prefetch),
}

/// What to do for the batches of an epoch.
pub(super) struct Work {
    dataset: Arc<dyn Dataset>,
    order: Vec<usize>,
    size: usize,
    next: usize,
}

impl Work {
    /// Makes batch `number`.
    pub(super) fn batch(&self, number: usize) -> Result<Batch> {
        let from = number * self.size;
        let to = (from + self.size).min(self.order.len());
        self.dataset.batch(&self.order[from..to])
    }
}

impl Epoch {
    pub(super) fn new(
        dataset: Arc<dyn Dataset>,
        order: Vec<usize>,
        batches: usize,
        options: &LoaderOptions,
    ) -> Self {
        let work = Work { dataset, order, size: options.batch_size, next: 0 };
        let source = if options.num_workers == 0 {
            Source::Here(work)
        } else {
            Source::Ahead(Prefetch::start(work, batches, options.num_workers))
        };
        Self { source, left: batches }
    }
}

impl Iterator for Epoch {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        match &mut self.source {
            Source::Here(work) => {
                work.next += 1;
                Some(work.batch(work.next - 1))
            }
            Source::Ahead(prefetch) => Some(prefetch.take()),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Epoch {}
