//! Which processor the tensors live on.
//!
//! Not here: moving tensors (`Tensor::to_device` of candle). Read next: `rng.rs`.

use candle_core::Device;
use candle_core::utils::{cuda_is_available, metal_is_available};

use crate::{Error, Result};

/// The environment variable that overrides the choice.
const VARIABLE: &str = "LAB_DEVICE";

/// The device to compute on: a GPU where the library was built for one and one answers, else the CPU.
///
/// The environment variable `LAB_DEVICE` (`cpu`, `cuda` or `metal`) overrides the choice.
///
/// # Errors
/// `LAB_DEVICE` has another value, or names a device that this build or this machine lacks.
///
/// ```
/// let device = lab::device()?;
/// let x = lab::candle_core::Tensor::zeros((2, 3), lab::candle_core::DType::F32, &device)?;
/// assert_eq!(x.dims(), [2, 3]);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn device() -> Result<Device> {
    match std::env::var(VARIABLE) {
        Ok(name) => named(name.trim()),
        Err(_) => Ok(best()),
    }
}

/// The device that `LAB_DEVICE` names.
fn named(name: &str) -> Result<Device> {
    match name {
        "" => Ok(best()),
        "cpu" => Ok(Device::Cpu),
        "cuda" if cuda_is_available() => Ok(Device::new_cuda(0)?),
        "metal" if metal_is_available() => Ok(Device::new_metal(0)?),
        "cuda" | "metal" => Err(Error::Argument(format!(
            "{VARIABLE}={name}: библиотека собрана без этого устройства. \
             Уберите переменную {VARIABLE} или соберите lab с возможностью (feature) «{name}»"
        ))),
        other => Err(Error::Argument(format!(
            "{VARIABLE}={other}: нет такого устройства. Допустимые значения: cpu, cuda, metal"
        ))),
    }
}

/// A GPU that answers, else the CPU.
fn best() -> Device {
    let gpu = if cuda_is_available() {
        Device::new_cuda(0).ok()
    } else if metal_is_available() {
        Device::new_metal(0).ok()
    } else {
        None
    };
    gpu.unwrap_or(Device::Cpu)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn cpu_can_always_be_asked_for() {
        assert!(named("cpu").unwrap().is_cpu());
    }

    #[test]
    fn a_wrong_name_lists_the_legal_ones() {
        let error = named("gpu").unwrap_err().to_string();
        assert_eq!(
            error,
            "LAB_DEVICE=gpu: нет такого устройства. Допустимые значения: cpu, cuda, metal"
        );
    }

    #[test]
    fn a_device_that_was_not_built_in_says_how_to_build_it() {
        if !metal_is_available() {
            let error = named("metal").unwrap_err().to_string();
            assert!(error.contains("собрана без этого устройства"), "{error}");
            assert!(error.contains("«metal»"), "{error}");
        }
    }
}
