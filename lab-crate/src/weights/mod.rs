//! Weights in files: PyTorch's `.pth` (both formats) and safetensors, read without executing anything.
//!
//! ```
//! use lab::{prelude::*, weights};
//! # let path = std::env::temp_dir().join(format!("doc-weights-{}.safetensors", std::process::id()));
//! let (trained, fresh) = (VarMap::new(), VarMap::new());
//! nn::linear(3, 2, nn::var_builder(&trained, 1, &Device::Cpu).pp("fc"))?;
//! let layer = nn::linear(3, 2, nn::var_builder(&fresh, 2, &Device::Cpu).pp("fc"))?;
//! weights::save(&trained, &path)?;
//! let read = weights::read(&path)?;
//! assert_eq!(read.load_into(&fresh)?.tensors, 2);
//! let weight = read.get("fc.weight").map(|weight| weight.to_vec2::<f32>()).transpose()?;
//! assert_eq!(weight, Some(layer.weight().to_vec2()?));
//! # std::fs::remove_file(&path).ok();
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! | name | what it is | in PyTorch |
//! |---|---|---|
//! | [`read`], [`Weights`] | tensors with names | `torch.load(path, weights_only=True)`, a `state_dict` |
//! | [`Weights::load_into`] | their way into a model | `load_state_dict` |
//! | [`Weights::load_except`] | the same without the head | `load_state_dict(strict=False)` |
//! | [`save`] | a file of the weights | `torch.save`, `safetensors.torch.save_file` |
//! | [`find`], [`pretrained`] | published weights among the verified local files | `weights="DEFAULT"` of torchvision |
//!
//! | file | what it holds |
//! |---|---|
//! | `set.rs`, `load.rs`, `save.rs`, `find.rs` | the functions above |
//! | `zip_format.rs`, `legacy.rs` | the two formats of `torch.save` |
//! | `pickle.rs`, `cursor.rs`, `value.rs` | the pickle inside: closed lists of commands and names |
//! | `record.rs`, `storage.rs` | the tensors it describes, and their numbers |
//!
//! Not here: the [`models`](crate::models), the state of an optimizer
//! ([`Optimizer::save`](crate::optim::Optimizer::save)), downloading (`cargo lab data`). Read next: `set.rs`.

mod cursor;
mod find;
mod legacy;
mod load;
mod pickle;
mod record;
mod save;
mod set;
mod storage;
#[cfg(test)]
mod tests;
mod value;
mod zip_format;

pub use find::{find, pretrained};
pub use load::Loaded;
pub use save::save;
pub use set::{Weights, read};

/// A result inside the module: the text has no name of the file yet.
type Told<T> = std::result::Result<T, String>;
