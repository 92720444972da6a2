//! What batches are made of. Read next: `tensors.rs`, the usual implementation.

use candle_core::Tensor;

use crate::{Error, Result};

/// Some examples with their targets: `x` is `(N, ...)`, `y` is `(N)` or `(N, ...)`.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The examples.
    pub x: Tensor,
    /// The targets.
    pub y: Tensor,
}

impl Batch {
    /// The number of examples `N`.
    pub fn len(&self) -> usize {
        self.x.dims().first().copied().unwrap_or(0)
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A data set with a length whose items are had by index (as `torch.utils.data.Dataset`).
///
/// Worker threads share it, so an item that needs randomness draws it from its index and a seed.
pub trait Dataset: Send + Sync {
    /// The number of items.
    fn len(&self) -> usize;

    /// Item `index`, in `0..len()`: an example and its target, without a batch dimension.
    ///
    /// # Errors
    /// The item cannot be read, or there is none of that index.
    fn get(&self, index: usize) -> Result<(Tensor, Tensor)>;

    /// Whether there are no items.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The items of `indices` in that order, stacked along a new first dimension.
    ///
    /// # Errors
    /// As for [`Dataset::get`]; or the shapes of the items differ.
    fn batch(&self, indices: &[usize]) -> Result<Batch> {
        let items: Vec<_> = indices.iter().map(|&i| self.get(i)).collect::<Result<_>>()?;
        let (x, y): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        if let Some(place) = x.iter().position(|item| item.dims() != x[0].dims()) {
            return Err(Error::Argument(format!(
                "элементы {} и {} разной формы, {:?} и {:?}: в один пакет они не соберутся; \
                 приведите их к одному размеру",
                indices[0],
                indices[place],
                x[0].dims(),
                x[place].dims()
            )));
        }
        Ok(Batch { x: Tensor::stack(&x, 0)?.detach(), y: Tensor::stack(&y, 0)?.detach() })
    }
}

/// The error for an index outside of a data set of `len` items.
pub(super) fn outside(index: usize, len: usize) -> Error {
    Error::Argument(format!("нет элемента {index}: в наборе их {len}, номера от 0"))
}
