//! `cargo lab bench`: how fast the lab is beside what people use instead, measured in one run.
//!
//! | file | what it measures |
//! |---|---|
//! | `kernel.rs` | the kernel beside the stock one |
//! | `train.rs` | training beside PyTorch |
//! | `vision.rs` | ResNet18 and the loader of images beside torchvision |
//! | `class.rs` | a class: memory, disk and start of many kernels beside ipykernel with torch |
//! | `side.rs`, `duel.rs` | a program that measures when asked; two of them in alternation |

mod class;
mod duel;
mod kernel;
mod side;
mod train;
mod vision;

pub use class::class;
pub use kernel::kernel;
pub use train::train;
pub use vision::vision;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

/// Whether a Python has all of these packages, separated by commas.
fn has_packages(python: &Path, packages: &str) -> bool {
    let mut probe = Command::new(python);
    probe.args(["-c", &format!("import {packages}")]);
    probe.output().is_ok_and(|output| output.status.success())
}

/// Writes all figures to `path`, where one was given.
fn save(figures: &Value, path: Option<&Path>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    std::fs::write(path, serde_json::to_string_pretty(figures)?)
        .with_context(|| format!("не удалось записать {}", path.display()))
}
