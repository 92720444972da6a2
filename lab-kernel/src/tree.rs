//! Folder trees: list the files of a crate, and give a built `target` folder a second place without a second copy.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What stands for a large file in the second place.
#[derive(Clone, Copy)]
pub enum Large {
    /// A hard link, which outlives the first place; a copy where there can be none (another disk, another owner).
    Linked,
    /// A symbolic link: from any owner and across mounts, for as long as the first place stays.
    Shown,
}

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

/// Removes a folder, or the link that shows one; what is not there is no error.
///
/// # Errors
/// When it is there and stays.
pub fn forget(folder: &Path) -> io::Result<()> {
    let is_link = folder.is_symlink();
    let removed = if is_link { fs::remove_file(folder) } else { fs::remove_dir_all(folder) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes `to` a copy of `from` in which large files are links. What is there already stays: a file may be in use, or be a
/// link itself, through which a copy would be written to another's file.
///
/// Small files and files whose name contains one of `own` are real copies, because cargo and rustc
/// write to those. Time stamps are kept. What rustc keeps for its next call is left out where files are shown.
///
/// # Errors
/// When a file can be neither linked nor copied.
pub fn link(from: &Path, to: &Path, own: &[&str], large: Large) -> io::Result<()> {
    const SMALL: u64 = 16 << 10;
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let meta = entry.metadata()?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if meta.is_dir() {
            // What rustc keeps for its next call is its owner's alone: behind walls its locks cannot even be read.
            if !(name == "incremental" && matches!(large, Large::Shown)) {
                link(&source, &target, own, large)?;
            }
            continue;
        }
        if target.symlink_metadata().is_ok() {
            continue;
        }
        let keep_apart = meta.len() < SMALL || own.iter().any(|word| name.contains(word));
        let is_linked = !keep_apart
            && match large {
                Large::Linked => fs::hard_link(&source, &target).is_ok(),
                Large::Shown => {
                    std::os::unix::fs::symlink(&source, &target)?;
                    true
                }
            };
        if !is_linked {
            // Whole or not at all: the next attempt would take a part for the file.
            let part = to.join(format!(".{name}.lab-part"));
            fs::copy(&source, &part)?;
            fs::File::options().write(true).open(&part)?.set_modified(meta.modified()?)?;
            fs::rename(&part, &target)?;
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
        let (from, to, seen) = (root.join("from"), root.join("to"), root.join("seen"));
        fs::create_dir_all(from.join("deps")).unwrap();
        fs::create_dir_all(from.join("incremental")).unwrap();
        for (name, size) in [
            ("deps/liba.rlib", 20_000),
            ("deps/libctx.so", 20_000),
            ("deps/libcode_1.so", 10),
            ("incremental/a.lock", 0),
            ("x.d", 10),
        ] {
            fs::write(from.join(name), vec![1u8; size]).unwrap();
        }
        fs::create_dir_all(seen.join("deps")).unwrap();
        let (kept, mine) = (root.join("kept.so"), seen.join("deps/libcode_1.so"));
        fs::write(&kept, "mine").unwrap();
        std::os::unix::fs::symlink(&kept, &mine).unwrap();
        link(&from, &to, &["ctx"], Large::Linked).unwrap();
        link(&from, &seen, &["ctx"], Large::Shown).unwrap();
        assert_eq!(fs::read_link(&mine).unwrap(), kept);
        assert_eq!(fs::read_to_string(&kept).unwrap(), "mine");
        let inode = |path: PathBuf| path.metadata().unwrap().ino();
        assert_eq!(inode(from.join("deps/liba.rlib")), inode(to.join("deps/liba.rlib")));
        assert_eq!(
            fs::read_link(seen.join("deps/liba.rlib")).unwrap(),
            from.join("deps/liba.rlib")
        );
        for (name, copy) in
            [("deps/libctx.so", &to), ("x.d", &to), ("deps/libctx.so", &seen), ("x.d", &seen)]
        {
            assert_ne!(inode(from.join(name)), inode(copy.join(name)));
            let time = |dir: &Path| dir.join(name).metadata().unwrap().modified().unwrap();
            assert_eq!(time(&from), time(copy));
        }
        assert_eq!([files(&to).unwrap().len(), files(&seen).unwrap().len()], [5, 4]);
        fs::remove_dir_all(root).unwrap();
    }
}
