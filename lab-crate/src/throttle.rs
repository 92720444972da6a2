//! At most one message in a while: what live figures and progress bars share.
//!
//! The clock is an argument, so that tests need not wait. Read next: `plot/live.rs`, `progress/bar.rs`.

use std::time::{Duration, Instant};

/// Lets one message through in each period; the first always passes.
#[derive(Clone, Debug)]
pub(crate) struct Throttle {
    every: Duration,
    last: Option<Instant>,
}

impl Throttle {
    /// A throttle that lets one message through in `every`.
    pub(crate) fn new(every: Duration) -> Self {
        Self { every, last: None }
    }

    /// Whether a message may pass at `now`.
    pub(crate) fn is_ready(&self, now: Instant) -> bool {
        self.last.is_none_or(|last| now.saturating_duration_since(last) >= self.every)
    }

    /// Notes that a message passed at `now`.
    pub(crate) fn passed(&mut self, now: Instant) {
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_messages_in_a_second_become_five() {
        let mut throttle = Throttle::new(Duration::from_millis(200));
        let start = Instant::now();
        let mut passed = 0;
        for ms in 0..1000 {
            let now = start + Duration::from_millis(ms);
            if throttle.is_ready(now) {
                throttle.passed(now);
                passed += 1;
            }
        }
        assert_eq!(passed, 5);
    }
}
