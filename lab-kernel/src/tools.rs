//! The real cargo and rustc behind the front (`front.rs`): found once, then named by the session's environment.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::home::Home;

/// Environment variable with the real cargo.
pub const CARGO: &str = "LAB_KERNEL_CARGO";
/// Environment variable with the real rustc.
pub const RUSTC: &str = "RUSTC";

/// The real cargo.
///
/// # Errors
/// When there is none.
pub fn cargo(home: &Home) -> Result<PathBuf> {
    real(home, "cargo", CARGO)
}

/// The rustc that compiles the cells.
///
/// # Errors
/// When there is none.
pub fn rustc(home: &Home) -> Result<PathBuf> {
    real(home, "rustc", RUSTC)
}

/// The tool itself, not rustup's proxy (which costs tens of milliseconds a call); `variable` may name it.
fn real(home: &Home, tool: &str, variable: &str) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Ok(PathBuf::from(path));
    }
    if let Ok(output) = Command::new("rustup").args(["which", tool]).output()
        && output.status.success()
    {
        return Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    behind_front(&home.bin(), tool)
        .with_context(|| format!("не найден {tool}: установите Rust (rustup) и проверьте PATH"))
}

/// The tool that PATH finds when the front's folder is left out.
#[must_use]
pub fn behind_front(front: &Path, tool: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|dir| dir != front)
        .map(|dir| dir.join(tool))
        .find(|file| file.exists())
}
