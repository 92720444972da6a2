//! Arrays of zeros, cleared by all threads: the results of operations are made by the dozen in a training step.
//!
//! With `unsafe` for the end of an array that is not written yet. Not here: arrays that a thread keeps (`conv/buffer.rs`).

#![allow(unsafe_code, reason = "safe Rust clears a new array on one thread only")]

use candle_core::WithDType;

use super::pieces::hand_out;

/// An array is cleared in pieces of this many numbers.
const PIECE: usize = 1 << 16;

/// `len` zeros.
pub(crate) fn zeros<T: WithDType>(len: usize) -> Vec<T> {
    if len < 2 * PIECE {
        return vec![T::zero(); len];
    }
    let mut numbers = Vec::with_capacity(len);
    let spare = &mut numbers.spare_capacity_mut()[..len];
    hand_out(spare.chunks_mut(PIECE).collect(), &|piece| {
        for number in piece {
            number.write(T::zero());
        }
    });
    // SAFETY: there is room for `len` numbers, and the loop above has written each of them.
    unsafe { numbers.set_len(len) };
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_zero_at_every_length() {
        for len in [0, 1, PIECE, 2 * PIECE - 1, 2 * PIECE, 2 * PIECE + 1, 5 * PIECE + 7] {
            // What lay there before is not seen.
            drop(vec![7f32; len]);
            let numbers = zeros::<f32>(len);
            assert_eq!(numbers.len(), len);
            assert!(numbers.iter().all(|n| n.to_bits() == 0));
        }
    }
}
