//! Writes the variables of a model to a file. Not here: reading (`set.rs`), an optimizer's state
//! (`optim/checkpoint.rs`).

use std::collections::HashMap;
use std::path::Path;
use std::sync::PoisonError;

use candle_nn::VarMap;

use crate::Result;
use crate::replace::replace;

/// Writes all variables of `map` to a file (safetensors), which is replaced only when the new one is complete.
///
/// [`read`](super::read), `VarMap::load` and PyTorch's `safetensors.torch.load_file` read it.
///
/// # Errors
/// The file cannot be written.
///
/// ```
/// # use lab::{candle_core::Device, candle_nn::VarMap, nn, weights};
/// # let path = std::env::temp_dir().join(format!("doc-save-{}.safetensors", std::process::id()));
/// let map = VarMap::new();
/// nn::linear(3, 2, nn::var_builder(&map, 1, &Device::Cpu).pp("fc"))?;
/// weights::save(&map, &path)?;
/// assert_eq!(weights::read(&path)?.len(), 2); // fc.weight and fc.bias
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), lab::Error>(())
/// ```
pub fn save(map: &VarMap, path: impl AsRef<Path>) -> Result<()> {
    let variables = map.data().lock().unwrap_or_else(PoisonError::into_inner);
    let tensors: HashMap<&str, _> =
        variables.iter().map(|(name, var)| (name.as_str(), var.as_tensor().clone())).collect();
    replace(path.as_ref(), |part| {
        candle_core::safetensors::save(&tensors, part).map_err(std::io::Error::other)
    })
}
