//! Folder trees: list the files of a crate, and link a built `target` folder into another place.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// All files below `dir`, sorted, without `target` and hidden folders.
///
/// # Errors
/// When a folder cannot be read.
pub fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if name == "target" || name.to_string_lossy().starts_with('.') {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Makes `to` a copy of `from` in which large files are hard links.
///
/// Small files and files whose name contains one of `own` are real copies, because cargo and rustc
/// write to those. Time stamps are kept. Where linking fails (another disk), files are copied.
///
/// # Errors
/// When a file can be neither linked nor copied.
pub fn link(from: &Path, to: &Path, own: &[&str]) -> io::Result<()> {
    const SMALL: u64 = 16 << 10;
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let meta = entry.metadata()?;
        if meta.is_dir() {
            link(&source, &target, own)?;
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let keep_apart = meta.len() < SMALL || own.iter().any(|word| name.contains(word));
        if keep_apart || fs::hard_link(&source, &target).is_err() {
            fs::copy(&source, &target)?;
            let file = fs::File::options().write(true).open(&target)?;
            file.set_modified(meta.modified()?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn large_files_are_linked_small_and_own_ones_copied() {
        let root = std::env::temp_dir().join(format!("lab-kernel-tree-{}", std::process::id()));
        let (from, to) = (root.join("from"), root.join("to"));
        fs::create_dir_all(from.join("deps")).unwrap();
        for (name, size) in [("deps/liba.rlib", 20_000), ("deps/libctx.so", 20_000), ("x.d", 10)] {
            fs::write(from.join(name), vec![1u8; size]).unwrap();
        }
        link(&from, &to, &["ctx"]).unwrap();
        let inode = |path: PathBuf| path.metadata().unwrap().ino();
        assert_eq!(inode(from.join("deps/liba.rlib")), inode(to.join("deps/liba.rlib")));
        for name in ["deps/libctx.so", "x.d"] {
            assert_ne!(inode(from.join(name)), inode(to.join(name)));
            let time = |dir: &Path| dir.join(name).metadata().unwrap().modified().unwrap();
            assert_eq!(time(&from), time(&to));
        }
        assert_eq!(files(&to).unwrap().len(), 3);
        fs::remove_dir_all(root).unwrap();
    }
}
