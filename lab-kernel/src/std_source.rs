//! What rust-analyzer is shown of the standard library: outlines (outline.rs) of `core`, `alloc` and `std`.
//!
//! Resolving the names of the whole library is most of a session's start. Left out are the SIMD
//! intrinsics (`core_arch`, `portable-simd`), the platform layer behind `std` (`sys`), and the crates
//! for tests, panics and procedural macros.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{outline, tree};

/// The folder's name among the outlines.
const FOLDER: &str = "rust-src";
/// The environment variable that rust-analyzer reads.
pub const VARIABLE: &str = "RUST_SRC_PATH";

const CRATES: [&str; 3] = ["core", "alloc", "std"];
/// The platform layer: `std`'s public types hide it behind private fields.
const PLATFORM: &str = "std/src/sys";

/// Where the standard library is among `outlines`.
#[must_use]
pub fn folder(outlines: &Path) -> PathBuf {
    outlines.join(FOLDER)
}

/// Puts the library of `rustc`'s toolchain among `outlines`; does nothing where it has no sources.
///
/// # Errors
/// When rustc does not answer, or the folder cannot be written.
pub fn copy(rustc: &Path, outlines: &Path) -> Result<()> {
    let output =
        Command::new(rustc).args(["--print", "sysroot"]).output().context("rustc не запустился")?;
    let sysroot = String::from_utf8_lossy(&output.stdout);
    copy_from(&Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library"), outlines)
}

/// Puts a library among `outlines` that has the crates' names and nothing else.
///
/// # Errors
/// When the folder cannot be written.
pub fn make_empty(outlines: &Path) -> io::Result<()> {
    for name in CRATES {
        let sources = folder(outlines).join(name).join("src");
        fs::create_dir_all(&sources)?;
        fs::write(sources.join("lib.rs"), "")?;
    }
    Ok(())
}

fn copy_from(library: &Path, outlines: &Path) -> Result<()> {
    let to = folder(outlines);
    tree::forget(&to)?;
    // Without all three rust-analyzer is better served by what it finds itself.
    if !CRATES.iter().all(|name| library.join(name).join("src").is_dir()) {
        return Ok(());
    }
    for name in CRATES {
        let sources = Path::new(name).join("src");
        outline::copy(&library.join(&sources), &to.join(&sources))
            .with_context(|| format!("не удалось скопировать исходники {name}"))?;
    }
    Ok(tree::forget(&to.join(PLATFORM))?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_platform_layer_and_other_crates_are_left_out() {
        let root = std::env::temp_dir().join(format!("lab-kernel-std-{}", std::process::id()));
        let library = root.join("library");
        for file in ["core/src/lib.rs", "alloc/src/lib.rs", "std/src/time.rs", "std/src/sys/mod.rs"]
        {
            let path = library.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::create_dir_all(library.join("stdarch/crates")).unwrap();
        let outlines = root.join("outlines");
        copy_from(&library, &outlines).unwrap();
        copy_from(&library, &outlines).unwrap();
        let seen = folder(&outlines);
        assert!(seen.join("core/src/lib.rs").exists() && seen.join("std/src/time.rs").exists());
        assert!(!seen.join("std/src/sys").exists() && !seen.join("stdarch").exists());
        fs::remove_dir_all(library.join("alloc")).unwrap();
        copy_from(&library, &outlines).unwrap();
        assert!(!seen.exists(), "half of it would be worse than nothing");
        fs::remove_dir_all(root).unwrap();
    }
}
