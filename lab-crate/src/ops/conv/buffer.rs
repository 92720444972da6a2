//! Memory that a thread keeps between operations: a fresh page costs more than the arithmetic on it.

use std::ops::{Deref, DerefMut};

use super::real::Real;

/// `len` numbers of any value, given back to the thread that drops it.
pub(super) struct Buffer<T: Real> {
    numbers: Vec<T>,
    len: usize,
}

/// At most this many buffers wait in a thread.
const MAX_SPARES: usize = 8;

impl<T: Real> Buffer<T> {
    /// A buffer of `len` numbers, left over from whoever had it before.
    pub(super) fn new(len: usize) -> Self {
        let fitting = T::with_spares(|spares| {
            let sizes = spares.iter().enumerate().map(|(i, v)| (v.len(), i));
            let best = sizes.clone().filter(|(size, _)| *size >= len).min().or(sizes.max());
            best.map(|(_, i)| spares.swap_remove(i))
        });
        let numbers = match fitting {
            Some(numbers) if numbers.len() >= len => numbers,
            _ => vec![T::zero(); len],
        };
        Self { numbers, len }
    }
}

impl<T: Real> Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.numbers[..self.len]
    }
}

impl<T: Real> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.numbers[..self.len]
    }
}

impl<T: Real> Drop for Buffer<T> {
    fn drop(&mut self) {
        let numbers = std::mem::take(&mut self.numbers);
        T::with_spares(|spares| {
            if spares.len() < MAX_SPARES {
                spares.push(numbers);
            }
        });
    }
}
