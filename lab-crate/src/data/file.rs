//! Where data files lie, and the check that a file is the one we know.
//!
//! Not here: bringing the files (`cargo lab data`), reading their rows (`california.rs`, `boston.rs`).

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// The environment variable that names the data directory.
const VARIABLE: &str = "LAB_DATA";

/// What is known of a data file. All numbers are those of the published file.
pub(crate) struct DataFile {
    /// The name of the set for the student.
    pub(crate) title: &'static str,
    /// The path below the data directory.
    pub(crate) path: &'static str,
    /// The size in bytes.
    pub(crate) size: u64,
    /// SHA-256 in lower-case hexadecimal digits.
    pub(crate) sha256: &'static str,
}

impl DataFile {
    /// The verified text of the file below `directory`; `None` when there is no such file.
    ///
    /// # Errors
    /// As for [`DataFile::read_bytes`], or the file is not UTF-8.
    pub(crate) fn read(&self, directory: &Path) -> Result<Option<String>> {
        let Some(bytes) = self.read_bytes(directory)? else { return Ok(None) };
        String::from_utf8(bytes).map(Some).map_err(|_| {
            let path = directory.join(self.path);
            Error::Data(format!("{}: файл «{}» не текст в UTF-8", self.title, path.display()))
        })
    }

    /// The verified bytes of the file below `directory`; `None` when there is no such file.
    ///
    /// # Errors
    /// The file cannot be read, or is not the known one.
    pub(crate) fn read_bytes(&self, directory: &Path) -> Result<Option<Vec<u8>>> {
        let path = directory.join(self.path);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::File { path, source }),
        };
        self.verify(&bytes, &path)?;
        Ok(Some(bytes))
    }

    /// Compares the size and the hash with the known ones.
    fn verify(&self, bytes: &[u8], path: &Path) -> Result<()> {
        let found = hex(&Sha256::digest(bytes));
        if bytes.len() as u64 == self.size && found == self.sha256 {
            return Ok(());
        }
        Err(Error::Data(format!(
            "{}: файл «{}» повреждён или это другой файл.\n  \
             найдено:   {} байт, SHA-256 {found}\n  \
             ожидалось: {} байт, SHA-256 {}\n\
             Удалите его и выполните в терминале: cargo lab data",
            self.title,
            path.display(),
            bytes.len(),
            self.size,
            self.sha256
        )))
    }
}

/// The data directory: `LAB_DATA`, else the first `data/cache` on the way from the current directory up.
/// Where there is none, a path that does not exist, so that every file counts as missing.
pub(crate) fn directory() -> PathBuf {
    if let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        return PathBuf::from(path);
    }
    let here = std::env::current_dir().unwrap_or_default();
    above(&here).unwrap_or_else(|| here.join("data").join("cache"))
}

/// The first `data/cache` in `start` or above it.
fn above(start: &Path) -> Option<PathBuf> {
    start.ancestors().map(|dir| dir.join("data").join("cache")).find(|dir| dir.is_dir())
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ABC: DataFile = DataFile {
        title: "Проба",
        path: "abc.txt",
        size: 3,
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("lab-file-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn the_known_file_is_read_and_a_missing_one_is_none() {
        let folder = folder("known");
        assert!(ABC.read(&folder).unwrap().is_none());
        std::fs::write(folder.join("abc.txt"), "abc").unwrap();
        assert_eq!(ABC.read(&folder).unwrap().unwrap(), "abc");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn another_file_is_refused_with_both_hashes_and_the_remedy() {
        let folder = folder("other");
        std::fs::write(folder.join("abc.txt"), "abd").unwrap();
        let error = ABC.read(&folder).unwrap_err().to_string();
        assert!(error.contains("найдено:   3 байт, SHA-256 a52d159f"), "{error}");
        assert!(error.contains("ожидалось: 3 байт, SHA-256 ba7816bf"), "{error}");
        assert!(error.ends_with("cargo lab data"), "{error}");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_cache_is_found_from_a_folder_below_it() {
        let root = folder("above");
        std::fs::create_dir_all(root.join("data/cache")).unwrap();
        std::fs::create_dir_all(root.join("notebooks/01")).unwrap();
        assert_eq!(above(&root.join("notebooks/01")).unwrap(), root.join("data").join("cache"));
        std::fs::remove_dir_all(root).unwrap();
    }
}
