//! Hashes of files and folders, and stamps: notes that a piece of work was done on some content.
//!
//! Not here: what is stamped. Read next: `venv.rs`, `notebook.rs`.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Gathers content into one SHA-256.
#[derive(Default)]
pub struct Fingerprint(Sha256);

impl Fingerprint {
    /// Adds a text under a name, so that the same text in another role counts as other content.
    pub fn text(mut self, name: &str, text: &str) -> Fingerprint {
        self.0.update(format!("{name}\0{}\0{text}", text.len()));
        self
    }

    /// Adds a file; a missing one counts as such.
    ///
    /// # Errors
    /// When the file exists and cannot be read.
    pub fn file(self, path: &Path) -> Result<Fingerprint> {
        let hash = sha256(path)?.unwrap_or_else(|| "missing".into());
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(self.text(&name, &hash))
    }

    /// Adds all files below a folder, without `target`, `tests`, `examples` and hidden ones.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn tree(mut self, dir: &Path) -> Result<Fingerprint> {
        for path in files(dir)? {
            let name = path.strip_prefix(dir).unwrap_or(&path).display().to_string();
            self = self.text("path", &name).file(&path)?;
        }
        Ok(self)
    }

    /// The hash as lower-case hexadecimal digits.
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

/// SHA-256 of a file in lower-case hexadecimal digits; `None` when there is no such file.
///
/// # Errors
/// When the file exists and cannot be read.
pub fn sha256(path: &Path) -> Result<Option<String>> {
    let mut file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| cannot_read(path)),
    };
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = file.read(&mut buffer).with_context(|| cannot_read(path))?;
        if length == 0 {
            return Ok(Some(hex(&hash.finalize())));
        }
        hash.update(&buffer[..length]);
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the stamp at `path` says `fingerprint`.
pub fn is_fresh(path: &Path, fingerprint: &str) -> bool {
    fs::read_to_string(path).is_ok_and(|stamp| stamp.trim() == fingerprint)
}

/// Writes a file, with its folder, only when its content differs.
///
/// # Errors
/// When it cannot be written.
pub fn write_if_changed(path: &Path, content: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    write(path, content)
}

/// Writes a file and, where needed, its folder; the old content stays until the new is complete.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, content: &str) -> Result<()> {
    let part = path.with_added_extension("part");
    let done = path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(&part, content))
        .and_then(|()| fs::rename(&part, path));
    if done.is_err() {
        let _ = fs::remove_file(&part);
    }
    done.with_context(|| format!("не удалось записать {}", path.display()))
}

fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| cannot_read(&folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if ["target", "tests", "examples"].contains(&name.as_str()) || name.starts_with('.') {
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

fn cannot_read(path: &Path) -> String {
    format!("не удалось прочитать {}", path.display())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_tree_changes_with_content_and_names_but_not_with_tests() {
        let dir = tempfile::tempdir().unwrap();
        let hash = || Fingerprint::default().tree(dir.path()).unwrap().finish();
        write(&dir.path().join("src/a.rs"), "1").unwrap();
        let first = hash();
        write(&dir.path().join("tests/t.rs"), "x").unwrap();
        write(&dir.path().join(".hidden"), "x").unwrap();
        assert_eq!(hash(), first);
        write(&dir.path().join("src/a.rs"), "2").unwrap();
        let second = hash();
        assert_ne!(second, first);
        fs::rename(dir.path().join("src/a.rs"), dir.path().join("src/b.rs")).unwrap();
        assert_ne!(hash(), second);
    }

    #[test]
    fn a_stamp_is_fresh_for_its_content_only() {
        let dir = tempfile::tempdir().unwrap();
        let stamp = dir.path().join("deep/stamp");
        assert!(!is_fresh(&stamp, "abc"));
        write(&stamp, "abc\n").unwrap();
        assert!(is_fresh(&stamp, "abc"));
        assert!(!is_fresh(&stamp, "abcd"));
    }

    #[test]
    fn the_hash_of_a_file_is_the_published_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        assert_eq!(sha256(&path).unwrap(), None);
        fs::write(&path, "abc").unwrap();
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&path).unwrap().as_deref(), Some(expected));
    }
}
