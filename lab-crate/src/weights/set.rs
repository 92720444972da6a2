//! Tensors with names, and the files they come from. Not here: the formats (`zip_format.rs`, `legacy.rs`),
//! the way into a model (`load.rs`).

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{Device, Tensor};

use super::{Told, legacy, zip_format};
use crate::{Error, Result};

/// Tensors with names, sorted by name (as a `state_dict` of PyTorch), on the CPU.
///
/// Types are those of the file: f32, f64, f16, bf16, i64, i32, u8 (also for `bool`). The counters
/// `num_batches_tracked` (i64, shape `[]`) of batch norm are kept here; [`Weights::load_into`] leaves them out.
///
/// ```
/// # use lab::{candle_core::Device, candle_nn::VarMap, nn, weights};
/// # let path = std::env::temp_dir().join(format!("doc-set-{}.safetensors", std::process::id()));
/// let map = VarMap::new();
/// nn::linear(3, 2, nn::var_builder(&map, 0, &Device::Cpu).pp("fc"))?;
/// weights::save(&map, &path)?;
/// let weights = weights::read(&path)?;
/// assert_eq!((weights.len(), weights.is_empty()), (2, false));
/// assert_eq!(weights.get("fc.weight").map(|t| t.dims().to_vec()), Some(vec![2, 3]));
/// assert!(weights.iter().all(|(name, tensor)| name.starts_with("fc.") && tensor.dim(0).is_ok()));
/// assert!(weights.names().eq(["fc.bias", "fc.weight"]));
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Weights {
    tensors: BTreeMap<String, Tensor>,
    /// What they were read from, for messages.
    pub(super) origin: String,
}

/// Reads weights from a file: `.pth` or `.pt` of PyTorch, or safetensors; the content decides, not the name.
///
/// Like `torch.load(path, weights_only=True)`, but only tensors with names are read: a `state_dict`, or a dictionary
/// with one under the name `state_dict` (the rest of such a checkpoint is left out). Nothing in the file is executed,
/// sizes are checked against the file before memory is taken, so a hostile file gives an error.
///
/// # Errors
/// The file cannot be read, is of another format, cut off, damaged, or holds other objects of Python.
///
/// ```
/// use lab::{candle_core::Device, candle_nn::VarMap, nn, weights};
/// let path = std::env::temp_dir().join(format!("doc-read-{}.safetensors", std::process::id()));
/// let map = VarMap::new();
/// nn::linear(3, 2, nn::var_builder(&map, 0, &Device::Cpu).pp("fc"))?;
/// weights::save(&map, &path)?;
/// let weights = weights::read(&path)?;
/// assert_eq!(weights.names().collect::<Vec<_>>(), ["fc.bias", "fc.weight"]);
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), lab::Error>(())
/// ```
pub fn read(path: impl AsRef<Path>) -> Result<Weights> {
    let path = path.as_ref();
    let bytes =
        std::fs::read(path).map_err(|source| Error::File { path: path.to_path_buf(), source })?;
    Weights::parse(&bytes, path)
}

impl Weights {
    /// The weights in the bytes of the file `path`.
    pub(crate) fn parse(bytes: &[u8], path: &Path) -> Result<Self> {
        let origin = format!("веса, файл «{}»", path.display());
        match tensors(bytes) {
            Ok(tensors) => Ok(Self { tensors: tensors.into_iter().collect(), origin }),
            Err(text) => Err(Error::Data(format!("{origin}: {text}"))),
        }
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The tensor with this name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// How many tensors there are.
    pub fn len(&self) -> usize {
        self.tensors.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }

    /// Names and tensors, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }
}

/// Chooses the format by the first bytes.
fn tensors(bytes: &[u8]) -> Told<Vec<(String, Tensor)>> {
    if bytes.starts_with(zip_format::MAGIC) {
        zip_format::read(bytes)
    } else if bytes.starts_with(legacy::MAGIC) {
        legacy::read(bytes)
    } else if is_safetensors(bytes) {
        let tensors = candle_core::safetensors::load_buffer(bytes, &Device::Cpu);
        let tensors = tensors.map_err(|error| format!("файл safetensors повреждён ({error})"))?;
        Ok(tensors.into_iter().collect())
    } else {
        let start: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Err(format!(
            "это не .pth и не safetensors: {} байт, первые {}. Если файл скачан, скачайте его заново",
            bytes.len(),
            if start.is_empty() { "-".to_string() } else { start.join(" ") }
        ))
    }
}

/// Whether the file starts with the length of a header that is inside it, and with the header.
fn is_safetensors(bytes: &[u8]) -> bool {
    let Some((head, rest)) = bytes.split_first_chunk() else { return false };
    rest.first() == Some(&b'{') && u64::from_le_bytes(*head) <= rest.len() as u64
}
