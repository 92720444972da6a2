//! `cargo lab bench`: how fast the lab is beside what people use instead, measured in one run.
//!
//! | file | what it measures |
//! |---|---|
//! | `kernel.rs` | the kernel beside the stock one |
//! | `train.rs` | training beside PyTorch |
//! | `vision.rs` | ResNet18 and the loader of images beside torchvision |
//! | `side.rs`, `duel.rs` | a program that measures when asked; two of them in alternation |

mod duel;
mod kernel;
mod side;
mod train;
mod vision;

pub use kernel::kernel;
pub use train::train;
pub use vision::vision;

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// Writes all figures to `path`, where one was given.
fn save(figures: &Value, path: Option<&Path>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    std::fs::write(path, serde_json::to_string_pretty(figures)?)
        .with_context(|| format!("не удалось записать {}", path.display()))
}
