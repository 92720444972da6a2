//! The signatures of the messages that came, by which one that comes again is known.
//!
//! Not here: whether a signature is right, see `message.rs`.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// How many are remembered, as many as Jupyter's own kernels do.
const KEPT: usize = 1 << 16;

/// The last [`KEPT`] signatures of all channels of a kernel; copies share them.
///
/// A signature is an HMAC over the header, and a client gives every header an id of its own, so no two
/// messages have the same one: only a message that was recorded and sent again does. None is refused by its
/// date (the clocks of a browser and a server may differ, and jump) nor by its number (the protocol has none).
///
/// What this bounds. Memory: 3.2 MiB at most, however long the session is. A message is refused until 65 536
/// others with right signatures have come after it, more than a day of work makes; what only somebody without
/// the key sends takes no place. After that, and in a kernel that was restarted (Jupyter gives it the same
/// key), the message would be taken once more. A recorder must be able to read the loopback interface, as
/// only root is.
#[derive(Clone, Default)]
pub struct Signatures(Arc<Mutex<Memory>>);

#[derive(Default)]
struct Memory {
    known: HashSet<u128>,
    /// The same, oldest first.
    order: VecDeque<u128>,
}

impl Signatures {
    /// Remembers a right signature; whether it is here for the first time.
    pub fn is_new(&self, signature: u128) -> bool {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let memory = &mut *memory;
        if !memory.known.insert(signature) {
            return false;
        }
        if memory.order.len() == KEPT
            && let Some(oldest) = memory.order.pop_front()
        {
            memory.known.remove(&oldest);
        }
        memory.order.push_back(signature);
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_came_is_known_on_every_channel() {
        let shell = Signatures::default();
        let control = shell.clone();
        assert!(shell.is_new(1));
        assert!(!control.is_new(1));
        assert!(control.is_new(2));
        assert!(!shell.is_new(2));
    }

    #[test]
    fn a_long_session_forgets_the_oldest_and_stays_small() {
        let signatures = Signatures::default();
        let many = 3 * KEPT as u128;
        assert!((0..many).all(|signature| signatures.is_new(signature)));
        let kept = many - KEPT as u128;
        assert!((kept..many).all(|signature| !signatures.is_new(signature)), "the last are known");
        let memory = signatures.0.lock().unwrap();
        assert_eq!((memory.known.len(), memory.order.len()), (KEPT, KEPT));
        // What the collections hold, in bytes: a set has a byte beside each of its 8/7 times as many places.
        let set = (memory.known.capacity() * 8 / 7).next_power_of_two() * 17;
        let bytes = set + memory.order.capacity() * 16;
        assert!(bytes <= 3200 << 10, "{bytes}");
        drop(memory);
        assert!(signatures.is_new(kept - 1), "an older one is not");
    }
}
