//! Work whose pieces bring their own part of a result, handed to the threads of `pool.rs`.
//!
//! Not here: how the work is cut; that is each operation's, by its shapes only. Read next: `pool.rs`.

use std::sync::{Mutex, PoisonError};

use super::pool;

/// Calls `piece(work)` once for every item of `work`, on the threads of `pool::for_each`.
pub(crate) fn hand_out<W: Send>(work: Vec<W>, piece: &(dyn Fn(W) + Sync)) {
    let work: Vec<Mutex<Option<W>>> = work.into_iter().map(|item| Mutex::new(Some(item))).collect();
    pool::for_each(work.len(), &|i| {
        // Every item is taken once; the lock only hands it over to the thread.
        if let Some(item) = work[i].lock().unwrap_or_else(PoisonError::into_inner).take() {
            piece(item);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_handed_out_once() {
        let mut numbers = vec![0usize; 1000];
        let work: Vec<_> = numbers.chunks_mut(7).enumerate().collect();
        hand_out(work, &|(i, chunk)| chunk.iter_mut().for_each(|n| *n += i));
        assert!(numbers.iter().enumerate().all(|(i, n)| *n == i / 7));
        hand_out(Vec::<usize>::new(), &|_| unreachable!("there is no work"));
    }
}
