//! What rust-analyzer is shown of the standard library: the sources of `core`, `alloc` and `std`, less what
//! no type of a variable needs.
//!
//! Resolving the names of the whole library is most of a session's start. Left out are the SIMD
//! intrinsics (`core_arch`, `portable-simd`), the platform layer behind `std` (`sys`), and the crates
//! for tests, panics and procedural macros. rustc, which compiles the cells, does not look here.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::tree::{self, Large};

/// The folder's name in a template and in a session; the variable by which rust-analyzer finds it.
pub const FOLDER: &str = "rust-src";
/// The environment variable that rust-analyzer reads.
pub const VARIABLE: &str = "RUST_SRC_PATH";

const CRATES: [&str; 3] = ["core", "alloc", "std"];
/// The platform layer: `std`'s public types hide it behind private fields.
const PLATFORM: &str = "std/src/sys";

/// Copies the sources of the toolchain in use into `template`; does nothing where it has none.
///
/// # Errors
/// When rustc does not answer, or the folder cannot be written.
pub fn copy(template: &Path) -> Result<()> {
    let output =
        Command::new("rustc").args(["--print", "sysroot"]).output().context("не найден rustc")?;
    let sysroot = String::from_utf8_lossy(&output.stdout);
    copy_from(&Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library"), template)
}

fn copy_from(library: &Path, template: &Path) -> Result<()> {
    let to = template.join(FOLDER);
    if to.exists() {
        fs::remove_dir_all(&to)?;
    }
    // Without all three rust-analyzer is better served by what it finds itself.
    if !CRATES.iter().all(|name| library.join(name).join("src").is_dir()) {
        return Ok(());
    }
    for name in CRATES {
        let sources = Path::new(name).join("src");
        tree::link(&library.join(&sources), &to.join(&sources), &[], Large::Linked)
            .with_context(|| format!("не удалось скопировать исходники {name}"))?;
    }
    let platform = to.join(PLATFORM);
    if platform.exists() {
        fs::remove_dir_all(platform)?;
    }
    Ok(())
}

/// Shows the session in `dir` the sources of its template.
///
/// # Errors
/// When the link cannot be made.
pub fn use_in(dir: &Path, template: &Path) -> Result<()> {
    let link = dir.join(FOLDER);
    match fs::remove_file(&link) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    std::os::unix::fs::symlink(template.join(FOLDER), link)?;
    Ok(())
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
        let (template, session) = (root.join("template"), root.join("session"));
        fs::create_dir_all(&session).unwrap();
        copy_from(&library, &template).unwrap();
        copy_from(&library, &template).unwrap();
        use_in(&session, &template).unwrap();
        use_in(&session, &template).unwrap();
        let seen = session.join(FOLDER);
        assert!(seen.join("core/src/lib.rs").exists() && seen.join("std/src/time.rs").exists());
        assert!(!seen.join("std/src/sys").exists() && !seen.join("stdarch").exists());
        fs::remove_dir_all(library.join("alloc")).unwrap();
        copy_from(&library, &template).unwrap();
        assert!(!template.join(FOLDER).exists(), "half of it would be worse than nothing");
        fs::remove_dir_all(root).unwrap();
    }
}
