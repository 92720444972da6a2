//! Places that failed in this run: the other files of a set do not wait for them again.
//!
//! Not here: what counts as unreachable, see `source.rs` and `npm.rs`. Nothing is kept on disk, so the
//! next run tries anew.

use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};

/// Names of places with the reasons.
static KNOWN: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// Fails at once where `place` is known to fail.
///
/// # Errors
/// With the reason that [`remember`] was told.
pub fn check(place: &str) -> Result<()> {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    match known.iter().find(|(name, _)| name == place) {
        Some((_, reason)) => bail!("{reason}"),
        None => Ok(()),
    }
}

/// Keeps why `place` failed.
pub fn remember(place: &str, reason: &str) {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.push((place.to_owned(), reason.to_owned()));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_place_fails_after_it_failed_and_no_other_does() {
        assert!(check("unreachable-test").is_ok());
        remember("unreachable-test", "нет сети");
        assert_eq!(check("unreachable-test").unwrap_err().to_string(), "нет сети");
        assert!(check("unreachable-test-2").is_ok());
    }
}
