//! Installs the kernelspec, with which Jupyter finds and starts the kernel.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;

use crate::home::{HOME, Home, LAB_CRATE, write_if_changed};

const LOGO: &str = include_str!("../logo.svg");

/// Writes `<prefix>/share/jupyter/kernels/rust/` and returns that folder.
///
/// # Errors
/// When a file cannot be written.
pub fn install(prefix: &Path, home: &Home) -> Result<PathBuf> {
    fs::create_dir_all(prefix)
        .with_context(|| format!("не удалось создать папку {}", prefix.display()))?;
    let dir = prefix.canonicalize()?.join("share/jupyter/kernels/rust");
    let mut env = json!({ HOME: home.root() });
    if let Some(lab_crate) = &home.lab_crate {
        env[LAB_CRATE] = json!(lab_crate);
    }
    let spec = json!({
        "argv": [std::env::current_exe()?, "--connection-file", "{connection_file}"],
        "display_name": "Rust",
        "language": "rust",
        "interrupt_mode": "message",
        "env": env,
        "metadata": { "debugger": false },
    });
    write_if_changed(&dir.join("kernel.json"), &format!("{spec:#}\n"))?;
    write_if_changed(&dir.join("logo-svg.svg"), LOGO)?;
    Ok(dir)
}
