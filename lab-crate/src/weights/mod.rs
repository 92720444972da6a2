//! Weights in files: PyTorch's `.pth` (both formats) and safetensors, read without executing anything.
//!
//! Not here: the models (`models/`), the state of an optimizer (`optim/checkpoint.rs`), downloading (`cargo lab data`).
//!
//! | file | what it holds |
//! |---|---|
//! | `set.rs` | [`Weights`]: tensors with names; [`read`] |
//! | `load.rs` | their way into a model: [`Weights::load_into`], [`Weights::load_except`] |
//! | `save.rs` | [`save`] |
//! | `find.rs` | [`find`], [`pretrained`]: published weights among the verified local files |
//! | `zip_format.rs`, `legacy.rs` | the two formats of `torch.save` |
//! | `pickle.rs`, `cursor.rs`, `value.rs` | the pickle inside: closed lists of commands and names |
//! | `record.rs`, `storage.rs` | the tensors it describes, and their numbers |

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
