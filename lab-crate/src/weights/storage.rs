//! Takes the numbers of a tensor out of the bytes of its storage.
//!
//! A tensor may lie there with gaps or in another order of dimensions (weights that came from TensorFlow do).
//! Not here: where storages are in the file (`zip_format.rs`, `legacy.rs`).

use std::borrow::Cow;

use candle_core::{Device, Tensor};

use super::Told;
use super::record::Record;

/// How many bytes may still be made into tensors: a small file must not ask for much memory.
pub(super) struct Budget(usize);

impl Budget {
    /// Tensors of a file of `length` bytes: twice as much, since two of them may share a storage.
    pub(super) fn of(length: usize) -> Self {
        Self(length.saturating_mul(2))
    }

    fn spend(&mut self, bytes: usize) -> Told<()> {
        let rest = self.0.checked_sub(bytes);
        self.0 = rest.ok_or("тензоры вместе больше, чем может быть в таком файле")?;
        Ok(())
    }
}

/// The tensor of `record`, whose storage is `bytes` (little endian).
pub(super) fn tensor(record: &Record<'_>, bytes: &[u8], budget: &mut Budget) -> Told<Tensor> {
    let told = |text: String| format!("тензор «{}»: {text}", record.name);
    let width = record.dtype.size_in_bytes();
    let count = check(record, bytes.len() / width).map_err(told)?;
    budget.spend(count.saturating_mul(width)).map_err(told)?;
    let numbers = if count == 0 {
        Cow::Borrowed(&[][..])
    } else if is_contiguous(record) {
        let start = record.offset * width;
        Cow::Borrowed(bytes.get(start..start + count * width).unwrap_or_default())
    } else {
        Cow::Owned(gather(record, bytes, width, count))
    };
    Tensor::from_raw_buffer(&numbers, record.dtype, &record.size, &Device::Cpu)
        .map_err(|error| told(error.to_string()))
}

/// The number of elements, after a look whether all of them lie in a storage of `length` numbers.
fn check(record: &Record<'_>, length: usize) -> Told<usize> {
    let outside = || {
        format!(
            "размеры {:?}, шаги {:?}, начало {}: это за пределами хранилища из {length} чисел",
            record.size, record.stride, record.offset
        )
    };
    let product = |product: usize, size: &usize| product.checked_mul((*size).max(1));
    let count = record.size.iter().try_fold(1, product).ok_or_else(outside)?;
    if record.size.contains(&0) {
        return Ok(0);
    }
    let mut last = Some(record.offset);
    for (size, stride) in record.size.iter().zip(&record.stride) {
        let along = (size - 1).checked_mul(*stride);
        last = last.zip(along).and_then(|(last, along)| last.checked_add(along));
    }
    match last {
        Some(last) if last < length && count <= length => Ok(count),
        _ => Err(outside()),
    }
}

/// Whether the numbers lie side by side in order.
fn is_contiguous(record: &Record<'_>) -> bool {
    let mut expected = 1;
    record.size.iter().zip(&record.stride).rev().all(|(size, stride)| {
        let fits = *size <= 1 || *stride == expected;
        expected *= *size;
        fits
    })
}

/// Copies the numbers in order; `check` has seen that all of them are in `bytes`.
fn gather(record: &Record<'_>, bytes: &[u8], width: usize, count: usize) -> Vec<u8> {
    let mut numbers = Vec::with_capacity(count * width);
    // The index, the size and the stride of each dimension that is walked along.
    let sizes = record.size.iter().zip(&record.stride).filter(|(size, _)| **size > 1);
    let mut places: Vec<_> = sizes.map(|(size, stride)| (0, *size, *stride)).collect();
    let mut at = record.offset;
    for _ in 0..count {
        numbers.extend_from_slice(bytes.get(at * width..(at + 1) * width).unwrap_or_default());
        for (i, size, stride) in places.iter_mut().rev() {
            *i += 1;
            at += *stride;
            if *i < *size {
                break;
            }
            at -= *size * *stride;
            *i = 0;
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::DType;

    fn record(offset: usize, size: &[usize], stride: &[usize]) -> Record<'static> {
        let (size, stride) = (size.to_vec(), stride.to_vec());
        Record { name: "w", dtype: DType::F32, key: "0", offset, size, stride }
    }

    fn take(offset: usize, size: &[usize], stride: &[usize]) -> Told<Vec<f32>> {
        let bytes: Vec<u8> = (0..6).flat_map(|i| (i as f32).to_le_bytes()).collect();
        let tensor = tensor(&record(offset, size, stride), &bytes, &mut Budget::of(bytes.len()))?;
        assert_eq!(tensor.dims(), size);
        Ok(tensor.flatten_all().unwrap().to_vec1().unwrap())
    }

    #[test]
    fn gaps_and_other_orders_are_followed() {
        assert_eq!(take(0, &[2, 3], &[3, 1]).unwrap(), [0., 1., 2., 3., 4., 5.]);
        assert_eq!(take(0, &[3, 2], &[1, 3]).unwrap(), [0., 3., 1., 4., 2., 5.]);
        assert_eq!(take(1, &[2, 2], &[3, 1]).unwrap(), [1., 2., 4., 5.]);
        assert_eq!(take(5, &[], &[]).unwrap(), [5.]);
        assert_eq!(take(4, &[1, 2, 1], &[99, 1, 77]).unwrap(), [4., 5.]);
        assert_eq!(take(1, &[3], &[0]).unwrap(), [1., 1., 1.]);
        assert_eq!(take(9, &[0, 7], &[7, 1]).unwrap(), [0f32; 0]);
        let top = usize::MAX;
        assert_eq!(take(0, &[2, 1, 2], &[1, top, 3]).unwrap(), [0., 3., 1., 4.]);
        assert_eq!(take(top, &[0, 1], &[top, top]).unwrap(), [0f32; 0]);
    }

    #[test]
    fn nothing_outside_the_storage_is_read_or_allocated() {
        let top = usize::MAX;
        for (offset, size, stride) in [
            (1, vec![6], vec![1]),
            (0, vec![2], vec![6]),
            (top, vec![1], vec![1]),
            (0, vec![top, 2], vec![0, 0]),
            (0, vec![0, top, 2], vec![0, 0, 0]),
            (0, vec![1 << 40], vec![0]),
            (2, vec![2], vec![top]),
        ] {
            let error = take(offset, &size, &stride).unwrap_err();
            assert!(error.contains("за пределами хранилища из 6 чисел"), "{error}");
        }
        let mut budget = Budget::of(24);
        let bytes = [0; 24];
        let all = record(0, &[6], &[1]);
        for _ in 0..2 {
            tensor(&all, &bytes, &mut budget).unwrap();
        }
        assert!(tensor(&all, &bytes, &mut budget).unwrap_err().contains("вместе больше"));
    }
}
