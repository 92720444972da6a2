//! The numbers of a contiguous CPU tensor, as a slice.
//!
//! Not here: tensors on a GPU, or with gaps; make them contiguous first. Read next: `linear.rs`.

use candle_core::{CpuStorage, DType, Layout, Storage, Tensor, WithDType, bail};

use crate::{Error, Result};

/// The storage of a tensor on the CPU.
///
/// # Errors
/// The tensor is on another device.
pub(crate) fn cpu(storage: &Storage) -> candle_core::Result<&CpuStorage> {
    match storage {
        Storage::Cpu(storage) => Ok(storage),
        _ => bail!("нужен тензор на процессоре: .to_device(&Device::Cpu)?"),
    }
}

/// The numbers that `layout` picks from `storage`, in order of their indices.
///
/// # Errors
/// Another dtype is stored, or the numbers do not lie side by side.
pub(crate) fn elements<'a, T: WithDType>(
    storage: &'a CpuStorage,
    layout: &Layout,
) -> candle_core::Result<&'a [T]> {
    let all = storage.as_slice::<T>()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&all[start..end]),
        None => bail!("нужен тензор без пропусков: .contiguous()?"),
    }
}

/// Checks that `tensor` holds f32 or f64; `name` is the argument in the message.
///
/// # Errors
/// It holds something else.
pub(crate) fn require_real(call: &str, name: &str, tensor: &Tensor) -> Result<()> {
    match tensor.dtype() {
        DType::F32 | DType::F64 => Ok(()),
        other => Err(Error::Argument(format!(
            "{call}: {name} имеет тип {}, а нужен f32 (или f64): {name}.to_dtype(DType::F32)?",
            other.as_str()
        ))),
    }
}

/// Checks that the `others`, each with its name in the message, have the dtype of the input `x`.
///
/// # Errors
/// One has another dtype.
pub(super) fn require_dtype_of(call: &str, x: &Tensor, others: &[(&str, &Tensor)]) -> Result<()> {
    match others.iter().find(|(_, other)| other.dtype() != x.dtype()) {
        None => Ok(()),
        Some((name, other)) => Err(Error::Argument(format!(
            "{call}: вход x имеет тип {}, а {name} - {}; типы должны совпадать: x.to_dtype(DType::{:?})?",
            x.dtype().as_str(),
            other.dtype().as_str(),
            other.dtype(),
        ))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::Device;

    #[test]
    fn a_part_of_a_tensor_is_read_where_it_lies() {
        let t = Tensor::arange(0f32, 6.0, &Device::Cpu).unwrap().reshape((3, 2)).unwrap();
        let row = t.narrow(0, 1, 1).unwrap();
        let (storage, layout) = row.storage_and_layout();
        assert_eq!(elements::<f32>(cpu(&storage).unwrap(), layout).unwrap(), [2.0, 3.0]);
        assert!(elements::<f64>(cpu(&storage).unwrap(), layout).is_err());
        let column = t.narrow(1, 1, 1).unwrap();
        let (storage, layout) = column.storage_and_layout();
        let error = elements::<f32>(cpu(&storage).unwrap(), layout).unwrap_err().to_string();
        assert!(error.contains("contiguous"), "{error}");
    }
}
