//! What the front remembers of cargo: the rustc call for a cell's crate, or what a question was answered.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The folder's name in a session and in a template.
pub const FOLDER: &str = "memory";

/// A remembered rustc call or query answer, with the folder it was made in.
#[derive(Default, Serialize, Deserialize)]
pub struct Memory {
    /// The session or the template.
    pub root: String,
    /// Program and arguments of a rustc call; empty for a query.
    pub call: Vec<String>,
    /// Environment that cargo adds for rustc.
    pub env: Vec<(String, String)>,
    /// What a query printed.
    pub stdout: String,
    /// The exit code of a query.
    pub code: i32,
}

impl Memory {
    /// What `dir` remembers under a key.
    #[must_use]
    pub fn read(dir: &Path, key: &str) -> Option<Memory> {
        let bytes = fs::read(dir.join(FOLDER).join(key).with_extension("json")).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Writes to a file that [`part`] names.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, part: &Path) -> Result<()> {
        Ok(fs::write(part, serde_json::to_vec(self)?)?)
    }
}

/// Where this process writes what is to be remembered under a key.
#[must_use]
pub fn part(dir: &Path, key: &str) -> PathBuf {
    dir.join(FOLDER).join(format!("{key}.{}", std::process::id()))
}

/// From now on it is remembered.
///
/// # Errors
/// When the file cannot be renamed.
pub fn finish(part: &Path) -> Result<()> {
    Ok(fs::rename(part, part.with_extension("json"))?)
}

/// A name for what was hashed.
#[must_use]
pub fn name(hash: Sha256) -> String {
    hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
