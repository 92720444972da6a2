//! How many threads one operation on tensors uses.
//!
//! The number changes the speed only: work is cut into pieces whose size does not depend on it, so
//! results are the same to the last bit. Not here: the threads (`ops/pool.rs`). The variable
//! `RAYON_NUM_THREADS` is candle's, not ours: candle is fastest with 1. Read next: `ops/pool.rs`.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Error, Result};

/// The environment variable that bounds the number of threads.
const VARIABLE: &str = "LAB_NUM_THREADS";

/// The number in use; 0 means that nobody asked yet.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// The number of threads that one operation uses, at least 1 (as `torch.get_num_threads`).
///
/// At first: the number of available cores, but not more than the variable `LAB_NUM_THREADS`.
///
/// ```
/// assert!(lab::num_threads() >= 1);
/// ```
pub fn num_threads() -> usize {
    let known = THREADS.load(Ordering::Relaxed);
    if known > 0 {
        return known;
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let first = at_first(cores, std::env::var(VARIABLE).ok().as_deref());
    // Another thread may have chosen meanwhile; its choice stays.
    match THREADS.compare_exchange(0, first, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => first,
        Err(chosen) => chosen,
    }
}

/// Sets the number of threads that one operation uses (as `torch.set_num_threads`).
///
/// # Errors
/// `n` is 0.
///
/// ```
/// lab::set_num_threads(1)?;
/// assert_eq!(lab::num_threads(), 1);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn set_num_threads(n: usize) -> Result<()> {
    if n == 0 {
        return Err(Error::Argument(
            "set_num_threads: дано n = 0, а нужно число потоков от 1; один поток: set_num_threads(1)"
                .into(),
        ));
    }
    THREADS.store(n, Ordering::Relaxed);
    Ok(())
}

/// The number of threads for `cores` cores and the value of the variable.
fn at_first(cores: usize, bound: Option<&str>) -> usize {
    let bound = bound.and_then(|text| text.trim().parse().ok()).filter(|&n: &usize| n > 0);
    cores.min(bound.unwrap_or(cores)).max(1)
}

/// Held by tests that set the number of threads.
#[cfg(test)]
pub(crate) static TESTS: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_variable_bounds_the_cores() {
        assert_eq!(at_first(8, None), 8);
        assert_eq!(at_first(8, Some("2")), 2);
        assert_eq!(at_first(2, Some(" 16 ")), 2);
        assert_eq!(at_first(4, Some("0")), 4);
        assert_eq!(at_first(4, Some("много")), 4);
    }

    #[test]
    fn no_threads_is_an_error() {
        let error = set_num_threads(0).unwrap_err().to_string();
        assert!(error.contains("n = 0"), "{error}");
        assert!(num_threads() >= 1);
    }
}
