//! Which bars run inside which: the inner bars of a loop share one output.
//!
//! Twenty epochs over a loader make two bars in the notebook, not twenty-one. Read next: `bar.rs`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::output::fresh_name;

/// A running bar.
struct Running {
    name: String,
    /// The output of the bars inside it, once one was there.
    inner: Option<String>,
}

static RUNNING: Mutex<Vec<Running>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<Running>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The place of a bar among the running ones; left when the bar ends.
#[derive(Debug)]
pub(super) struct Seat {
    /// The name of the output.
    pub(super) name: String,
    /// Whether an earlier bar has shown that output.
    pub(super) is_shown: bool,
}

impl Seat {
    /// Enters a bar: inside the innermost running one, or at the top.
    pub(super) fn take() -> Self {
        let mut running = running();
        let earlier = running.last().and_then(|outer| outer.inner.clone());
        let is_shown = earlier.is_some();
        let name = earlier.unwrap_or_else(|| fresh_name("progress"));
        if let Some(outer) = running.last_mut() {
            outer.inner = Some(name.clone());
        }
        running.push(Running { name: name.clone(), inner: None });
        Self { name, is_shown }
    }

    /// Leaves; bars inside that were never finished leave too.
    pub(super) fn leave(&self) {
        let mut running = running();
        if let Some(index) = running.iter().rposition(|bar| bar.name == self.name) {
            running.truncate(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_bars_share_an_output_and_outer_ones_do_not() {
        let outer = Seat::take();
        let first = Seat::take();
        first.leave();
        let second = Seat::take();
        second.leave();
        outer.leave();
        assert_eq!(first.name, second.name);
        assert_ne!(first.name, outer.name);
        assert!(!outer.is_shown && !first.is_shown && second.is_shown);
    }
}
