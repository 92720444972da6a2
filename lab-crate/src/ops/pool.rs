//! The threads that share the pieces of one operation.
//!
//! The caller cuts the work into pieces that do not depend on the number of threads; who does a
//! piece is chance, what it gives is not. A training step has hundreds of operations of which many are shorter than
//! it takes to wake a sleeping thread, so who waits looks around for a while before it sleeps. Not here: how many
//! threads (`threads.rs`), candle's own threads. Read next: `gemm.rs`, the main user.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// The helpers of the calling thread, made for some number of threads.
static HELPERS: Mutex<Option<(usize, Arc<ThreadPool>)>> = Mutex::new(None);

/// How many operations have been handed to helpers so far.
static OPERATIONS: AtomicUsize = AtomicUsize::new(0);

/// So long a thread looks around before it sleeps: a few times what waking it costs, and too short to be felt by
/// other programs.
const LOOK: Duration = Duration::from_micros(50);

/// Runs `piece(0)`, ..., `piece(count - 1)`, each once, on `num_threads()` threads; returns when all
/// are done. The caller is one of the threads. With one thread the order is 0, 1, 2, ...
pub(crate) fn for_each(count: usize, piece: &(dyn Fn(usize) + Sync)) {
    let threads = crate::num_threads().min(count);
    let Some(helpers) = (threads > 1).then(helpers).flatten() else {
        return (0..count).for_each(piece);
    };
    let next = AtomicUsize::new(0);
    let take = || {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= count {
                break;
            }
            piece(i);
        }
    };
    // Helpers that look around see that there is work.
    let operation = OPERATIONS.fetch_add(1, Ordering::Relaxed) + 1;
    let at_work = AtomicUsize::new(threads - 1);
    helpers.in_place_scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|_| {
                take();
                at_work.fetch_sub(1, Ordering::Relaxed);
            });
        }
        take();
        // The scope would sleep until the helpers are done.
        look_until(|| at_work.load(Ordering::Relaxed) == 0);
    });
    for _ in 1..threads {
        helpers.spawn(move || look_until(|| OPERATIONS.load(Ordering::Relaxed) != operation));
    }
}

/// Looks whether `seen` holds, but not for long.
fn look_until(seen: impl Fn() -> bool) {
    let start = Instant::now();
    while !seen() && start.elapsed() < LOOK {
        (0..16).for_each(|_| std::hint::spin_loop());
    }
}

/// The helpers for the present number of threads; `None` when the system gives no threads.
fn helpers() -> Option<Arc<ThreadPool>> {
    let wanted = crate::num_threads().saturating_sub(1).max(1);
    let mut kept = HELPERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((size, pool)) = kept.as_ref()
        && *size == wanted
    {
        return Some(Arc::clone(pool));
    }
    let name = |i| format!("lab-{i}");
    let pool = ThreadPoolBuilder::new().num_threads(wanted).thread_name(name).build().ok()?;
    let pool = Arc::new(pool);
    *kept = Some((wanted, Arc::clone(&pool)));
    Some(pool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_done_once_with_any_number_of_threads() {
        let _alone = crate::threads::TESTS.lock().unwrap_or_else(PoisonError::into_inner);
        let before = crate::num_threads();
        for threads in [1, 2, 5] {
            assert!(crate::set_num_threads(threads).is_ok());
            for count in [0usize, 1, 2, 100] {
                let done: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
                for_each(count, &|i| {
                    done[i].fetch_add(1, Ordering::Relaxed);
                });
                assert!(done.iter().all(|n| n.load(Ordering::Relaxed) == 1), "{threads} {count}");
            }
        }
        assert!(crate::set_num_threads(before).is_ok());
    }

    #[test]
    fn pieces_may_have_pieces() {
        let total = AtomicUsize::new(0);
        for_each(4, &|_| {
            for_each(4, &|_| {
                total.fetch_add(1, Ordering::Relaxed);
            });
        });
        assert_eq!(total.into_inner(), 16);
    }
}
