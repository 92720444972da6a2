//! What batches are made of. Read next: `tensors.rs`, the usual implementation.

use candle_core::{Device, Tensor};

use crate::{Error, Result};

/// Some examples with their targets: `x` is `(N, ...)`, `y` is `(N)` or `(N, ...)`.
///
/// ```
/// use lab::{batches::Batch, candle_core::{DType, Device, Tensor}};
/// let x = Tensor::zeros((32, 784), DType::F32, &Device::Cpu)?;
/// let batch = Batch { x, y: Tensor::zeros(32, DType::U32, &Device::Cpu)? };
/// assert_eq!((batch.len(), batch.is_empty()), (32, false));
/// # Ok::<(), lab::Error>(())
/// ```
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

    /// The same batch on `device`; nothing is copied where it is there already.
    ///
    /// # Errors
    /// The device has no room for it.
    ///
    /// ```
    /// use lab::{batches::Batch, candle_core::{Device, Tensor}};
    /// let x = Tensor::new(&[1f32, 2.0], &Device::Cpu)?;
    /// let batch = Batch { x: x.clone(), y: x }.to_device(&lab::device()?)?;
    /// assert_eq!(batch.y.to_vec1::<f32>()?, [1.0, 2.0]);
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn to_device(&self, device: &Device) -> Result<Self> {
        Ok(Self { x: self.x.to_device(device)?, y: self.y.to_device(device)? })
    }
}

/// A data set with a length whose items are had by index (as `torch.utils.data.Dataset`).
///
/// Worker threads share it, so an item that needs randomness draws it from a seed, the epoch and its
/// index; only [`Dataset::batch_at`] knows the epoch.
///
/// ```
/// use lab::{batches::Dataset, candle_core::{Device, Tensor}};
/// /// The numbers 0, 1, 2, ... with their squares, made when they are asked for.
/// struct Squares(usize);
/// impl Dataset for Squares {
///     fn len(&self) -> usize {
///         self.0
///     }
///     fn get(&self, index: usize) -> lab::Result<(Tensor, Tensor)> {
///         let x = index as f32;
///         Ok((Tensor::new(x, &Device::Cpu)?, Tensor::new(x * x, &Device::Cpu)?))
///     }
/// }
/// let set = Squares(10);
/// assert!(!set.is_empty());
/// assert_eq!(set.batch(&[3, 1])?.y.to_vec1::<f32>()?, [9.0, 1.0]);
/// assert_eq!(set.batch_at(7, &[2])?.y.to_vec1::<f32>()?, [4.0]); // the same in every epoch
/// assert!(set.batch(&[]).is_err());
/// # Ok::<(), lab::Error>(())
/// ```
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
    /// As for [`Dataset::get`]; there are no indices; or the shapes or dtypes of the items differ.
    fn batch(&self, indices: &[usize]) -> Result<Batch> {
        if indices.is_empty() {
            return Err(Error::Argument("batch: список номеров пуст, собирать нечего".into()));
        }
        let items: Vec<_> = indices.iter().map(|&i| self.get(i)).collect::<Result<_>>()?;
        let (x, y): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        Ok(Batch { x: stacked("x", &x, indices)?, y: stacked("y", &y, indices)? })
    }

    /// [`Dataset::batch`] for epoch `epoch`, which is what a loader asks for; a data set whose items
    /// change from epoch to epoch (random transforms) provides it.
    ///
    /// # Errors
    /// As for [`Dataset::batch`].
    fn batch_at(&self, epoch: u64, indices: &[usize]) -> Result<Batch> {
        let _ = epoch;
        self.batch(indices)
    }
}

/// The tensors `items` of the items `indices`, `(...)` each, as one `(N, ...)` without a graph.
fn stacked(name: &str, items: &[Tensor], indices: &[usize]) -> Result<Tensor> {
    let first = &items[0];
    let is_odd = |t: &Tensor| t.dims() != first.dims() || t.dtype() != first.dtype();
    let Some(place) = items.iter().position(is_odd) else {
        return Ok(Tensor::stack(items, 0)?.detach());
    };
    let odd = &items[place];
    Err(Error::Argument(format!(
        "{name} элементов {} и {} разные: форма {:?} и {:?}, тип {} и {}; в один пакет они не \
         соберутся, приведите их к одному виду",
        indices[0],
        indices[place],
        first.dims(),
        odd.dims(),
        first.dtype().as_str(),
        odd.dtype().as_str()
    )))
}

/// The error for an index outside of a data set of `len` items.
pub(super) fn outside(index: usize, len: usize) -> Error {
    Error::Argument(format!("нет элемента {index}: в наборе их {len}, номера от 0"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::{DType, Device, Var};

    /// Item 2 has another x, item 3 another y, item 4 another dtype, each item a graph.
    struct Mixed;

    impl Dataset for Mixed {
        fn len(&self) -> usize {
            5
        }

        fn get(&self, index: usize) -> Result<(Tensor, Tensor)> {
            let x = Var::zeros(if index == 2 { 3 } else { 2 }, DType::F32, &Device::Cpu)?;
            let x = (x.as_tensor() + index as f64)?;
            let x = if index == 4 { x.to_dtype(DType::F64)? } else { x };
            Ok((x, Tensor::zeros(if index == 3 { 2 } else { 1 }, DType::U32, &Device::Cpu)?))
        }
    }

    #[test]
    fn items_are_stacked_in_the_order_asked_for_without_their_graph() {
        let batch = Mixed.batch(&[1, 0, 1]).unwrap();
        assert_eq!(batch.x.to_vec2::<f32>().unwrap(), [[1.0, 1.0], [0.0, 0.0], [1.0, 1.0]]);
        assert_eq!((batch.y.dims(), batch.len(), batch.x.track_op()), (&[3, 1][..], 3, false));
    }

    #[test]
    fn items_that_do_not_fit_are_named() {
        let error = |indices: &[usize]| Mixed.batch(indices).unwrap_err().to_string();
        assert!(error(&[0, 1, 2]).starts_with("x элементов 0 и 2 разные: форма [2] и [3]"));
        assert!(error(&[1, 3]).starts_with("y элементов 1 и 3 разные: форма [1] и [2]"));
        assert!(error(&[0, 4]).contains("тип f32 и f64"), "{}", error(&[0, 4]));
        assert!(error(&[]).contains("список номеров пуст"));
    }
}
