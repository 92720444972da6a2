//! Writes a file that is replaced only when the new one is complete.
//!
//! Not here: what is written (`optim/checkpoint.rs`, `train/best_weights.rs`, `train/history_csv.rs`,
//! `plot/show.rs`, `check/score.rs`).

use std::io;
use std::path::Path;

use crate::{Error, Result};

/// Lets `write` fill `PATH.part`, then gives it the name `path`; after a failure nothing of it is left.
///
/// # Errors
/// The file cannot be written or renamed; the file that was there stays.
pub(crate) fn replace(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> Result<()> {
    let part = path.with_added_extension("part");
    let written = write(&part).and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        std::fs::remove_file(&part).ok();
    }
    written.map_err(|source| Error::File { path: path.into(), source })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_failure_leaves_the_old_file_and_no_other() {
        let dir = std::env::temp_dir().join(format!("lab-replace-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("a.csv");
        replace(&path, |part| std::fs::write(part, "old")).unwrap();
        let error = replace(&path, |part| {
            std::fs::write(part, "ne")?;
            Err(io::Error::other("диск заполнен"))
        });
        assert!(error.unwrap_err().to_string().contains("диск заполнен"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        replace(&path, |part| std::fs::write(part, "new")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1);
        std::fs::remove_dir_all(dir).unwrap();
    }
}
